"""assay worker, jobs."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.cli.root import App, with_app
from sync.cli.service import service
from sync.cli.show import Progress, table
from sync.errors import ConfigurationError, Fatal

if TYPE_CHECKING:
    from sync.records import Json
    from sync.store import Store
    from sync.store.jobs import Job

#: Jobs shown unless all are asked for.
_SHOWN = 20
#: Seconds between two looks at a job, and without any worker after which one is missed.
_PAUSE, _PATIENCE = 0.5, 60.0
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@with_app
def worker(app: App) -> None:
    """Do the jobs that wait, for ever: trainings, pre-fills, audits; Ctrl-C or SIGTERM stops.

    Any number of workers share the jobs of a store, one job at a time each; they need the same
    settings and the same ASSAY_HOME. With ASSAY_REDIS_URL they are woken at once, and trainings
    that Label Studio or `assay train` ask for are jobs too.
    """
    import signal
    import threading

    from sync.jobs.bell import Bell
    from sync.jobs.runner import Runner
    from sync.jobs.serve import serve

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with service(app, "jobs") as served:
        runner = Runner(store=app.store, stop=stop, in_json=not served.aloud)
        served.say("waiting for jobs; Ctrl-C stops")
        serve(runner, Bell.of(app.settings))
        served.say("stopped")


@click.group()
def jobs() -> None:
    """Look at the jobs of `assay worker`, and cancel them."""


@jobs.command("list")
@click.option("--project", type=int, metavar="ID", help="Only those of this project.")
@click.option("--all", "everything", is_flag=True, help=f"All; else the newest {_SHOWN}.")
@_json_option
@with_app
def list_(app: App, project: int | None, everything: bool, as_json: bool) -> None:
    """Show the jobs, newest first; those that ended are kept for 30 days."""
    found = app.store.jobs(project, most=1_000_000 if everything else _SHOWN)
    if as_json:
        click.echo(json.dumps([as_dict(job) for job in found], indent=1))
    elif found:
        header = ["job", "state", "attempts", "queued", "seconds", "what came of it"]
        click.echo(table(header, [_row(job) for job in found]))
    else:
        click.echo("no job yet")


@jobs.command()
@click.argument("job_id", metavar="JOB")
@_json_option
@with_app
def show(app: App, job_id: str, as_json: bool) -> None:
    """Show a job, and all that it printed."""
    job = _known(app, app.store.job(job_id))
    if as_json:
        click.echo(json.dumps(as_dict(job), indent=1))
        return
    rows = [(name, _plain(value)) for name, value in as_dict(job).items() if name != "result"]
    click.echo(table(["job", job.job_id], rows[1:]))
    if job.result is not None:
        output = job.result.get("output")
        click.echo(output if isinstance(output, str) else json.dumps(output, indent=1))


@jobs.command()
@click.argument("job_id", metavar="JOB")
@with_app
def cancel(app: App, job_id: str) -> None:
    """End a job: at once while it waits, within seconds while it runs.

    What it has done stays: candidates that are placed, models that are published.
    """
    job = _known(app, app.store.cancel_job(job_id, app.store.clock()))
    if job.state == "running":
        click.echo(f"{job_id} runs: its worker ends it within seconds")
    else:
        click.echo(f"{job_id} is {job.state}")


def queued(
    app: App, kind: str, project_id: int, arguments: Json | None = None, *, quiet: bool = False
) -> Job:
    """Queue a job and, unless `quiet`, say so."""
    from sync.jobs.bell import enqueue

    job = enqueue(app.settings, app.store, kind, project_id, arguments)
    if not quiet:
        click.echo(f"job {job.job_id} is queued for assay worker: assay jobs show {job.job_id}")
    return job


def awaited(app: App, job: Job) -> Job:
    """The job when it has ended.

    Raises:
        Fatal: no worker takes it, or it is not done.
    """
    from sync.store.jobs import JobState

    progress, started = Progress(), time.monotonic()
    try:
        while True:
            job = _known(app, app.store.job(job.job_id))
            if job.state not in ("queued", "running"):
                break
            waited = time.monotonic() - started
            progress.count(f"{job.state}, seconds", int(waited))
            if waited > _PATIENCE and _missed(app.store, job):
                raise Fatal(f"no worker takes job {job.job_id}, which waits: start assay worker")
            time.sleep(_PAUSE)
    finally:
        progress.close()
    if job.state is not JobState.DONE:
        raise Fatal(f"job {job.job_id} is {job.state}: {job.error or 'assay jobs cancel ended it'}")
    return job


def _missed(store: Store, job: Job) -> bool:
    """Whether the job could run for a while, and no worker is seen that is busy with another."""
    from sync.store.jobs import JobState

    now = store.clock()
    free = job.queued_at if job.state is JobState.QUEUED else job.until
    if free is None or (now - free).total_seconds() <= _PATIENCE:
        return False
    running = store.jobs(states=[JobState.RUNNING], results=False)
    return not any(one.until and one.until > now for one in running)


def file_there(path: Path | None) -> str | None:
    """A file's full name, as a worker can open it.

    Raises:
        ConfigurationError: it is not there.
    """
    if path is not None and not path.is_file():
        raise ConfigurationError(f"{path} is no file: name one that is there")
    return None if path is None else str(path.resolve())


def as_dict(job: Job) -> Json:
    """JSON-ready."""
    found = asdict(job)
    times = ("queued_at", "started_at", "ended_at", "until")
    return found | {name: found[name] and found[name].isoformat() for name in times}


def _known(app: App, job: Job | None) -> Job:
    if job is None:
        raise ConfigurationError("there is no such job: assay jobs list shows those there are")
    return job


def _plain(value: object) -> object:
    if value in (None, "", {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value) if isinstance(value, dict) else value


def _row(job: Job) -> list[object]:
    took = "–"
    if job.started_at and job.ended_at:
        took = f"{(job.ended_at - job.started_at).total_seconds():.1f}"
    when = f"{job.queued_at:%Y-%m-%d %H:%M:%S}"
    return [job.job_id, job.state, job.attempts, when, took, _came_of_it(job)]


def _came_of_it(job: Job) -> str:
    if job.result is None:
        again = "tried again: " if job.error and job.state == "queued" else ""
        return again + job.error
    output = job.result.get("output")
    if isinstance(output, dict):
        return _trained(output) if "promoted" in output else str(output.get("decision", ""))
    return str(output).partition("\n")[0]


def _trained(account: Json) -> str:
    became = "was put into use" if account["promoted"] else "kept and not used"
    learned = f"{account['version']}: learned from {account['examples']} tasks"
    return f"{learned}, {became} ({account['decision']})"
