"""The account that `assay status` gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sync.records import Batch, Counts, LeaseState, PassState, Project
from sync.status.records import (
    Aside,
    BatchStatus,
    Error,
    Health,
    JobStatus,
    LastPass,
    Lease,
    ProjectStatus,
)
from sync.store import Store
from sync.store.base import Row
from sync.store.jobs import OPEN, Job, JobState

#: Items set aside that are told one by one; `counts.set_aside` has them all.
MOST_ASIDE = 100
#: What is told of a verdict as it stands there.
_OF_VERDICT = ("sentence", "blind_answered", "blind_asked", "accepted", "labels_left")
#: Jobs that are looked at, and those told of each project that have ended.
_MOST_JOBS, _ENDED_JOBS = 1000, 3
#: Seconds without a pass that are nothing to worry about, however short the polling interval.
_PATIENCE = 120

#: What to do about an error that the worker met, by its kind.
REMEDIES = {
    "retriable": "the worker tries again by itself; if it lasts, run assay doctor",
    "fatal": "change what it names; the worker looks again by itself; assay doctor checks all",
    "configuration": (
        "set right what it names, and start assay run again if that is a setting of Assay; "
        "assay doctor checks all"
    ),
}


def status(
    store: Store, projects: Sequence[Project], now: datetime, poll_seconds: float
) -> list[ProjectStatus]:
    """How these projects stand.

    Args:
        store: Assay's memory; nothing else is asked.
        projects: connected projects.
        now: the time.
        poll_seconds: the worker's pause between two passes.
    """
    counts, leases, passes = store.counts(), store.leases(), store.passes()
    jobs = _jobs(store)
    patience = timedelta(seconds=max(_PATIENCE, 10 * poll_seconds))
    return [
        _project(
            store,
            project,
            counts.get(project.project_id, Counts()),
            passes.get(project.project_id),
            _lease(leases.get(project.project_id), now),
            jobs.get(project.project_id, ()),
            now,
            patience,
        )
        for project in projects
    ]


def _project(
    store: Store,
    project: Project,
    counts: Counts,
    last: PassState | None,
    lease: Lease | None,
    jobs: tuple[JobStatus, ...],
    now: datetime,
    patience: timedelta,
) -> ProjectStatus:
    batches = tuple(_batch(store, project, batch) for batch in store.batches(project.project_id))
    found = health(last, lease, now, patience)
    error = _error(last)
    return ProjectStatus(
        project=project.project_id,
        title=project.title,
        health=found,
        advice=error.remedy if error else _advice(found, lease, batches, project.cursor),
        cursor=project.cursor,
        lag_seconds=last.lag if last else None,
        hinted_at=project.hinted_at,
        counts=counts,
        last_pass=_last_pass(last),
        error=error,
        lease=lease,
        batches=batches,
        jobs=jobs,
        set_aside=_aside(store, project.project_id, counts),
    )


def health(
    last: PassState | None, lease: Lease | None, now: datetime, patience: timedelta
) -> Health:
    """How the worker does with a project.

    Args:
        last: its last pass.
        lease: who works on it.
        now: the time.
        patience: how long nothing need go through.
    """
    held = lease is not None and lease.held
    if last is not None and last.failures:
        return Health.FAILING
    if held and last is not None and _under_way(last):
        return Health.WORKING
    if last is None or last.ok_at is None:
        return Health.NEW
    return Health.OK if now - last.ok_at <= patience else Health.STOPPED


def _under_way(last: PassState) -> bool:
    return last.started_at is not None and (
        last.ended_at is None or last.ended_at < last.started_at
    )


def _advice(
    found: Health, lease: Lease | None, batches: Sequence[BatchStatus], cursor: datetime | None
) -> str:
    held = lease is not None and lease.held
    if found is Health.NEW:
        lacks = "nothing was read yet" if cursor is None else "no worker has looked at it yet"
        return "" if held else f"{lacks}: start assay run"
    if found is Health.STOPPED:
        if held:
            return "no pass for a while though a worker holds the project: see that worker's log"
        return "no worker looks at it: start assay run"
    unfinished = [batch.batch for batch in batches if not batch.complete]
    if unfinished:
        return f"the freeze of {unfinished[0]} is not complete: if none runs, freeze it again"
    return ""


def _error(last: PassState | None) -> Error | None:
    if last is None or not last.error:
        return None
    return Error(
        kind=last.error_kind,
        text=last.error,
        at=last.error_at,
        failures=last.failures,
        remedy=REMEDIES.get(last.error_kind, REMEDIES["fatal"]),
    )


def _last_pass(last: PassState | None) -> LastPass | None:
    if last is None:
        return None
    return LastPass(**{name: getattr(last, name) for name in LastPass.__dataclass_fields__})


def _lease(found: LeaseState | None, now: datetime) -> Lease | None:
    if found is None:
        return None
    return Lease(holder=found.holder, until=found.until, held=found.until > now)


def _batch(store: Store, project: Project, batch: Batch) -> BatchStatus:
    return BatchStatus(
        batch=batch.name,
        frozen_at=batch.frozen_at,
        complete=batch.complete,
        population=batch.population,
        generator=batch.generator,
        generator_version=batch.generator_version,
        **_verdict(store.verdict(project.project_id, batch.name)),
    )


def _verdict(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    # As it is stored: the gate's own classes take a second to load.
    stored = row["verdict"]
    asides = stored.get("set_aside", [])[:MOST_ASIDE]
    return {
        "verdict": stored["state"],
        "decided_at": row["decided_at"],
        **{name: stored[name] for name in _OF_VERDICT},
        "set_aside": tuple(
            Aside(kind=_kind(item, reason), id=item, reason=reason, seen_at=None)
            for item, reason in asides
        ),
    }


def _kind(item: int, reason: str) -> str:
    """What the gate could not read: its reason names the annotation, or a candidate's task."""
    return "annotation" if f"annotation {item}" in reason else "task"


def loose_jobs(store: Store) -> tuple[JobStatus, ...]:
    """Jobs that belong to no project, such as audits: those open, and the last that ended."""
    return _jobs(store, 0).get(0, ())


def _jobs(store: Store, project_id: int | None = None) -> dict[int, tuple[JobStatus, ...]]:
    """By project, all that are open and the last that ended."""
    found: dict[int, list[JobStatus]] = {}
    ended = [state for state in JobState if state not in OPEN]
    for job in store.jobs(project_id, OPEN, _MOST_JOBS, results=False):
        found.setdefault(job.project_id, []).append(_job(job))
    for job in store.jobs(project_id, ended, _MOST_JOBS, results=False):
        there = found.setdefault(job.project_id, [])
        if sum(one.ended_at is not None for one in there) < _ENDED_JOBS:
            there.append(_job(job))
    return {project_id: tuple(jobs) for project_id, jobs in found.items()}


def _job(job: Job) -> JobStatus:
    return JobStatus(
        job=job.job_id,
        kind=job.kind,
        state=job.state.value,
        attempts=job.attempts,
        queued_at=job.queued_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        holder=job.holder,
        error=job.error,
    )


def _aside(store: Store, project_id: int, counts: Counts) -> tuple[Aside, ...]:
    if not counts.set_aside:
        return ()
    rows = store.set_aside(project_id)[:MOST_ASIDE]
    return tuple(
        Aside(kind=r["kind"], id=r["item_id"], reason=r["reason"], seen_at=r["seen_at"])
        for r in rows
    )
