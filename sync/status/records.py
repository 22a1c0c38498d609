"""What an operator is told of a project. `docs/status.schema.json` has the same fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.records import Counts


class Health(StrEnum):
    """How the worker does with a project."""

    #: The last pass went through, a short while ago.
    OK = "ok"
    #: A pass is under way.
    WORKING = "working"
    #: No pass has gone through yet.
    NEW = "new"
    #: The last pass failed.
    FAILING = "failing"
    #: No pass for a long while.
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Error:
    """What went wrong in the last pass."""

    kind: str
    text: str
    at: datetime | None
    #: Passes that failed in a row.
    failures: int
    remedy: str


@dataclass(frozen=True, kw_only=True)
class LastPass:
    """The last pass, or the one that is under way."""

    started_at: datetime | None
    ended_at: datetime | None
    #: End of the last one that went through, and of the last full look.
    ok_at: datetime | None
    swept_at: datetime | None
    #: Its duration; None before the first one ended.
    seconds: float | None
    tasks: int
    annotations: int
    #: Who made it: machine, process and command.
    holder: str


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Who works on the project, or did last."""

    holder: str
    until: datetime
    #: False once it ran out.
    held: bool


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """A job that waits, runs or ended lately."""

    job: str
    kind: str
    #: "queued", "running", "done", "failed" or "cancelled".
    state: str
    attempts: int
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    #: The worker that runs it or did last; "" before the first.
    holder: str
    #: Why it failed, or failed the last time; "" otherwise.
    error: str


@dataclass(frozen=True, kw_only=True)
class Aside:
    """An item that could not be used."""

    kind: str
    id: int
    reason: str
    seen_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class BatchStatus:
    """A frozen batch with its newest verdict."""

    batch: str
    frozen_at: datetime
    #: False while its freeze goes on, or where that was cut off.
    complete: bool
    #: Tasks that the verdict speaks of.
    population: int
    generator: str
    generator_version: str
    #: "PASS", "HOLD", "MORE"; None where it was not judged yet, and so are those that follow.
    verdict: str | None = None
    sentence: str | None = None
    decided_at: datetime | None = None
    blind_answered: int | None = None
    blind_asked: int | None = None
    accepted: float | None = None
    labels_left: int | None = None
    #: Answers that it could not read.
    set_aside: tuple[Aside, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProjectStatus:
    """All that an operator asks of one project."""

    project: int
    title: str
    health: Health
    #: What to do now; "" where nothing is to be done.
    advice: str
    #: Newest change of Label Studio that the mirror holds; None before the first page.
    cursor: datetime | None
    #: Seconds from the newest change to when it was read; None where that is not known.
    lag_seconds: float | None
    #: When Label Studio last told of a change.
    hinted_at: datetime | None
    counts: Counts
    last_pass: LastPass | None
    error: Error | None
    lease: Lease | None
    batches: tuple[BatchStatus, ...]
    #: Those that wait or run, then those that ended last; the newest first.
    jobs: tuple[JobStatus, ...]
    set_aside: tuple[Aside, ...]
