"""Trainings in the background, each in a process of its own."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from backend.status import write_status

_log = logging.getLogger(__name__)


def command(project_id: int) -> list[str]:
    """What trains a project."""
    return [sys.executable, "-m", "backend.training", str(project_id)]


def _train(project_id: int) -> int:
    return subprocess.run(command(project_id), check=False).returncode  # noqa: S603 - a number


class Trainer:
    """One training at a time a project; requests while it runs add one more in all."""

    def __init__(self, home: Path) -> None:
        """Nothing runs before the first request; `home` is where statuses stand."""
        self._home = home
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
        threading.Thread(target=self._work, args=(project_id,), daemon=True).start()

    def _work(self, project_id: int) -> None:
        while True:
            try:
                self._ended(project_id, _train(project_id))
            except OSError as error:
                _log.error("training of project %s did not start: %s", project_id, error)
            with self._lock:
                if project_id not in self._again:
                    self._running.discard(project_id)
                    return
                self._again.discard(project_id)

    def _ended(self, project_id: int, code: int) -> None:
        _log.info("training of project %s ended with code %s", project_id, code)
        if code < 0:
            # It could not say so itself; the system ends a process that takes too much memory.
            reason = f"the training was ended by signal {-code}, perhaps for lack of memory"
            ended = datetime.now(UTC).isoformat()
            write_status(self._home, project_id, state="failed", reason=reason, ended=ended)
