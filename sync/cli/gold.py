"""assay gold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sync.cli.root import App, project_option, with_app
from sync.errors import ConfigurationError
from sync.records import GoldItem

if TYPE_CHECKING:
    from sync.gating.policy import GatePolicy


@click.group()
def gold() -> None:
    """Known answers: tasks by which people are judged."""


@gold.command()
@project_option
@click.option("--batch", help="Batch of new gold tasks; default the project's batches in turn.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_app
def add(app: App, project: int | None, batch: str | None, file: Path) -> None:
    """Load gold answers from a file of JSON lines and plant them as plain tasks.

    A line names a task that exists, or brings the data of a new one:

    \b
      {"task": 17, "result": [{"from_name": …, "to_name": …, "type": …, "value": …}]}
      {"data": {"text": "…"}, "result": […]}

    The answers stay in Assay's store and never stand in Label Studio. Plant gold before
    freezing the batch, so that it is mixed into the queue from the start.
    """  # noqa: D301 - a backspace tells click to leave a paragraph as it is
    from sync.freeze import plant
    from sync.pull import connected

    items = read_items(file)
    project_id = app.project_id(project)
    with app.writing(project_id) as store:
        app.pull(project_id, store)
        done = plant(
            app.server,
            store,
            connected(store, project_id),
            items,
            batch=batch,
            batch_field=app.settings.batch_field,
            queue_field=app.settings.queue_field,
        )
        app.pull(project_id, store)
    click.echo(
        f"{done.matched} existing tasks are gold now, {done.added} new ones planted; "
        f"{done.total} gold tasks in all"
    )
    warn_of_gold(done.total, app.settings.policy)


def warn_of_gold(tasks: int, policy: GatePolicy) -> None:
    """Say where so many gold tasks cannot suffice, before people begin to answer them."""
    from sync.gating.criteria import gold_lacks

    lacking = gold_lacks(tasks, policy)
    if lacking:
        click.echo(f"  warning: {lacking}")


def read_text(file: Path) -> str:
    """What a file in UTF-8 holds.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror}): name a file that is there and may be read"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is no UTF-8 text: save it as UTF-8") from None


def read_items(file: Path) -> list[GoldItem]:
    """Gold items from JSON lines.

    Raises:
        ConfigurationError: the file cannot be read, or a line is not of the form that
            `assay gold add --help` shows.
    """
    found = []
    # Not splitlines(), which also cuts at characters that JSON strings may hold as they are.
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{file.name} line {number}"
        raw = _object(line, place)
        task, data, result = raw.get("task"), raw.get("data"), raw.get("result")
        if not isinstance(result, list) or not all(isinstance(one, dict) for one in result):
            raise ConfigurationError(
                f'{place}: "result" is missing or not a list of regions: take one as Label Studio '
                "exports it"
            )
        if isinstance(task, int) == isinstance(data, dict):
            raise ConfigurationError(f'{place}: give either "task" (an id) or "data" (an object)')
        found.append(GoldItem(task=task, data=data, result=result, place=place))
    if not found:
        raise ConfigurationError(
            f"{file.name} holds no gold item: write one a line, see assay gold add --help"
        )
    return found


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:  # numbers too long and lists too deep, too
        raise ConfigurationError(f"{place}: no JSON ({error}): write one object a line") from None
    if not isinstance(raw, dict):
        raise ConfigurationError(
            f"{place}: not a JSON object: write one a line, see assay gold add --help"
        )
    return raw
