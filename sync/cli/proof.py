"""assay store check, rebuild."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sync.cli.root import App, project_option, with_app
from sync.cli.show import Progress, table

if TYPE_CHECKING:
    from sync.pull import Difference

#: Differences that a person is shown; --json has them all.
SHOWN = 50
#: How often tasks are looked at that people may be changing meanwhile.
LOOKS = 3


@click.command()
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print every difference as JSON.")
@with_app
def check(app: App, project: int | None, as_json: bool) -> None:
    """Pull, then compare everything that Assay holds of a project with Label Studio.

    Exits with 0 where both are equal, with 1 where they differ. What people change meanwhile
    is pulled and looked at again before it is told.
    """
    project_id = app.project_id(project)
    app.pull(project_id)
    found = _compared(app, project_id)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
    elif found:
        _tell(found)
    else:
        click.echo(f"project {project_id}: Assay holds what Label Studio holds")
    sys.exit(1 if found else 0)


def _compared(app: App, project_id: int) -> list[Difference]:
    from sync.pull import differences

    progress = Progress()
    found = differences(
        app.server,
        app.store,
        project_id,
        app.fields,
        progress=lambda tasks: progress.count("tasks compared", tasks),
    )
    progress.close()
    for _ in range(LOOKS):
        if not found:
            break
        tasks = {one.task for one in found if one.task is not None}
        app.pull(project_id)
        found = differences(app.server, app.store, project_id, app.fields, only=tasks)
    return found


def _tell(found: list[Difference]) -> None:
    rows = [
        [
            one.kind,
            one.task or "–",
            one.annotation or "–",
            one.field,
            _shown(one.mirror),
            _shown(one.label_studio),
        ]
        for one in found[:SHOWN]
    ]
    header = ["what", "task", "annotation", "field", "Assay", "Label Studio"]
    click.echo(table(header, rows))
    more = len(found) - len(rows)
    click.echo(
        f"{len(found)} differences"
        + (f", {more} of them not shown (--json has all)" if more else "")
        + "; assay store rebuild reads everything again"
    )


def _shown(text: str) -> str:
    plain = "".join(c if c.isprintable() else "�" for c in text)
    return plain if len(plain) <= 24 else plain[:23] + "…"


@click.command()
@project_option
@with_app
def rebuild(app: App, project: int | None) -> None:
    """Read everything again from Label Studio.

    Histories, first submissions and marks of what was deleted stay. If it is stopped, the next
    pull goes on where it was.
    """
    from sync.pull import rebuild as forget

    project_id = app.project_id(project)
    with app.writing(project_id) as store:
        forget(store, project_id)
        pulled = app.pull(project_id, store)
    click.echo(f"{pulled.tasks} tasks read, {pulled.deleted} deleted")
