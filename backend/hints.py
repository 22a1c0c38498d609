"""Hints of Label Studio's webhooks on their way to the worker.

Label Studio waits for the answer inside the annotator's click, so nobody here waits for the store:
a thread that ends when nothing is left to do reads the secrets and writes the hints.
"""

from __future__ import annotations

import hmac
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sync.errors import Retriable, describe
from sync.store import Store

_log = logging.getLogger(__name__)

#: Seconds between two writes for the same project, at least.
PAUSE = 0.2
#: Longest pause between two tries while the store does not answer, seconds.
LONGEST_PAUSE = 5.0
#: Seconds for which an answer waits for secrets that are read anew, at most.
PATIENCE = 0.2
#: Seconds after which secrets are read anew: at the next webhook, and at one that is not known.
STALE, UNKNOWN = 5.0, 0.5


class Hints:
    """Which secrets open the webhook, and what came in by it."""

    def __init__(
        self, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Nothing is read or written before the first webhook; `now` is the time."""
        self._store, self._now = store, now
        self._lock = threading.Lock()
        self._read, self._woken = (threading.Condition(self._lock) for _ in range(2))
        #: The secret of each connected project, as last read; None before.
        self._secrets: dict[int, str] | None = None
        self._read_at = float("-inf")
        self._wanted, self._asked_at = False, 0.0
        self._pending: dict[int, datetime] = {}
        self._running = False

    def project_of(self, secret: str) -> int | None:
        """The connected project whose secret this is; none has the empty one.

        Raises:
            Retriable: the store does not answer in time.
        """
        return self._find(
            lambda project_id, known: (
                bool(secret) and hmac.compare_digest(known.encode(), secret.encode())
            )
        )

    def knows(self, project_id: int) -> bool:
        """Whether Assay is connected to a project.

        Raises:
            Retriable: the store does not answer in time.
        """
        return self._find(lambda known_id, _: known_id == project_id) is not None

    def give(self, project_id: int) -> None:
        """Tell the worker, soon, that something changed in a project."""
        with self._lock:
            self._pending[project_id] = self._now()
            self._start()

    def _find(self, fits: Callable[[int, str], bool]) -> int | None:
        with self._lock:
            found = self._search(fits)
            age = time.monotonic() - self._read_at
            if age > (UNKNOWN if found is None else STALE):
                if not self._wanted:
                    self._wanted, self._asked_at = True, time.monotonic()
                    self._woken.notify()
                self._start()
                if found is None:
                    # All wait for the same answer, and none begins to wait anew.
                    left = self._asked_at + PATIENCE - time.monotonic()
                    self._read.wait_for(lambda: not self._wanted, max(0.0, left))
                    found = self._search(fits)
                    if found is None and self._wanted:
                        raise Retriable("the store does not answer")
            return found

    def _search(self, fits: Callable[[int, str], bool]) -> int | None:
        # All are looked at, so that the time that it takes tells nothing.
        found = [i for i, secret in (self._secrets or {}).items() if fits(i, secret)]
        return found[0] if found else None

    def _start(self) -> None:
        if not self._running:
            # It may be refused for lack of memory: the next webhook tries again.
            threading.Thread(target=self._work, daemon=True, name="hints").start()
            self._running = True

    def _work(self) -> None:
        pause = PAUSE
        while True:
            with self._lock:
                if not (self._wanted or self._pending):
                    self._running = False
                    return
                pending, self._pending = self._pending, {}
            try:
                self._once(pending)
                pause = PAUSE
            except Exception as error:
                # A hint must not be lost for a store that is busy; a newer one may be there.
                with self._lock:
                    self._pending = pending | self._pending
                _log.warning("hints wait for the store: %s", describe(error))
                pause = min(2 * pause, LONGEST_PAUSE)
            with self._lock:
                self._woken.wait(pause)

    def _once(self, pending: dict[int, datetime]) -> None:
        if self._wanted:
            secrets = self._store.webhook_secrets()
            with self._lock:
                self._secrets, self._read_at = secrets, time.monotonic()
                self._wanted = False
                self._read.notify_all()
        for project_id, when in pending.items():
            self._store.hint(project_id, when)
