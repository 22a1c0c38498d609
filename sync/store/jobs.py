"""Jobs: the account of what is to be done, who does it, and what came of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from sync.records import Json
from sync.store import schema as s
from sync.store.base import Base, Row


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Job:
    """Work that is done beside the passes: a training, a pre-fill, an audit."""

    job_id: str
    #: 0 where it belongs to no project.
    project_id: int
    kind: str
    #: What it is told, by name.
    arguments: Json
    state: JobState = JobState.QUEUED
    #: How often it was begun.
    attempts: int = 0
    #: When it was asked for, or, after a failure that passes, when it may begin again.
    queued_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    #: The worker that runs it, and until when it is thought to be alive.
    holder: str = ""
    until: datetime | None = None
    #: Why it failed, or failed the last time: one sentence.
    error: str = ""
    #: Its exit code and what it printed.
    result: Json | None = None
    #: Whether somebody wants it to end.
    cancel: bool = False


#: Days for which a job that has ended is remembered.
KEPT_DAYS = 30
#: Names the lock under which PostgreSQL's jobs are added and taken; SQLite has one writer anyway.
_TAKING = 0x4153_5341_4A
#: A job that has not ended.
OPEN = (JobState.QUEUED, JobState.RUNNING)


class Hold(StrEnum):
    """What a worker learns when it renews its right to a job."""

    KEPT = "kept"
    #: Somebody wants the job to end.
    CANCEL = "cancel"
    #: Another worker may have it by now.
    LOST = "lost"


class Jobs(Base):
    """The side of the store that workers of jobs share."""

    def add_job(self, job: Job) -> Job:
        """Queue a job; where one just like it waits already, that one is given back."""
        t = s.jobs.c
        with self._write() as connection:
            _alone(connection)
            old = job.queued_at - timedelta(days=KEPT_DAYS)
            connection.execute(sa.delete(s.jobs).where(t.ended_at < old, t.state.not_in(OPEN)))
            same = sa.select(s.jobs).where(
                t.project_id == job.project_id,
                t.kind == job.kind,
                t.state == JobState.QUEUED,
                t.cancel.is_(False),
            )
            for row in connection.execute(same).mappings():
                if row["arguments"] == job.arguments:
                    return _job(row)
            connection.execute(sa.insert(s.jobs).values(asdict(job)))
        return job

    def take_job(
        self, holder: str, now: datetime, seconds: float, most: int, job_id: str | None = None
    ) -> Job | None:
        """Take the job that waits longest, or `job_id` if it may begin; None if there is none.

        A job may begin when it is queued and its time has come, or when its worker died, and when
        no other job of its project and kind is running.

        Args:
            holder: who takes it.
            now: the time; the same clock for all, such as the store's.
            seconds: for which it is taken; `renew_job` prolongs that.
            most: how often a job is begun; one whose workers died so often has failed.
            job_id: only this job.
        """
        with self._write() as connection:
            _alone(connection)
            _give_up(connection, now, seconds, most)
            found = connection.execute(_startable(now, seconds, job_id)).mappings().first()
            if found is None:
                return None
            taken = {
                "state": JobState.RUNNING,
                "attempts": found["attempts"] + 1,
                "started_at": now,
                "ended_at": None,
                "holder": holder,
                "until": now + timedelta(seconds=seconds),
            }
            which = s.jobs.c.job_id == found["job_id"]
            connection.execute(sa.update(s.jobs).where(which).values(taken))
            return _job({**found, **taken})

    def renew_job(self, job_id: str, holder: str, now: datetime, seconds: float) -> Hold:
        """Go on holding a job, and learn whether it shall end."""
        until = now + timedelta(seconds=seconds)
        statement = _held(job_id, holder).values(until=until).returning(s.jobs.c.cancel)
        with self._write() as connection:
            found = connection.execute(statement).first()
        if found is None:
            return Hold.LOST
        return Hold.CANCEL if found[0] else Hold.KEPT

    def end_job(
        self,
        job_id: str,
        holder: str,
        state: JobState,
        now: datetime,
        *,
        error: str = "",
        result: Json | None = None,
    ) -> bool:
        """Write down how a job ended; False if another worker has it by now."""
        values = {"state": state, "ended_at": now, "error": error, "result": result}
        return self._change(_held(job_id, holder).values(until=None, **values))

    def requeue_job(
        self, job_id: str, holder: str, due: datetime, *, error: str = "", counts: bool = True
    ) -> bool:
        """Let a job begin again at `due`; False if another worker has it by now.

        Args:
            job_id: a running job.
            holder: who runs it.
            due: not before then.
            error: why it did not end.
            counts: whether this attempt is one of those that are allowed.
        """
        t = s.jobs.c
        values = {
            "state": JobState.QUEUED,
            "queued_at": due,
            "until": None,
            "error": error,
            "attempts": t.attempts if counts else t.attempts - 1,
        }
        return self._change(_held(job_id, holder).values(values))

    def cancel_job(self, job_id: str, now: datetime) -> Job | None:
        """End a queued job at once, ask the worker of a running one to; the job as it is then."""
        t = s.jobs.c
        ended = {"state": JobState.CANCELLED, "ended_at": now, "cancel": True}
        queued = sa.update(s.jobs).where(t.job_id == job_id, t.state == JobState.QUEUED)
        running = sa.update(s.jobs).where(t.job_id == job_id, t.state == JobState.RUNNING)
        with self._write() as connection:
            connection.execute(queued.values(ended))
            connection.execute(running.values(cancel=True))
        return self.job(job_id)

    def job(self, job_id: str) -> Job | None:
        """One job."""
        rows = self._rows(sa.select(s.jobs).where(s.jobs.c.job_id == job_id))
        return _job(rows[0]) if rows else None

    def jobs(
        self,
        project_id: int | None = None,
        states: Collection[JobState] = (),
        most: int = 1000,
        *,
        results: bool = True,
    ) -> list[Job]:
        """Jobs, the newest first: of a project, in some of the states, at most so many.

        Without their results they take little memory: each result may be of a megabyte.
        """
        t = s.jobs.c
        columns = [c if results or c is not t.result else sa.null().label(c.name) for c in t]
        statement = sa.select(*columns).order_by(t.queued_at.desc(), t.job_id).limit(most)
        if project_id is not None:
            statement = statement.where(t.project_id == project_id)
        if states:
            statement = statement.where(t.state.in_(states))
        return [_job(row) for row in self._rows(statement)]

    def _change(self, statement: sa.Update) -> bool:
        with self._write() as connection:
            return connection.execute(statement.returning(s.jobs.c.job_id)).first() is not None


def _alone(connection: sa.Connection) -> None:
    """Let nobody else add or take a job before this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TAKING)))


