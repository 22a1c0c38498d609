"""What a worker tells of its passes: a line of the log each, and the counters."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sync.gating.verdict import State
from sync.metrics import Counted
from sync.worker.once import Pass
from sync.worker.visit import Observer

_log = logging.getLogger(__name__)


class Told(Observer):
    """Logs and counts each pass; one that found nothing new is logged at the level DEBUG."""

    def __init__(self, counted: Counted | None = None, aloud: Observer | None = None) -> None:
        """Nothing is told yet.

        Args:
            counted: what `/metrics` shows.
            aloud: who tells a person in a terminal of verdicts and failures.
        """
        self._counted, self._aloud = counted or Counted(), aloud
        #: Batch to state, by project, as last told.
        self._states: dict[int, Mapping[str, State]] = {}
        self._failing: set[int] = set()

    def passed(self, project_id: int, outcome: Pass, seconds: float, lag: float | None) -> None:
        """A line with counts and durations."""
        pulled = outcome.pulled
        states = {name: verdict.state for name, verdict in outcome.verdicts.items()}
        pushed = outcome.pushed
        self._counted.passed(
            project_id, seconds, tasks=pulled.tasks, deleted=pulled.deleted, pushed=pushed
        )
        told = {
            "project": project_id,
            "tasks": pulled.tasks,
            "deleted": pulled.deleted,
            "annotations": pulled.annotations,
            "verdicts": {name: state.value for name, state in states.items()},
            "extended": sum(outcome.extended.values()),
            "pushed": pushed,
            "seconds": round(seconds, 3),
            "lag": None if lag is None else round(lag, 3),
        }
        news = (
            any((pulled.tasks, pulled.deleted, outcome.extended, pushed))
            or states != self._states.get(project_id)
            or project_id in self._failing
        )
        _log.log(logging.INFO if news else logging.DEBUG, "pass", extra=told)
        self._states[project_id] = states
        self._failing.discard(project_id)
        if self._aloud:
            self._aloud.passed(project_id, outcome, seconds, lag)

    def idle(self, project_id: int) -> None:
        """Counted only, unless it ends a row of failures."""
        self._counted.idle(project_id)
        if project_id in self._failing:
            self._failing.discard(project_id)
            _log.info("works again", extra={"project": project_id})

    def failed(self, project_id: int, kind: str, error: str) -> None:
        """A warning."""
        self._counted.failed(project_id, kind)
        self._failing.add(project_id)
        if self._aloud:
            self._aloud.failed(project_id, kind, error)
        else:
            told = {"project": project_id, "kind": kind, "error": error}
            _log.warning("pass failed", extra=told)

    def waiting(self, reason: str) -> None:
        """A line that says why nothing is done."""
        if self._aloud:
            self._aloud.waiting(reason)
        else:
            _log.info("waiting", extra={"reason": reason})

    def queue(self, waiting: int) -> None:
        """Counted only."""
        self._counted.queued(waiting)
