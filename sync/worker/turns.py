"""Whose turn it is: a bounded number of passes at once, and none that keeps the others waiting."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds after which a long pass lets those go on that wait.
SLICE = 1.0


class Stopped(Exception):
    """The worker ends: a pass is cut off where it can be taken up again."""


class Turns:
    """Turns, given to those who wait in the order in which they came."""

    def __init__(self, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        """As many turns as passes may run at once; `clock` gives seconds."""
        self._free, self._clock = at_once, clock
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()
        self._stopped = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    def stop(self) -> None:
        """Give no more turns, and end those that come to a place where they may be cut off."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for a turn, and give it to the next one at the end.

        Raises:
            Stopped: the worker ends.
        """
        mine = Turn(self, self._clock)
        mine.take()
        try:
            yield mine
        finally:
            mine.leave()

    def _take(self) -> None:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            self._changed.wait_for(
                lambda: self._stopped or (self._free > 0 and self._queue[0] is ticket)
            )
            self._queue.remove(ticket)
            # The next in line looked while this one stood before it.
            self._changed.notify_all()
            if self._stopped:
                raise Stopped
            self._free -= 1

    def _leave(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()


class Turn:
    """A turn that a long pass gives away now and then."""

    def __init__(self, turns: Turns, clock: Callable[[], float]) -> None:
        """Not taken yet."""
        self._turns, self._clock = turns, clock
        self._since = 0.0
        self._taken = False

    def take(self) -> None:
        """Wait for it.

        Raises:
            Stopped: the worker ends.
        """
        self._turns._take()
        self._taken, self._since = True, self._clock()

    def leave(self) -> None:
        """Give it to the next one."""
        if self._taken:
            self._taken = False
            self._turns._leave()

    def give_way(self) -> None:
        """Called where nothing is half done: let others go on, if this one took long enough.

        Raises:
            Stopped: the worker ends.
        """
        if self._turns._stopped:
            raise Stopped
        if self._turns.waiting and self._clock() - self._since > SLICE:
            self.leave()
            self.take()
