"""assay freeze, promote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.cli.gold import warn_of_gold
from sync.cli.root import App, project_option, with_app
from sync.cli.show import Progress

if TYPE_CHECKING:
    from sync.freeze import Frozen
    from sync.generator import Generator
    from sync.store import Store


def generator_of(app: App) -> Generator:
    """The team's generator: ASSAY_GENERATOR_URL, else Assay's own backend."""
    from sync.generator import Generator

    settings = app.settings
    if settings.generator_url:
        password = settings.generator_password.get_secret_value()
        return Generator(settings.generator_url, settings.generator_user, password)
    return Generator(
        settings.backend_url, settings.backend_user, settings.require("backend_password")
    )


@click.command()
@project_option
@click.option(
    "--batch",
    default="default",
    show_default=True,
    help='The batch: tasks whose data has this value in "batch".',
)
@with_app
def freeze(app: App, project: int | None, batch: str) -> None:
    """Close a batch: candidates, sample, order and policy are fixed from now on.

    Pulls first, asks the generator for a candidate of every task, draws the validation sample,
    imports the candidates of all but blind and gold tasks, and opens the tab
    "Assay · validate BATCH". A freeze that was cut off is completed by running it again.
    """
    import secrets

    from sync.freeze import freeze as use_case
    from sync.freeze import resume
    from sync.pull import connected
    from sync.worker.once import utc_now

    project_id = app.project_id(project)
    progress = Progress()
    with app.writing(project_id) as store:
        app.pull(project_id, store)
        found = connected(store, project_id)
        cut_off = store.batch(project_id, batch)
        if cut_off is not None and not cut_off.complete:
            field = app.settings.queue_field
            resume(app.server, store, found, cut_off, queue_field=field, progress=progress)
            click.echo(f"batch {batch!r}: the freeze that was cut off is complete now")
            return
    with generator_of(app) as generator:
        frozen = use_case(
            app.server,
            app.store,
            generator,
            found,
            batch,
            app.settings.policy,
            queue_field=app.settings.queue_field,
            key=secrets.token_hex(32),
            now=utc_now(),
            progress=progress,
            writing=lambda: _fresh(app, project_id),
        )
    progress.close()
    _tell(frozen)
    warn_of_gold(len(app.store.gold(project_id)), app.settings.policy)


@contextmanager
def _fresh(app: App, project_id: int) -> Iterator[Store]:
    """The store for closing a batch, with what happened while the generator worked."""
    from sync.lease import LONG_PATIENCE

    with app.writing(project_id, LONG_PATIENCE) as store:
        app.pull(project_id, store)
        yield store


def _tell(frozen: Frozen) -> None:
    batch = frozen.batch.name
    click.echo(
        f"batch {batch!r} is frozen: {frozen.tasks} tasks, {frozen.batch.population} of them "
        f"judged, {frozen.gold} gold, {frozen.labelled} labelled before, "
        f"{frozen.without_candidate} without candidate"
    )
    for reason, count in frozen.reasons[:3]:
        click.echo(f"  {count} without candidate: {reason}")
    click.echo(
        f"  queue: {frozen.blind} blind and {frozen.shown} shown tasks, in the tab "
        f'"Assay · validate {batch}" › Label Tasks As Displayed'
    )
    if frozen.batch.queue_length >= frozen.batch.population and not frozen.labelled:
        click.echo(
            f"  warning: all {frozen.batch.population} judged tasks are asked for and evaluate, so "
            "nothing will be left to promote: freeze a larger batch, or lower sample.size"
        )


@click.command()
@project_option
@click.option("--batch", default="default", show_default=True, help="A batch that has passed.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; default BATCH.jsonl.",
)
@with_app
def promote(app: App, project: int | None, batch: str, output: Path | None) -> None:
    """Export a batch that has passed: labels as JSON lines, and a manifest.

    Refuses any other batch. Validation and gold tasks stay out, since they evaluate, and so do
    tasks that say nearly the same as one of them.
    """
    from importlib.metadata import version

    from sync.promote import promote as use_case
    from sync.promote import told
    from sync.pull import connected
    from sync.worker.once import utc_now

    found = connected(app.store, app.project_id(project))
    # All of it is read from one state of the mirror: no pass may come in between.
    with app.writing(found.project_id) as store:
        done = use_case(
            store,
            found,
            batch,
            output or Path(f"{batch}.jsonl"),
            version("label-studio-assay"),
            utc_now(),
        )
    click.echo(
        f"{done.rows} labels in {done.labels} ({done.human} by people, {done.rows - done.human} "
        f"candidates), account in {done.manifest}"
    )
    if done.left_out:
        click.echo(f"tasks left out: {told(done.left_out)}")
