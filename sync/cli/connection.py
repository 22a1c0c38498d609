"""assay doctor, connect, disconnect."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sync.cli.root import USAGE, App, project_option, with_app
from sync.cli.show import wrapped

if TYPE_CHECKING:
    from sync.doctor import Parts
    from sync.records import Project


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
@with_app
def doctor(app: App, as_json: bool) -> None:
    """Check all that Assay needs, and say what to do where something is wrong.

    Settings, policy, store, disk, clocks, the backend and its engines, Label Studio with its key
    and what it permits, and of each connected project the rights, the ML backend, the webhook and
    the worker. Makes a temporary project in Label Studio, and removes it.

    Exits with 2 if anything is wrong; warnings do not count. docs/doctor.schema.json describes the
    JSON.
    """
    from sync.doctor import State, examine

    found = []
    for finding in examine(_parts(app)):
        found.append(finding)
        if not as_json:
            mark = {State.OK: "ok     ", State.WARNING: "warning", State.WRONG: "WRONG  "}
            text = f"{finding.what}: {finding.detail}"
            click.echo("\n".join(wrapped(text, f"{mark[finding.state]} ", " " * 8)))
    wrong = sum(finding.state is State.WRONG for finding in found)
    if as_json:
        told = {"ok": not wrong, "findings": [asdict(finding) for finding in found]}
        click.echo(json.dumps(told, indent=1))
    elif not wrong:
        click.echo("Everything that Assay needs is there.")
    if wrong:
        sys.exit(USAGE)


def _parts(app: App) -> Parts:
    from sync.cli.asks import Backend
    from sync.cli.batches import generator_of
    from sync.doctor import Parts
    from sync.labelstudio import LabelStudio
    from sync.worker.once import utc_now

    def server() -> LabelStudio:
        # Who looks wants to know now, so nothing is waited for between two tries.
        if "server" not in app.__dict__:
            key = app.settings.require("label_studio_api_key")
            url = app.settings.label_studio_url
            app.__dict__["server"] = LabelStudio(url, key, sleep=lambda seconds: None)
        return app.server

    def engine(project: Project) -> str:
        with generator_of(app) as generator:
            return generator.problem(project, f"{project.project_id}.0")

    return Parts(
        settings=lambda: app.settings,
        store=lambda: app.store,
        server=server,
        backend=lambda: Backend(app.settings).ask("GET", "/versions"),
        engine=engine,
        now=utc_now,
    )


@click.command()
@project_option
@click.option("--take-over", is_flag=True, help="Even where another store of Assay is connected.")
@with_app
def connect(app: App, project: int | None, take_over: bool) -> None:
    """Connect Assay to a Label Studio project: its ML backend, its webhook, its mirror.

    The ML backend must be running. Can be repeated; nothing is doubled. A project that another
    store of Assay is connected to is refused.
    """
    from sync.connect import connect as use_case

    project_id = app.project_id(project)
    with app.writing(project_id) as store:
        found = use_case(app.server, store, app.settings, project_id, take_over=take_over)
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
    with app.writing(found.project_id) as store:
        restore(app.server, found)
        use_case(app.server, store, app.settings, found)
    click.echo(f"disconnected from project {found.project_id} ({found.title})")
