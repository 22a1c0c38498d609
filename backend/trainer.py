"""Trainings in the background: jobs of the workers, or processes of this host."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from backend.status import read_status, write_status
from sync.errors import AssayError
from sync.jobs.bell import enqueue
from sync.records import Json
from sync.settings import Settings
from sync.store import Store

_log = logging.getLogger(__name__)


def command(project_id: int) -> list[str]:
    """What trains a project."""
    return [sys.executable, "-m", "backend.training", str(project_id)]


def _train(project_id: int) -> int:
    # On one core: the others are for those who wait for predictions.
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
    return subprocess.run(  # noqa: S603 - a number
        command(project_id), check=False, env=environment
    ).returncode


class Trains(Protocol):
    """Whoever starts trainings."""

    def request(self, project_id: int) -> None:
        """Train soon; answers at once."""


def trainer_of(settings: Settings, store: Store) -> Trains:
    """Where there is Redis, trainings are jobs; elsewhere this host does them."""
    if settings.redis_url.get_secret_value():
        return Queueing(settings, store)
    return Trainer(settings.home)


class _InTurn:
    """One thread a project; requests while it works add one more in all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._again: set[int] = set()

    def request(self, project_id: int) -> None:
        """Train soon; answers at once."""
        with self._lock:
            if project_id in self._running:
                self._again.add(project_id)
                return
            self._running.add(project_id)
        threading.Thread(target=self._run, args=(project_id,), daemon=True).start()

    def _run(self, project_id: int) -> None:
        while True:
            self._work(project_id)
            with self._lock:
                if project_id not in self._again:
                    self._running.discard(project_id)
                    return
                self._again.discard(project_id)

    def _work(self, project_id: int) -> None:
        raise NotImplementedError


class Queueing(_InTurn):
    """Queues trainings for the workers of jobs; one that waits already is enough."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Nothing is queued before the first request."""
        super().__init__()
        self._settings, self._store = settings, store

    def _work(self, project_id: int) -> None:
        try:
            enqueue(self._settings, self._store, "train", project_id)
        except AssayError as error:
            _log.error("the training of project %s is not queued: %s", project_id, error)


class Trainer(_InTurn):
    """Trains in processes of this host, one at a time a project."""

    def __init__(self, home: Path) -> None:
        """Nothing runs before the first request; `home` is where statuses stand."""
        super().__init__()
        self._home = home

    def _work(self, project_id: int) -> None:
        before = read_status(self._home, project_id)
        try:
            self._ended(project_id, _train(project_id), before)
        except OSError as error:
            _log.error("training of project %s did not start: %s", project_id, error)

    def _ended(self, project_id: int, code: int, before: Json) -> None:
        """Log how it went, and say so in its place where it could not say so itself."""
        found = read_status(self._home, project_id)
        if code < 0 or found == before:
            # The system ends a process that takes too much memory; wrong settings end it at once.
            how = f"by signal {-code}, perhaps for lack of memory" if code < 0 else f"with {code}"
            kept = ("counted",) if found == before else ("started", "counted")
            found = {key: found[key] for key in kept if key in found} | {
                "state": "failed",
                "reason": f"the training ended {how}: the log of the backend may say why",
                "ended": datetime.now(UTC).isoformat(),
            }
            write_status(self._home, project_id, **found)
        told = found.get("reason") or f"{found.get('version')}: {found.get('decision')}"
        _log.info("training of project %s: %s: %s", project_id, found["state"], told)
