"""How many tasks are asked for in one request."""

from __future__ import annotations


class Pace:
    """Grows and shrinks by measured time, so that a request takes about `seconds`."""

    def __init__(self, seconds: float, most: int, first: int = 4) -> None:
        """The first request has `first` tasks, none more than `most`."""
        self._seconds, self._most = seconds, most
        self.size = min(first, most)

    def took(self, tasks: int, seconds: float) -> None:
        """Tell how long an answered request took."""
        fitting = int(tasks * self._seconds / max(seconds, 1e-9))
        if seconds > self._seconds:
            self.size = max(1, min(self.size, fitting))
        elif 2 * tasks >= self.size:
            # A small request says little of large ones, so at most twice what was tried.
            self.size = min(self._most, max(self.size, min(2 * tasks, fitting)))

    def failed(self, tasks: int) -> None:
        """Tell that a request was too much: the next one has half of its tasks."""
        self.size = max(1, min(self.size, tasks // 2))
