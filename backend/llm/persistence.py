"""Trying again, within bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from backend.llm.endpoint import Busy

T = TypeVar("T")

#: Seconds of the first pause at most, and of any pause that the endpoint does not ask for.
FIRST, LONGEST = 1.0, 20.0


@dataclass
class Persistence:
    """How often and after which pauses the same is tried again. Threads may share it."""

    #: Further tries.
    retries: int
    rng: np.random.Generator
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    #: Seconds of the first pause at most.
    first: float = FIRST
    _lock: threading.Lock = field(default_factory=threading.Lock)
    #: Before this moment nobody asks, since the endpoint asked one of us to wait.
    _closed_until: float = 0.0

    def tried(self, attempt: Callable[[], T], until: float) -> T:
        """What an attempt gives in the end.

        Pauses are drawn evenly from 0 up to a bound that doubles each time ("full jitter"), and
        are at least as long as the endpoint asks for.

        Args:
            attempt: raises Busy where it may work later.
            until: no attempt starts after this moment of the clock.

        Raises:
            Busy: the last try failed, or there is no time left for another.
        """
        for turn in range(self.retries):
            self._wait(self._closed_until, until)
            try:
                return attempt()
            except Busy as error:
                pause = self._pause(turn)
                if error.wait is not None:
                    pause = max(pause, error.wait)
                    self._close(self.clock() + error.wait)
                self._wait(self.clock() + pause, until)
        self._wait(self._closed_until, until)
        return attempt()

    def _pause(self, turn: int) -> float:
        with self._lock:
            return float(self.rng.uniform(0.0, min(LONGEST, self.first * 2.0**turn)))

    def _close(self, moment: float) -> None:
        with self._lock:
            self._closed_until = max(self._closed_until, moment)

    def _wait(self, moment: float, until: float) -> None:
        now = self.clock()
        if max(moment, now) >= until:
            raise Busy("the endpoint is busy for longer than there is time")
        if moment > now:
            self.sleep(moment - now)
