"""A trouble that lasts: told when it begins, seldom while it goes on, and when it is over."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

#: Seconds between two lines about the same trouble.
SELDOM = 600.0


class Trouble:
    """Something that others do without for a while, such as a database."""

    def __init__(
        self, log: logging.Logger, over: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """All is well.

        Args:
            log: where it is told.
            over: the line that says that it is over.
            clock: gives seconds.
        """
        self._log, self._over, self._clock = log, over, clock
        self._next = -math.inf

    def lasts(self, line: str, *values: object) -> None:
        """Warn by this line, unless that was done a short while ago."""
        if self._clock() >= self._next:
            self._next = self._clock() + SELDOM
            self._log.warning(line, *values)

    def over(self) -> None:
        """Say that it is over, if there was any."""
        if self._next > -math.inf:
            self._next = -math.inf
            self._log.info(self._over)
