"""assay prefill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sync.cli.batches import generator_of
from sync.cli.jobs import queued
from sync.cli.root import App, project_option, with_app
from sync.cli.show import Progress

if TYPE_CHECKING:
    from sync.prefill import Prefilled


def _where(ctx: click.Context, option: click.Parameter, value: str | None) -> object:
    if value is None:
        return None
    field, found, wanted = value.partition("=")
    if not found or not field:
        raise click.BadParameter(f"{value!r} is not of the form FIELD=VALUE", ctx, option)
    return field, wanted


@click.command()
@project_option
@click.option("--batch", help='Only tasks of this batch; default all. "default": those without.')
@click.option(
    "--where",
    metavar="FIELD=VALUE",
    callback=_where,
    help="Only tasks whose data has this value in this field.",
)
@click.option("--background", is_flag=True, help="As a job of assay worker.")
@with_app
def prefill(
    app: App,
    project: int | None,
    batch: str | None,
    where: tuple[str, str] | None,
    background: bool,
) -> None:
    """Pre-fill tasks without judging them: they can never be judged blind.

    For teams that only want pre-labels, and for tasks that no batch will be decided on. A batch
    that is to be judged is pre-filled by its freeze instead. Tasks of frozen batches, gold,
    labelled tasks and those that hold a prediction are left alone, so that a run that was cut
    off is completed by running it again. Exit code 1: there was a candidate for none of them.
    """
    from sync.lease import LONG_PATIENCE
    from sync.prefill import prefill as use_case
    from sync.pull import connected

    project_id = app.project_id(project)
    if background:
        arguments = {"batch": batch, "where": None if where is None else "=".join(where)}
        queued(app, "prefill", project_id, {k: v for k, v in arguments.items() if v is not None})
        return
    app.pull(project_id)
    progress = Progress()
    try:
        with generator_of(app) as generator:
            done = use_case(
                app.server,
                app.store,
                generator,
                connected(app.store, project_id),
                batch=batch,
                where=where,
                progress=progress,
                writing=lambda: app.writing(project_id, LONG_PATIENCE),
            )
    finally:
        progress.close()
    _tell(done)
    if done.reasons and not done.placed:
        raise SystemExit(1)


def _tell(done: Prefilled) -> None:
    left = (
        (done.predicted, "hold a prediction"),
        (done.labelled, "are labelled"),
        (done.frozen, "belong to frozen batches"),
        (done.gold, "are gold"),
    )
    alone = ", ".join(f"{count} {why}" for count, why in left if count)
    versions = ", ".join(f"{name or 'no version'} ({count})" for name, count in done.versions[:3])
    click.echo(
        f"{done.placed} of {done.tasks} tasks pre-filled"
        + (f" by {versions}" if versions else "")
        + (f"; left alone: {alone}" if alone else "")
    )
    for reason, count in done.reasons[:3]:
        click.echo(f"  {count} without candidate: {reason}")
    if done.placed:
        click.echo("  people see these candidates, so no freeze can judge these tasks blind")
