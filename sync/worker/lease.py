"""The right to work on a project, which one process has at a time."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from contextlib import suppress
from typing import Self

from sync.errors import AssayError
from sync.store import Store
from sync.worker.once import Clock, utc_now

_log = logging.getLogger(__name__)

#: Seconds for which a process that died keeps others away.
LEASE_SECONDS = 60


class Lease:
    """A project's lease, renewed in the background while the block runs."""

    def __init__(self, store: Store, project_id: int, now: Clock = utc_now) -> None:
        """Nothing is held before `take`."""
        self._store, self._project_id, self._now = store, project_id, now
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._done = threading.Event()
        self._held = False
        self._thread = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> Self:
        """Begin to renew."""
        self._thread.start()
        return self

    def take(self) -> bool:
        """Take or renew the lease; False while another process holds it."""
        self._held = self._store.lease(self._project_id, self._holder, self._now(), LEASE_SECONDS)
        return self._held

    def _renew(self) -> None:
        while not self._done.wait(LEASE_SECONDS / 4):
            if self._held:
                try:
                    self.take()
                except AssayError as error:
                    _log.warning("the lease was not renewed: %s", error)

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._done.set()
        self._thread.join()
        if self._held:
            with suppress(AssayError):
                self._store.release(self._project_id, self._holder)
