"""assay audit."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.cli.jobs import file_there, queued
from sync.cli.root import HOLD, MORE, App
from sync.cli.show import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.gating.policy import GatePolicy
    from sync.records import Json

_FILE = click.Path(dir_okay=False, path_type=Path)
_MEGABYTE = 1_000_000


@click.command()
@click.argument("export", type=_FILE, metavar="EXPORT.json")
@click.option("--gold", "gold_file", type=_FILE, help="Known answers, as for assay gold add.")
@click.option("--config", "config_file", type=_FILE, help="The label config; else inferred.")
@click.option("--policy", "policy_file", type=_FILE, help="Default: ./assay.toml, if it is there.")
@click.option("--model-version", help="Predictions to judge; default those of the newest version.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--background", is_flag=True, help="As a job of assay worker, which has the files.")
def audit(
    export: Path,
    gold_file: Path | None,
    config_file: Path | None,
    policy_file: Path | None,
    model_version: str | None,
    as_json: bool,
    background: bool,
) -> None:
    """Look at the labels of an export: agreement, people, predictions, gold.

    Needs no server and no settings, and writes nothing. EXPORT.json is what Label Studio gives
    under project › Export › JSON. Predictions stand there by their ids only; with their results
    they are in what this saves:

    \b
      curl -H "Authorization: Token $TOKEN" -o export.json \\
        "$LABEL_STUDIO/api/tasks?project=12&fields=all&page_size=100000"

    Then, with known answers as lines of {"task": 17, "result": […]} or
    {"data": {…}, "result": […]}, and the label config of Settings › Labeling Interface › Code:

    \b
      assay audit export.json --gold gold.jsonl --config config.xml

    Answers that people marked as ground truth are gold as well. An export does not say who saw a
    prediction, so this is a look and not the gate's decision. Exits with 0 for PASS, 10 for HOLD,
    11 for MORE.
    """  # noqa: D301 - a backspace tells click to leave a paragraph as it is
    if background:
        files = {"export": export, "gold": gold_file, "config": config_file}
        files["policy"] = _policy_file(policy_file)
        _in_background(files, model_version, as_json)
        return
    from sync.audit import audit as use_case
    from sync.cli.audit_text import text
    from sync.cli.gold import read_items, read_text

    done = use_case(
        export,
        _policy(policy_file),
        gold=read_items(gold_file) if gold_file else (),
        xml=read_text(config_file) if config_file else None,
        model_version=model_version,
        progress=_progress(),
        step=_step(),
    )
    if as_json:
        click.echo(json.dumps(done.to_dict()))
    else:
        click.echo(text(done))
    sys.exit({"PASS": 0, "HOLD": HOLD}.get(done.report.decision.state.value, MORE))


def _policy(file: Path | None) -> GatePolicy:
    from sync.gating.policy import GatePolicy
    from sync.settings import read_policy

    chosen = _policy_file(file)
    return read_policy(chosen) if chosen else GatePolicy()


def _policy_file(file: Path | None) -> Path | None:
    usual = Path("assay.toml")
    return file or (usual if usual.exists() else None)


def _in_background(files: dict[str, Path | None], version: str | None, as_json: bool) -> None:
    given: Json = {name: file_there(path) for name, path in files.items()}
    given |= {"model-version": version, "json": as_json or None}
    app = App()
    try:
        queued(app, "audit", 0, {name: value for name, value in given.items() if value})
    finally:
        app.close()


def _progress() -> Callable[[int, int], None] | None:
    """Megabytes as they are read, on a terminal only."""
    if not sys.stderr.isatty():
        return None
    progress, told = Progress(), [-1]

    def tell(done: int, total: int) -> None:
        if done // _MEGABYTE > told[0]:
            told[0] = done // _MEGABYTE
            progress("megabytes read", told[0], total // _MEGABYTE)

    return tell


def _step() -> Callable[[str], None]:
    return lambda what: click.echo(f"{what} …", err=True) if sys.stderr.isatty() else None
