"""assay start."""

from __future__ import annotations

from importlib.resources import files

import click

from sync.cli.root import App, with_app


@click.command()
@click.argument("scenario", required=False)
@click.option("--title", default="", help="Of the project; default: what the scenario is called.")
@click.option("--list", "listed", is_flag=True, help="Only list the scenarios.")
@click.option("--show", "shown", is_flag=True, help="Only print the scenario's label config.")
@with_app
def start(app: App, scenario: str | None, title: str, listed: bool, shown: bool) -> None:
    """Start a project from a SCENARIO; without one, list those that there are.

    Makes the project on Label Studio, with label config, instructions and three example tasks, and
    writes the scenario's policy to assay.toml in the working directory (or where ASSAY_CONFIG
    says) and its rules beside it. Files that are there stay as they are.
    """
    import label_configs

    if listed or scenario is None:
        click.echo(_list())
    elif shown:
        click.echo(label_configs.load(scenario), nl=False)
    else:
        click.echo(_start(app, scenario, title))


def _list() -> str:
    import label_configs
    from sync.cli.show import table

    found = [label_configs.scenario(name) for name in label_configs.names()]
    rows = [(one.name, one.summary) for one in found]
    return f"{table(('scenario', 'what is labelled'), rows)}\n\nStart with: assay start SCENARIO"


def _start(app: App, name: str, title: str) -> str:
    import label_configs
    from sync.start import start as use_case

    scenario = label_configs.scenario(name)
    done = use_case(app.server, scenario, app.settings.config, title)
    address = f"{app.settings.label_studio_url}/projects/{done.project_id}/data"
    lines = [f"project {done.project_id} ({title or scenario.title}) with {done.tasks} examples"]
    lines += [f"  {address}"]
    lines += [f"{path}: written; read it, its thresholds are yours" for path in done.written]
    lines += [
        f"{path}: yours stays; the scenario's is in {files('label_configs') / name}, and an engine "
        f"for this project alone goes into a table [project.{done.project_id}.engine]"
        for path in done.kept
    ]
    return "\n".join(
        [*lines, f"Next: import your tasks, then assay connect --project {done.project_id}"]
    )