def _held(job_id: str, holder: str) -> sa.Update:
    t = s.jobs.c
    mine = (t.job_id == job_id, t.holder == holder, t.state == JobState.RUNNING)
    return sa.update(s.jobs).where(*mine)


def _alive(until: sa.ColumnElement[datetime], now: datetime, seconds: float) -> Any:
    """Whether a worker stands behind a running job.

    A lease that ends later than any can was taken before the clock was set back: it counts no more.
    """
    return (until > now) & (until <= now + timedelta(seconds=2 * seconds))


def _give_up(connection: sa.Connection, now: datetime, seconds: float, most: int) -> None:
    """End the jobs that nobody runs and that shall not begin again."""
    t = s.jobs.c
    left = (t.state == JobState.RUNNING) & ~_alive(t.until, now, seconds)
    ended = {"ended_at": now, "until": None}
    unwanted = t.cancel.is_(True) & (left | (t.state == JobState.QUEUED))
    cancelled = sa.update(s.jobs).where(unwanted).values(state=JobState.CANCELLED, **ended)
    connection.execute(cancelled)
    error = (
        f"its worker ended {most} times before it did, perhaps for lack of memory: the log of the "
        "workers may say why"
    )
    tried = sa.update(s.jobs).where(left, t.attempts >= most)
    connection.execute(tried.values(state=JobState.FAILED, error=error, **ended))


def _startable(now: datetime, seconds: float, job_id: str | None) -> sa.Select[Any]:
    """The job to begin."""
    t, other = s.jobs.c, s.jobs.alias()
    busy = sa.exists().where(
        other.c.project_id == t.project_id,
        other.c.kind == t.kind,
        other.c.state == JobState.RUNNING,
        _alive(other.c.until, now, seconds),
        other.c.job_id != t.job_id,
    )
    due = (t.state == JobState.QUEUED) & (t.queued_at <= now)
    left = (t.state == JobState.RUNNING) & ~_alive(t.until, now, seconds)
    statement = sa.select(s.jobs).where(due | left, ~busy).order_by(t.queued_at, t.job_id).limit(1)
    return statement if job_id is None else statement.where(t.job_id == job_id)


def _job(row: Row | dict[str, Any]) -> Job:
    values = {name: row[name] for name in Job.__dataclass_fields__}
    return Job(**values | {"state": JobState(row["state"])})
