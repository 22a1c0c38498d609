"""assay train, models."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sync.cli.jobs import awaited, queued
from sync.cli.root import App, project_option, with_app
from sync.cli.show import table
from sync.errors import Fatal

if TYPE_CHECKING:
    from sync.cli.asks import Backend
    from sync.records import Json

#: Seconds between two looks at a training, and seconds after which one must have begun.
_PAUSE, _PATIENCE = 0.5, 60.0
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@project_option
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for its end.")
@_json_option
@with_app
def train(app: App, project: int | None, wait: bool, as_json: bool) -> None:
    """Train the next version on what people have labelled, outside validation and gold.

    Pulls first. Predictions go on from the version in use; a new one that does worse on held-out
    tasks is kept and not used.
    """
    from sync.cli.asks import Backend

    project_id = app.project_id(project)
    if app.settings.redis_url.get_secret_value():
        _train_by_worker(app, project_id, wait, as_json)
        return
    backend = Backend(app.settings)
    app.pull(project_id)
    _refuse_too_few(app, project_id)
    asked = backend.ask("POST", "/train", json={"project": project_id})["requested"]
    if not wait:
        click.echo(json.dumps({"requested": asked}) if as_json else "the training is asked for")
        return
    status = _ended(backend, project_id, datetime.fromisoformat(asked))
    if status["state"] != "done":
        raise Fatal(
            f"project {project_id} was not trained: {status.get('reason')} (the log of the backend "
            "says more)"
        )
    click.echo(json.dumps(status, indent=1) if as_json else sentence(status))


def _refuse_too_few(app: App, project_id: int) -> None:
    """What the pull tells already need not be waited for."""
    from sync.settings import FEWEST_EXAMPLES

    found = app.store.count_training_annotations(project_id)
    if found < FEWEST_EXAMPLES:
        raise Fatal(
            f"{found} annotations of project {project_id} may be learned from, since validation "
            f"tasks, gold and skips are left out: have at least {FEWEST_EXAMPLES} other tasks "
            "labelled first"
        )


def _train_by_worker(app: App, project_id: int, wait: bool, as_json: bool) -> None:
    """Train by a job."""
    app.pull(project_id)
    _refuse_too_few(app, project_id)
    job = queued(app, "train", project_id, quiet=as_json)
    if wait:
        status = (awaited(app, job).result or {})["output"]
        click.echo(json.dumps(status, indent=1) if as_json else sentence(status))
    elif as_json:
        click.echo(json.dumps({"requested": job.queued_at.isoformat(), "job": job.job_id}))


def _ended(backend: Backend, project_id: int, asked: datetime) -> Json:
    """The status of the training that began after it was asked for, when it has ended.

    Raises:
        Fatal: none begins.
    """
    from sync.cli.show import Progress

    progress, started = Progress(), time.monotonic()
    try:
        while True:
            status = backend.ask("GET", "/status", params={"project": project_id})
            waited = time.monotonic() - started
            if status["state"] == "running":
                # A training that ran before has to end first.
                started = time.monotonic() if _before(status, asked) else started
                progress.count("training, seconds", int(waited))
            elif not _before(status, asked):
                return status
            elif waited > _PATIENCE:
                raise Fatal("the training did not begin: the log of the backend says why")
            time.sleep(_PAUSE)
    finally:
        progress.close()


def _before(status: Json, asked: datetime) -> bool:
    """Whether it tells of an earlier training."""
    told = status.get("started") or status.get("ended")
    return told is None or datetime.fromisoformat(told) < asked


def sentence(status: Json) -> str:
    """What a training came to."""
    held_out = status["held_out"]
    score = "no held-out score yet"
    if held_out["score"] is not None:
        score = f"held-out score {_score(held_out)} on {held_out['tasks']} tasks"
    became = "in use from now on" if status["promoted"] else "kept and not used"
    end = "" if status["promoted"] else f"; assay models use {status['version']} uses it anyway"
    return (
        f"{status['version']}: learned from {status['examples']} tasks, {score}, {became} "
        f"({status['decision']}){end}"
    )


def _score(held_out: Json) -> str:
    return f"{held_out['score']:.3f} ({held_out['lower']:.3f}–{held_out['upper']:.3f})"


@click.group()
def models() -> None:
    """Look at the trained versions of a project, choose which one answers, remove old ones."""


@models.command("list")
@project_option
@_json_option
@with_app
def list_(app: App, project: int | None, as_json: bool) -> None:
    """Show the versions, newest first, and how they do on held-out tasks."""
    from sync.cli.asks import Backend

    params = {"project": app.project_id(project)}
    found = Backend(app.settings).ask("GET", "/models", params=params)["models"]
    if as_json:
        click.echo(json.dumps(found, indent=1))
    elif found:
        header = ["version", "in use", "trained", "tasks", "held-out score", "calibration", "why"]
        click.echo(table(header, [_row(model) for model in found]))
    else:
        click.echo("no version yet: assay train makes the first")


def _row(model: Json) -> list[object]:
    held_out = model.get("held_out") or {}
    known = held_out.get("score") is not None
    error: Any = held_out.get("calibration_error")
    mark = "yes" if model["current"] else "frozen" if model["frozen"] else ""
    return [
        model["version"],
        mark,
        str(model.get("trained_at", "–"))[:16].replace("T", " "),
        model.get("examples", "–"),
        _score(held_out) if known else "–",
        "–" if error is None else f"{error:.3f}",
        ("" if model.get("promoted", True) else "kept: ") + str(model.get("decision", "")),
    ]


@models.command()
@click.argument("version")
@project_option
@with_app
def use(app: App, version: str, project: int | None) -> None:
    """Let VERSION answer from now on: also the way back to an older one."""
    from sync.cli.asks import Backend

    body = {"project": app.project_id(project), "version": version}
    Backend(app.settings).ask("POST", "/models/use", json=body)
    click.echo(f"{version} answers from now on; frozen batches keep their candidates")


@models.command()
@click.argument("version")
@project_option
@click.option("--force", is_flag=True, help="Even if the candidates of a frozen batch are its own.")
@with_app
def rm(app: App, version: str, project: int | None, force: bool) -> None:
    """Delete VERSION; the one in use is never deleted."""
    from sync.cli.asks import Backend

    params = {"project": app.project_id(project), "force": "true" if force else "false"}
    Backend(app.settings).ask("DELETE", f"/models/{version}", params=params)
    click.echo(f"{version} is deleted")
