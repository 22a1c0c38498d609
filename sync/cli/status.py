"""assay status."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from sync.cli.root import App, project_option, with_app
from sync.cli.show import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.records import Project
    from sync.status import JobStatus, ProjectStatus

#: Set-aside items shown of a project.
_SHOWN = 10


@click.command()
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print all of it as one JSON object.")
@with_app
def status(app: App, project: int | None, as_json: bool) -> None:
    """Show how the worker does with each connected project, and what Assay knows of it.

    Newest change read, counts, verdicts, jobs, what was set aside and why, the last error and what
    to do about it. Of a single project also its labels, slices, confusions and annotators.
    Reads the store only; nothing is asked of Label Studio. docs/status.schema.json describes the
    JSON.
    """
    from sync.clock import utc_now
    from sync.status import loose_jobs
    from sync.status import status as use_case

    now = utc_now()
    chosen = _chosen(app, project)
    found = use_case(app.store, chosen, now, app.settings.poll_seconds)
    loose = loose_jobs(app.store)
    if as_json:
        told = {
            "at": now,
            "projects": [asdict(one) for one in found],
            "jobs": [asdict(job) for job in loose],
        }
        click.echo(json.dumps(told, indent=1, default=datetime.isoformat))
        return
    if not found:
        click.echo("no project is connected: run assay connect --project ID")
    for one in found:
        click.echo("\n".join(_lines(one, now)))
    if loose:
        click.echo("of no project")
        click.echo("\n".join(line for job in loose for line in _line("job", _job(job, now))))
    if len(found) == 1 and found[0].batches:
        # They load the whole gate, which takes a second.
        from sync.cli.status_details import details

        for line in details(app.store, chosen[0]):
            click.echo(line)


def _chosen(app: App, given: int | None) -> list[Project]:
    """The project that was named, or all."""
    named = app.settings.project if given is None else given
    if named is None:
        return app.store.projects()
    from sync.pull import connected

    return [connected(app.store, named)]


def _lines(one: ProjectStatus, now: datetime) -> Iterator[str]:
    yield from wrapped(f"project {one.project} ({one.title}): {one.health}", "", "  ")
    if one.error:
        again = f", {one.error.failures} times in a row" if one.error.failures > 1 else ""
        yield from _line("error", f"{_when(one.error.at, now)}{again}: {one.error.text}")
    if one.advice:
        yield from _line("to do", one.advice)
    lag = "" if one.lag_seconds is None else f", {_seconds(one.lag_seconds)} after it was made"
    yield from _line("read", f"newest change {_when(one.cursor, now)}{lag}")
    yield from _line("last pass", _pass(one, now))
    if one.lease:
        until = "until" if one.lease.held else "ran out"
        yield from _line("lease", f"{one.lease.holder}, {until} {_when(one.lease.until, now)}")
    c = one.counts
    yield from _line(
        "holds",
        f"{c.tasks} tasks ({c.deleted_tasks} deleted), {c.annotations} annotations "
        f"({c.deleted_annotations} deleted), {c.gold} gold, {c.candidates} candidates",
    )
    for batch in one.batches:
        state = batch.sentence or "frozen, not judged yet"
        yield from _line("batch", f"{batch.batch}: {state}")
    for job in one.jobs:
        yield from _line("job", _job(job, now))
    yield from _asides(one)


def _pass(one: ProjectStatus, now: datetime) -> str:
    last = one.last_pass
    if last is None:
        return "never"
    told = f"began {_when(last.started_at, now)}"
    if last.holder:
        told += f", by {last.holder}"
    if last.seconds is not None:
        told += f"; the last whole one took {_seconds(last.seconds)}, read {last.tasks} tasks"
        told += f" and {last.annotations} annotations"
    return told


def _job(job: JobStatus, now: datetime) -> str:
    when = job.ended_at or job.started_at or job.queued_at
    told = f"{job.job}: {job.state} {_when(when, now)}"
    if job.attempts > 1:
        told += f", attempt {job.attempts}"
    if job.state == "running":
        told += f", by {job.holder}"
    return f"{told}: {job.error}" if job.error else told


def _asides(one: ProjectStatus) -> Iterator[str]:
    items = [*one.set_aside, *(item for batch in one.batches for item in batch.set_aside)]
    for item in items[:_SHOWN]:
        # Most reasons name the item themselves.
        name = f"{item.kind} {item.id}"
        reason = item.reason if name in item.reason else f"{name}: {item.reason}"
        yield from _line("set aside", reason)
    left = max(one.counts.set_aside, len(one.set_aside)) - len(one.set_aside)
    left += max(0, len(items) - _SHOWN)
    if left:
        yield from _line("set aside", f"and {left} more; --json lists them")


def _line(label: str, text: str) -> list[str]:
    return wrapped(text, f"  {label:<10} ", " " * 13)


def _when(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    ahead = (moment - now).total_seconds()
    near = f"in {_seconds(ahead)}" if ahead > 0 else f"{_seconds(-ahead)} ago"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC ({near})"


def _seconds(value: float) -> str:
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    if value < 2 * 3600:
        return f"{value / 60:.0f} min"
    return f"{value / 3600:.0f} h" if value < 2 * 86400 else f"{value / 86400:.0f} days"
