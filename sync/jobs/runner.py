"""Running jobs of the store, one at a time, each in a process of its own."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sync.clock import Clock
from sync.errors import AssayError, Retriable
from sync.jobs.child import Child, Outcome
from sync.jobs.kinds import COMMANDS, Command, command
from sync.jobs.trouble import Trouble
from sync.store import Store
from sync.store.jobs import Hold, Job, JobState

_log = logging.getLogger(__name__)


def holder() -> str:
    """A name for this process that no other one has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def _say(job_id: str, text: str) -> None:
    _log.info("output", extra={"job": job_id, "text": text})


@dataclass(kw_only=True)
class Runner:
    """Takes jobs from the store, watches their processes, and writes down how they ended."""

    store: Store
    #: Set it to end: the job at hand is given back, for another worker.
    stop: threading.Event
    holder: str = field(default_factory=holder)
    commands: Mapping[str, Command] = field(default_factory=lambda: COMMANDS)
    #: Seconds for which a worker that died keeps its job.
    lease: float = 60.0
    #: Seconds between two looks at a running job.
    tick: float = 1.0
    #: Seconds that a process gets to end by itself.
    grace: float = 5.0
    #: Seconds before each further attempt after a failure that passes.
    pauses: tuple[float, ...] = (30.0, 120.0)
    #: The clock by which leases run out; default the store's own, which all workers share.
    now: Clock | None = None
    #: Whether each line of the log is JSON.
    in_json: bool = False
    #: Told at each look that the worker is alive.
    beat: Callable[[], object] = lambda: None
    #: While the store cannot be asked.
    away: Trouble = field(default_factory=lambda: Trouble(_log, "the store answers again"))

    @property
    def most(self) -> int:
        """How often a job is begun."""
        return len(self.pauses) + 1

    def _now(self) -> datetime:
        return (self.now or self.store.clock)()

    def run_one(self, job_id: str | None = None) -> bool:
        """Do the job that waits longest, or `job_id`; False if there is none to begin.

        Raises:
            AssayError: the store cannot be asked.
        """
        asked = time.monotonic()
        job = self.store.take_job(self.holder, self._now(), self.lease, self.most, job_id)
        self.away.over()
        if job is None:
            return False
        _log.info("job %s begins, attempt %s", job.job_id, job.attempts)
        try:
            ended = self._do(job, asked)
        except AssayError as error:
            ended = Outcome(done=False, error=str(error))
        except OSError as error:
            why = f"the job's process cannot be started: {error.strerror}"
            ended = Outcome(done=False, passing=True, error=why)
        self._write_down(job, ended)
        return True

    def _do(self, job: Job, asked: float) -> Outcome | Hold:
        """How the process ended, or why we ended it."""
        say = partial(_say, job.job_id) if self.in_json else None
        with Child(command(job, self.commands), say) as child:
            hold = self._watch(job, child, asked + self.lease)
            if hold is None:
                return child.outcome()
            # Whom another worker may follow at once gets no time.
            child.end(0 if hold is Hold.LOST else self.grace)
            return hold

    def _watch(self, job: Job, child: Child, until: float) -> Hold | None:
        """Wait for the end of the process; why it shall end before, if it shall.

        Args:
            job: what is held.
            child: its process.
            until: when another worker may take the job, unless it is renewed.
        """
        # A part of the lease is left for what is slow: the process must have ended before it.
        spare = self.lease / 4
        child.hold(until - spare)
        while not child.wait(self.tick):
            self.beat()
            if self.stop.is_set():
                return Hold.KEPT
            now = time.monotonic()
            try:
                hold = self.store.renew_job(job.job_id, self.holder, self._now(), self.lease)
            except Retriable as error:
                self.away.lasts("job %s is not renewed: %s", job.job_id, error)
                hold = Hold.KEPT if now < until - spare else Hold.LOST
            else:
                self.away.over()
                until = now + self.lease
                child.hold(until - spare)
            if hold is not Hold.KEPT:
                return hold
        return None

    def _leave(self, job: Job, hold: Hold) -> None:
        """Write down why the process was ended by us."""
        if hold is Hold.CANCEL:
            self.store.end_job(job.job_id, self.holder, JobState.CANCELLED, self._now())
        elif hold is Hold.KEPT:
            self.store.requeue_job(job.job_id, self.holder, self._now(), counts=False)
        _log.info("job %s is ended: %s", job.job_id, hold)

    def _end(self, job: Job, outcome: Outcome) -> None:
        """Write down how the process ended by itself."""
        job_id, error = job.job_id, outcome.error
        if outcome.held or (outcome.passing and job.attempts < self.most):
            # Who waits for another process waits for as long as that takes.
            seconds = self.pauses[0 if outcome.held else job.attempts - 1]
            due, counts = self._now() + timedelta(seconds=seconds), not outcome.held
            kept = self.store.requeue_job(job_id, self.holder, due, error=error, counts=counts)
        else:
            state = JobState.DONE if outcome.done else JobState.FAILED
            kept = self.store.end_job(
                job_id, self.holder, state, self._now(), error=error, result=outcome.result
            )
        told = "done" if outcome.done else f"not done: {error}"
        _log.info("job %s is %s%s", job_id, told, "" if kept else "; another worker has it by now")

    def _write_down(self, job: Job, ended: Outcome | Hold) -> None:
        """Tell the store; a job whose end cannot be written within its lease begins again."""
        until = time.monotonic() + self.lease
        while True:
            try:
                if isinstance(ended, Outcome):
                    self._end(job, ended)
                else:
                    self._leave(job, ended)
                self.away.over()
                return
            except Retriable as error:
                self.away.lasts("the end of job %s is not written: %s", job.job_id, error)
                if time.monotonic() > until or self.stop.wait(self.tick):
                    return
