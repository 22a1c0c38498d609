"""A visit to a project: look whether anything changed, work if so, and note how it went."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sync.clock import Clock
from sync.errors import AssayError, ConfigurationError, LeaseLost, Retriable, describe, trail
from sync.labelstudio import LabelStudio
from sync.lease import Leases
from sync.pull import connected
from sync.settings import Settings
from sync.store import Store
from sync.worker.once import Pass, one_pass
from sync.worker.turns import Stopped, Turn
from sync.worker.watch import Watched

_log = logging.getLogger(__name__)

#: Seconds after which a project is worked on though it looks the same: its label config may have
#: changed, or someone may have saved its settings over a verdict.
FULL_SECONDS = 60.0
#: Seconds for which a transaction of Label Studio may stay open: what it changed carries the time
#: at which it began, so that the newest task is not the last to appear.
SETTLE = 10.0


class Observer:
    """Told what the worker does; does nothing itself."""

    def passed(self, project_id: int, outcome: Pass, seconds: float, lag: float | None) -> None:
        """A full pass went through; `lag` in seconds, None where nothing new was read."""

    def idle(self, project_id: int) -> None:
        """Nothing had changed."""

    def failed(self, project_id: int, kind: str, error: str) -> None:
        """A pass failed and is tried again later."""

    def waiting(self, reason: str) -> None:
        """Nothing can be done now, and why."""

    def queue(self, waiting: int) -> None:
        """How many projects wait for their turn."""


class Visitor:
    """Does the visits of one process."""

    def __init__(
        self,
        server: LabelStudio,
        leases: Leases,
        settings: Settings,
        observer: Observer,
        now: Clock,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is done before the first visit."""
        self._server, self._leases, self._settings = server, leases, settings
        self._observer, self._now, self._clock = observer, now, clock

    def visit(self, watched: Watched, turn: Turn) -> bool:
        """Work on a project, unless another process just did; False if one holds its lease.

        Raises:
            Stopped: the worker ends.
        """
        project_id = watched.project_id
        store = self._leases.take(project_id)
        if store is None:
            return False
        try:
            state = store.pass_state(project_id)
            if (state.ended_at if state else None) == watched.ended:
                self._try(store, watched, turn)
        finally:
            self._leases.give_back(project_id)
        return True

    def _try(self, store: Store, watched: Watched, turn: Turn) -> None:
        try:
            self._work(store, watched, turn)
        except Stopped:
            raise
        except LeaseLost as error:
            watched.forget()
            self._observer.waiting(str(error))
        except AssayError as error:
            self._fail(store, watched, error, str(error), _kind(error))
        except Exception as error:
            text = f"Assay failed in a way that it does not know ({describe(error)}): its log says"
            self._fail(store, watched, error, f"{text} more, please report it", "fatal")
            _log.error("project %s: %s", watched.project_id, trail(error))

    def _work(self, store: Store, watched: Watched, turn: Turn) -> None:
        project_id, began, started = watched.project_id, self._clock(), self._now()
        project = connected(store, project_id)
        look = self._server.look(project_id)
        if watched.is_idle(look, began, FULL_SECONDS):
            self._note(store, watched, started_at=started)
            self._observer.idle(project_id)
            return
        store.note_pass(project_id, started_at=started, holder=self._leases.who)
        outcome = one_pass(
            self._server,
            store,
            self._settings,
            project_id,
            now=self._now,
            progress=lambda tasks: turn.give_way(),
            memory=watched.memory,
        )
        seconds = self._clock() - began
        watched.passed(look, began, seconds, SETTLE)
        lag = _lag(project.cursor, outcome.pulled.newest, self._now())
        values: dict[str, Any] = {} if lag is None else {"lag": lag}
        read = {"tasks": outcome.pulled.tasks, "annotations": outcome.pulled.annotations}
        self._note(store, watched, seconds=seconds, **read, **values)
        self._observer.passed(project_id, outcome, seconds, lag)

    def _note(self, store: Store, watched: Watched, **values: Any) -> None:
        """It went well."""
        ended = self._now()
        watched.failures, watched.error = 0, None
        good = {"failures": 0, "error": "", "error_kind": "", "holder": self._leases.who}
        store.note_pass(watched.project_id, ended_at=ended, ok_at=ended, **good, **values)
        watched.ended, watched.seen = ended, self._clock()

    def _fail(self, store: Store, watched: Watched, error: Exception, text: str, kind: str) -> None:
        watched.failures += 1
        watched.error = error
        ended = self._now()
        self._observer.failed(watched.project_id, kind, text)
        said = {"error": text, "error_kind": kind, "failures": watched.failures}
        try:
            store.note_pass(watched.project_id, ended_at=ended, error_at=ended, **said)
        except AssayError as trouble:
            _log.warning("project %s: its failure was not noted: %s", watched.project_id, trouble)
        else:
            watched.ended, watched.seen = ended, self._clock()


def _kind(error: AssayError) -> str:
    if isinstance(error, ConfigurationError):
        return "configuration"
    return "retriable" if isinstance(error, Retriable) else "fatal"


def _lag(before: datetime | None, newest: datetime | None, now: datetime) -> float | None:
    """Seconds from the newest change to when it was read; None where none is new."""
    if before is None or newest is None or newest <= before:
        return None
    return max(0.0, (now - newest).total_seconds())
