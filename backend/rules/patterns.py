"""Regular expressions of a team, run on texts that nobody vouches for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from backend.rules.terms import Hit

#: Seconds that the patterns may take for one task together, and tasks of one request that may take
#: longer before no pattern is tried any more.
SECONDS, PATIENCE = 0.25, 4


class TooSlow(Exception):
    """The patterns take too long on this text."""


@dataclass
class Budget:
    """The time that a request grants to patterns.

    A pattern that backtracks can take for ever on a text made for it, and Python's own `re` cannot
    be stopped. So the time of each task is bounded, and how many slow ones a request may have.
    """

    clock: Callable[[], float] = time.monotonic
    _until: float = 0.0
    _slow: int = 0

    def start(self) -> None:
        """A task begins."""
        self._until = self.clock() + SECONDS

    def left(self) -> float:
        """Seconds that are left for the task.

        Raises:
            TooSlow: none.
        """
        left = self._until - self.clock()
        if left <= 0 or self._slow >= PATIENCE:
            self.slow()
        return left

    def slow(self) -> None:
        """The task took too long.

        Raises:
            TooSlow: always.
        """
        self._slow += 1
        raise TooSlow


@dataclass(frozen=True)
class Pattern:
    """A regular expression, and which of its groups is what it finds."""

    compiled: Any
    #: A group's number or name; None where each named group is a label.
    group: int | str | None

    @classmethod
    def of(cls, text: str, *, case: bool, group: int | str | None) -> Pattern:
        """Compile a pattern.

        Raises:
            ValueError: it cannot be compiled, or has no such group.
        """
        # Only projects with patterns need it.
        import regex  # type: ignore[import-untyped]

        try:
            compiled = regex.compile(text, 0 if case else regex.IGNORECASE)
        except regex.error as error:
            raise ValueError(str(error)) from None
        known: list[int | str] = [*range(compiled.groups + 1), *compiled.groupindex]
        if group is not None and group not in known:
            raise ValueError(f"it has no group {group!r}")
        if group is None and not compiled.groupindex:
            raise ValueError("it has no named group")
        return cls(compiled, group)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its groups."""
        return tuple(self.compiled.groupindex)

    def find(self, text: str, budget: Budget) -> Iterator[Hit]:
        """The matches, in their order; of several groups each that took part.

        Raises:
            TooSlow: it takes longer than the budget grants.
        """
        groups = self.names if self.group is None else (self.group,)
        try:
            for match in self.compiled.finditer(text, timeout=budget.left()):
                for group in groups:
                    if match.start(group) >= 0:
                        label = str(group) if self.group is None else ""
                        yield Hit(match.start(group), match.end(group), label)
        except TimeoutError:
            budget.slow()
