"""How far a project's predictions are, in a file that all processes of the backend share."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.records import Json

FILE = "progress.json"
#: Seconds between two writes, and without a request after which the next one is a new run.
_EVERY, _PAUSE = 0.5, 10.0


@dataclass
class _Run:
    began: float
    total: int = 0
    done: int = 0
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    at: float = 0.0


class Progress:
    """Counts the tasks of the requests that follow each other closely."""

    def __init__(self, folder: Path | None, clock: Callable[[], float] = time.time) -> None:
        """Nothing is written where there is no folder.

        Args:
            folder: of the project.
            clock: seconds since 1970.
        """
        self._path = None if folder is None else folder / FILE
        self._clock = clock
        self._lock = threading.Lock()
        self._run = _Run(0.0)
        self._written = 0.0

    def asked(self, tasks: int) -> None:
        """Tell that so many tasks more are waited for."""
        with self._lock:
            now = self._clock()
            if self._run.done >= self._run.total and now - self._run.at > _PAUSE:
                self._run = _Run(now)
            self._run.total += tasks
            self._write(now)

    def answered(self, reasons: Sequence[str]) -> None:
        """Tell of tasks that are answered, "" each, or given up, with the reason."""
        with self._lock:
            now = self._clock()
            failed = [reason for reason in reasons if reason]
            self._run.done += len(reasons)
            self._run.failed += len(failed)
            self._run.reasons.update(failed)
            self._write(now)

    def _write(self, now: float) -> None:
        run = self._run
        run.at = now
        over = run.done >= run.total
        if self._path is None or not (over or now - self._written >= _EVERY):
            return
        self._written = now
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Threads of two processes may have the same number.
        building = self._path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        building.write_text(json.dumps(_told(run, over)), encoding="utf-8")
        building.replace(self._path)


def _told(run: _Run, over: bool) -> Json:
    seconds = max(run.at - run.began, 1e-9)
    rate = run.done / seconds
    return {
        "running": not over,
        "total": run.total,
        "done": run.done,
        "failed": run.failed,
        "seconds": round(seconds, 3),
        "tasks_per_second": round(rate, 3),
        "seconds_left": 0.0 if over else round((run.total - run.done) / rate, 1) if rate else None,
        "failures": dict(run.reasons.most_common(10)),
    }


def read(folder: Path) -> Json:
    """What was last told of a project in this folder; no task where nothing was."""
    try:
        found: Any = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _told(_Run(0.0), True)
    return dict(found)
