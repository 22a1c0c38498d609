"""The right to write for a project, which one process has at a time."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Self

from sync.errors import AssayError, Held, describe
from sync.store import Store

_log = logging.getLogger(__name__)

#: Gives the store to whoever alone writes for a project meanwhile.
Writing = Callable[[], AbstractContextManager[Store]]
#: Seconds for which a process that died keeps others away.
LEASE_SECONDS = 30.0
#: Seconds for which a command waits for the holder to end: longer than a dead one keeps it away.
PATIENCE = LEASE_SECONDS + 5
#: Seconds to wait where candidates that took long to make would be lost.
LONG_PATIENCE = 900.0
#: Seconds between two tries.
_PAUSE = 0.1


class Leases:
    """The leases of this process, renewed in the background while they are held."""

    def __init__(
        self,
        store: Store,
        what: str,
        now: Callable[[], datetime] | None = None,
        seconds: float = LEASE_SECONDS,
    ) -> None:
        """Nothing is held before `take`.

        Args:
            store: where leases stand.
            what: the command that works, for others who wait.
            now: the clock by which leases run out; default the store's own.
            seconds: how long a lease lasts that nobody renews.
        """
        self._store, self._seconds = store, seconds
        self._now = now or store.clock
        #: The command, the machine and the process.
        self.who = f"{what} on {socket.gethostname()}, process {os.getpid()}"
        self._lock = threading.Lock()
        self._held: dict[int, str] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True, name="leases")

    def __enter__(self) -> Self:
        """Begin to renew."""
        self._thread.start()
        return self

    def take(self, project_id: int) -> Store | None:
        """The store for writing about a project; None while another one holds its lease."""
        # A name for each time: what an earlier holder left unfinished must not count as this one.
        holder = f"{self.who}, {uuid.uuid4().hex[:8]}"
        if not self._store.lease(project_id, holder, self._now(), self._seconds):
            return None
        with self._lock:
            self._held[project_id] = holder
        return self._store.fenced(project_id, holder)

    def give_back(self, project_id: int) -> None:
        """Let others work on a project; if the store does not answer, the lease runs out."""
        with self._lock:
            holder = self._held.pop(project_id, None)
        if holder is not None:
            with suppress(AssayError):
                self._store.release(project_id, holder)

    @contextmanager
    def hold(
        self,
        project_id: int,
        patience: float = PATIENCE,
        waiting: Callable[[str], object] = lambda reason: None,
    ) -> Iterator[Store]:
        """The store for writing about a project, as soon as nobody else does.

        Args:
            project_id: the project.
            patience: seconds to wait for another holder.
            waiting: told once whom this waits for.

        Raises:
            Held: another one held it all that time.
        """
        store, told, deadline = self.take(project_id), False, time.monotonic() + patience
        while store is None:
            state = self._store.leases().get(project_id)
            holder = state.holder if state else "a process that just ended"
            if time.monotonic() > deadline:
                raise Held(
                    f"project {project_id} is being worked on by {holder}: try again when that has "
                    "ended, or stop it"
                )
            if not told and time.monotonic() > deadline - patience + 1:
                told = True
                waiting(f"waiting for {holder}, which works on project {project_id}")
            time.sleep(_PAUSE)
            store = self.take(project_id)
        try:
            yield store
        finally:
            self.give_back(project_id)

    def _renew(self) -> None:
        while not self._done.wait(self._seconds / 4):
            with self._lock:
                held = dict(self._held)
            for project_id, holder in held.items():
                try:
                    self._store.renew(project_id, holder, self._now(), self._seconds)
                except Exception as error:
                    # Whatever it is: without this thread every lease of the process would run out.
                    told = describe(error)
                    _log.warning("the lease of project %s was not renewed: %s", project_id, told)

    def __exit__(self, *_: object) -> None:
        """Give all back; what still runs under one of them can write no more."""
        self._done.set()
        self._thread.join()
        for project_id in list(self._held):
            self.give_back(project_id)
