"""assay status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sync.cli.passes import verdict_table
from sync.cli.root import App, project_option, with_app
from sync.cli.show import table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sync.gating.verdict import Part, Verdict

#: Labels, slices and confusions shown of a batch.
_SHOWN = 5


@click.command()
@project_option
@with_app
def status(app: App, project: int | None) -> None:
    """Show what Assay knows: batches, verdicts, annotators, and what was set aside.

    Reads the store only; nothing is asked of Label Studio.
    """
    from sync.gating.verdict import Verdict
    from sync.pull import connected
    from sync.worker import anchoring

    found = connected(app.store, app.project_id(project))
    project_id = found.project_id
    read = "never" if found.cursor is None else f"{found.cursor:%Y-%m-%d %H:%M:%S} UTC"
    click.echo(
        f"project {project_id} ({found.title}): {len(app.store.task_ids(project_id))} tasks, "
        f"{len(app.store.gold(project_id))} gold, newest change read: {read}"
    )
    rows = {b.name: app.store.verdict(project_id, b.name) for b in app.store.batches(project_id)}
    verdicts = {n: Verdict.from_dict(r["verdict"]) for n, r in rows.items() if r is not None}
    if verdicts:
        click.echo(verdict_table(verdicts))
    for name, row in rows.items():
        click.echo(f"{name}: {verdicts[name].sentence if row else 'frozen, not judged yet'}")
        if row and (beside := verdicts[name].regression) is not None:
            click.echo(f"{name}: {beside.sentence}")
    for batch in app.store.batches(project_id):
        if not batch.complete:
            click.echo(f"{batch.name}: its freeze is not complete; if none runs, freeze it again")
    _parts(verdicts.values())
    _people(verdicts.values())
    for effect in anchoring(app.store, found):
        click.echo(f"{effect.generator}: {effect.sentence}")
    for item in app.store.set_aside(project_id):
        click.echo(f"set aside: {item['kind']} {item['item_id']}: {item['reason']}")
    for verdict in verdicts.values():
        for annotation, reason in verdict.set_aside:
            click.echo(f"set aside: annotation {annotation}: {reason}")


def _parts(verdicts: Collection[Verdict]) -> None:
    """Labels and slices that the policy asks for, and what is confused, worst first."""
    rows = [
        (v.batch, c.name, repr(part.name), part.state if part.judged else "too rare", part.n)
        + (("–", "–") if part.estimate is None else _figures(part))
        for v in verdicts
        for c in v.criteria
        for part in c.parts[:_SHOWN]
    ]
    if rows:
        header = ["batch", "criterion", "part", "state", "tasks", "estimate", "bounds"]
        click.echo(table(header, rows))
    for v in verdicts:
        for c in v.confusions[:_SHOWN]:
            given = "nothing" if c.given is None else repr(c.given)
            proposed = "nothing" if c.proposed is None else repr(c.proposed)
            tasks = ", ".join(str(task) for task in c.tasks)
            click.echo(f"{v.batch}: {proposed} became {given} {c.count}× (tasks {tasks})")


def _figures(part: Part) -> tuple[str, str]:
    return f"{part.estimate:.3f}", f"{part.lower:.3f}–{part.upper:.3f}"


def _people(verdicts: Iterable[Verdict]) -> None:
    """People against gold; the same whatever batch they are seen through, so the longest list."""
    people = max((v.annotators for v in verdicts), key=len, default=())
    if people:
        click.echo(
            table(
                ["annotator", "gold answers", "right", "bounds"],
                [(a.annotator, a.n, a.passed, f"{a.lower:.2f}–{a.upper:.2f}") for a in people],
            )
        )
