"""assay doctor, connect, disconnect."""

from __future__ import annotations

import sys

import click

from sync.cli.root import USAGE, App, project_option, with_app


@click.command()
@with_app
def doctor(app: App) -> None:
    """Check the settings, the store, Label Studio, the backend and its engines.

    Makes a temporary project in Label Studio to see what the server permits, and removes it.
    """
    from sync.connect import examine

    wrong = 0
    for finding in examine(app.settings, lambda: app.server, lambda: app.store):
        click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.what}: {finding.detail}")
        wrong += not finding.ok
    if not wrong:
        wrong = _engines(app)
    if wrong:
        sys.exit(USAGE)
    click.echo("Everything that Assay needs is there.")


def _engines(app: App) -> int:
    """Say how the engine of each connected project stands; how many cannot work."""
    from sync.cli.batches import generator_of

    wrong = 0
    with generator_of(app) as generator:
        for project in app.store.projects():
            problem = generator.problem(project, f"{project.project_id}.0")
            state = "WRONG" if problem else "ok   "
            click.echo(f"{state} candidates of project {project.project_id}: {problem or 'ready'}")
            wrong += bool(problem)
    return wrong


@click.command()
@project_option
@with_app
def connect(app: App, project: int | None) -> None:
    """Connect Assay to a Label Studio project: its ML backend, its webhook, its mirror.

    The ML backend must be running. Can be repeated; nothing is doubled.
    """
    from sync.connect import connect as use_case

    found = use_case(app.server, app.store, app.settings, app.project_id(project))
    click.echo(
        f"connected to project {found.project_id} ({found.title}); predictions stand under "
        f"{found.model_version!r}. Next: assay gold add, then assay freeze"
    )


@click.command()
@project_option
@with_app
def disconnect(app: App, project: int | None) -> None:
    """Take Assay's tags, colour, tabs, backend and webhook off a project.

    The card gets back the text and the colour that it had. What Assay knows of the project's
    batches stays in its store.
    """
    from sync.connect import disconnect as use_case
    from sync.pull import connected
    from sync.push import restore

    found = connected(app.store, app.project_id(project))
    restore(app.server, found)
    use_case(app.server, app.store, app.settings, found)
    click.echo(f"disconnected from project {found.project_id} ({found.title})")
