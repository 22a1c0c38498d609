"""Running for ever: many projects in turn, a clean stop, patience with what is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sync.clock import Clock, utc_now
from sync.errors import AssayError, ConfigurationError
from sync.labelstudio import LabelStudio
from sync.lease import LEASE_SECONDS, Leases
from sync.pull import connected
from sync.settings import Settings
from sync.store import Store
from sync.worker.turns import Stopped, Turns
from sync.worker.visit import Observer, Visitor
from sync.worker.watch import Watched

#: Seconds between two looks at what is due.
TICK = 0.2
#: Seconds until the next try where another process holds a project's lease, at most.
HELD = 1.0
#: Passes in hand at once: those at work, and long ones that let others go first.
MOST = 64
#: Seconds for passes to end when the worker is stopped; then they are left where they are.
GRACE = 3.0


def run(
    server: LabelStudio,
    store: Store,
    settings: Settings,
    stop: threading.Event,
    *,
    only: int | None = None,
    observer: Observer | None = None,
    now: Clock = utc_now,
    lease_seconds: float = LEASE_SECONDS,
) -> None:
    """Serve all connected projects until `stop` is set, each again after a pause.

    A project whose pass fails is tried again, ever more slowly, and does not keep the others
    back. Projects that are connected or disconnected meanwhile are taken up or left.

    Args:
        server: where the projects are.
        store: Assay's memory, by which several workers share the projects.
        settings: the pause between passes, how many run at once, and the names of fields.
        stop: set it to end within seconds.
        only: serve this project and no other.
        observer: told what happens.
        now: the clock of what is written into the store.
        lease_seconds: how long a dead worker keeps others from a project.

    Raises:
        ConfigurationError: `only` is not connected, or no project at all can be worked on, and
            trying again cannot help.
    """
    if only is not None:
        connected(store, only)
    told = observer or Observer()
    with Leases(store, "assay run", seconds=lease_seconds) as leases:
        visitor = Visitor(server, leases, settings, told, now)
        worker = _Worker(store, settings, visitor, told, only)
        try:
            while not stop.is_set():
                worker.tick()
                stop.wait(TICK)
        finally:
            worker.end()


class _Worker:
    """Starts the visits that are due."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        visitor: Visitor,
        observer: Observer,
        only: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._poll, self._visitor = store, settings.poll_seconds, visitor
        self._observer, self._only, self._clock = observer, only, clock
        self._turns = Turns(settings.passes_at_once)
        self._watched: dict[int, Watched] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._worked = False
        self._reason = ""

    def tick(self) -> None:
        """See what is due, and begin with it.

        Raises:
            ConfigurationError: nothing can be worked on.
        """
        try:
            self._observe()
        except AssayError as error:
            self._wait(f"{error} (will try again)")
            return
        self._wait("" if self._watched else "no project is connected yet: run assay connect")
        self._give_up()
        self._threads = {i: t for i, t in self._threads.items() if t.is_alive()}
        due = [w for w in self._watched.values() if not w.running and w.due <= self._clock()]
        for watched in sorted(due, key=lambda w: w.due)[: MOST - len(self._threads)]:
            self._start(watched)
        self._observer.queue(self._turns.waiting)

    def _wait(self, reason: str) -> None:
        if reason and reason != self._reason:
            self._observer.waiting(reason)
        self._reason = reason

    def _observe(self) -> None:
        hints, passes = self._store.hints(), self._store.passes()
        for project_id in [i for i, w in self._watched.items() if i not in hints and not w.running]:
            del self._watched[project_id]
        for project_id, hinted in hints.items():
            if self._only in (None, project_id):
                new = Watched(project_id=project_id)
                watched = self._watched.setdefault(project_id, new)
                if not watched.running:
                    state = passes.get(project_id)
                    watched.observe(hinted, state, self._clock(), self._poll)

    def _give_up(self) -> None:
        """End where every project is refused for a reason that time does not mend."""
        self._worked |= any(w.tried and not w.failures for w in self._watched.values())
        errors = [watched.error for watched in self._watched.values()]
        refused = [error for error in errors if isinstance(error, ConfigurationError)]
        if refused and len(refused) == len(errors) and not self._worked:
            raise refused[0]

    def _start(self, watched: Watched) -> None:
        watched.running = True
        thread = threading.Thread(
            target=self._visit,
            args=(watched,),
            daemon=True,
            name=f"project {watched.project_id}",
        )
        self._threads[watched.project_id] = thread
        thread.start()

    def _visit(self, watched: Watched) -> None:
        pause = self._poll
        try:
            with self._turns.turn() as turn:
                if not self._visitor.visit(watched, turn):
                    pause = min(pause, HELD)
        except Stopped:
            pass
        except AssayError as error:
            # The store did not answer: nothing could be noted there.
            watched.failures += 1
            self._observer.failed(watched.project_id, "retriable", str(error))
        finally:
            watched.rest(self._clock(), pause)

    def end(self) -> None:
        """Stop all passes where they can be taken up again, or leave them after a while."""
        self._turns.stop()
        deadline = self._clock() + GRACE
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - self._clock()))
