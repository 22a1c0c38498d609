"""Tasks that wait for an ML backend, and the threads that ask for them.

A request that fails is cut in two until the task that is to blame stands alone, so that only
that one is lost.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sync.generator.faults import Failure, Kind
from sync.generator.pace import Pace
from sync.generator.reply import Proposal, failure
from sync.records import Json

G = TypeVar("G", bound=Hashable)

#: Requests of up to so many tasks go first: a person waits for them.
_FEW = 4
#: Single tasks refused one after the other before tasks far apart are tried, and before all are
#: given up.
_DOUBTFUL, _HOPELESS = 32, 64
#: Single tasks not answered in time, one after the other, before all are given up.
_MOST_SLOW = 5
#: How often a task is asked for of which the backend says that it works on it.
_MOST_LATE = 20


@dataclass(eq=False)
class Item(Generic[G]):
    """A task that was asked for; `proposal` is there when it is answered or given up."""

    group: G
    key: Hashable
    task: Json
    proposal: Proposal | None = None
    #: Times that the backend said that it works on it.
    late: int = 0


@dataclass(eq=False)
class _Streaks:
    """Failures on single tasks since the last answer."""

    refused: int = 0
    slow: int = 0

    def count(self, kind: Kind) -> None:
        if kind in (Kind.SLOW, Kind.BUSY):
            self.slow += 1
        else:
            self.refused += 1

    def hopeless(self) -> bool:
        return self.slow >= _MOST_SLOW or self.refused >= _HOPELESS


@dataclass(eq=False)
class _Crew:
    running: int = 0
    closed: bool = False
    streaks: _Streaks = field(default_factory=_Streaks)


class Line(Generic[G]):
    """Tasks in the order in which they are asked for, by a bounded number of threads."""

    def __init__(
        self,
        ask: Callable[[G, Sequence[Json]], list[Proposal]],
        pace: Pace,
        at_once: int,
        begun: Callable[[Sequence[Item[G]]], object] = lambda items: None,
        settled: Callable[[Sequence[Item[G]]], object] = lambda items: None,
        most_waiting: int | None = None,
    ) -> None:
        """No thread runs while nothing waits.

        Args:
            ask: asks for tasks of one group; raises Failure.
            pace: how many at a time.
            at_once: requests in flight, at least 1.
            begun: told of items of one group that begin to wait; it must be quick.
            settled: told of items that are answered or given up, before those who wait for them
                are; it must be quick.
            most_waiting: tasks that may wait; further ones fail at once. None: any number.
        """
        self._ask, self._pace, self._at_once = ask, pace, at_once
        self._begun, self._settled = begun, settled
        self._queue: deque[list[Item[G]]] = deque()
        self._open: dict[tuple[G, Hashable], Item[G]] = {}
        self._changed = threading.Condition()
        self._crew = _Crew()
        self._most_waiting = most_waiting

    def submit(self, group: G, tasks: Sequence[tuple[Hashable, Json]]) -> list[Item[G]]:
        """Let tasks wait; a task that waits already under its key is not asked for twice."""
        with self._changed:
            items, new = [], []
            for key, task in tasks:
                item = self._open.get((group, key))
                if item is None:
                    item = Item(group, key, task)
                    if self._full():
                        item.proposal = failure("too many tasks wait for it")
                    else:
                        self._open[group, key] = item
                        new.append(item)
                items.append(item)
            if new:
                self._begun(new)
                (self._queue.appendleft if len(new) <= _FEW else self._queue.append)(new)
                self._start(len(new))
        return items

    def wait(
        self,
        items: Sequence[Item[G]],
        seconds: float | None = None,
        progress: Callable[[int], object] = lambda done: None,
    ) -> bool:
        """Wait until all are answered, at most `seconds`; whether they are.

        Args:
            items: what `submit` gave.
            seconds: None for as long as it takes.
            progress: told the number answered so far.
        """
        until = None if seconds is None else time.monotonic() + seconds
        told = -1
        while True:
            done = sum(item.proposal is not None for item in items)
            if done != told:
                progress(done)
                told = done
            left = None if until is None else until - time.monotonic()
            if done == len(items) or (left is not None and left <= 0):
                return done == len(items)
            with self._changed:
                if sum(item.proposal is not None for item in items) == done:
                    self._changed.wait(left)

    def close(self) -> None:
        """Ask for nothing more; whoever waits is told."""
        with self._changed:
            self._crew.closed = True
            self._give_up([], failure("the line to it was closed"))

    def _full(self) -> bool:
        most = self._most_waiting
        return self._crew.closed or (most is not None and len(self._open) >= most)

    def _start(self, tasks: int) -> None:
        for _ in range(min(self._at_once - self._crew.running, tasks)):
            self._crew.running += 1
            threading.Thread(target=self._work, name="generator", daemon=True).start()

    def _work(self) -> None:
        while (items := self._take()) is not None:
            began = time.monotonic()
            try:
                found = self._ask(items[0].group, [item.task for item in items])
            except Failure as error:
                self._failed(items, error)
            except Exception as error:  # whoever waits must be told, whatever it was
                self._settle(items, [failure(type(error).__name__)] * len(items))
            else:
                self._answered(items, found, time.monotonic() - began)

    def _take(self) -> list[Item[G]] | None:
        with self._changed:
            if not self._queue:
                self._crew.running -= 1
                return None
            if self._crew.streaks.refused >= _DOUBTFUL:
                return [self._probe()]
            piece = self._queue[0]
            taken = piece[: self._pace.size]
            del piece[: self._pace.size]
            if not piece:
                self._queue.popleft()
            return taken

    def _probe(self) -> Item[G]:
        """A task from the middle of those that wait longest; its neighbours wait again."""
        piece = self._queue.popleft()
        middle = len(piece) // 2
        self._queue.extend(half for half in (piece[:middle], piece[middle + 1 :]) if half)
        return piece[middle]

    def _answered(self, items: list[Item[G]], found: Sequence[Proposal], seconds: float) -> None:
        with self._changed:
            self._pace.took(len(items), seconds)
            self._crew.streaks = _Streaks()
            again = self._again(items, found)
        pairs = [(i, p) for i, p in zip(items, found, strict=True) if i not in again]
        self._settle([item for item, _ in pairs], [proposal for _, proposal in pairs])

    def _again(self, items: list[Item[G]], found: Sequence[Proposal]) -> set[Item[G]]:
        """Those that the backend works on: they wait again, behind all others."""
        again = []
        for item, proposal in zip(items, found, strict=True):
            item.late += proposal.late
            if proposal.late and item.late < _MOST_LATE and not self._crew.closed:
                again.append(item)
        if again:
            self._pace.failed(len(items))
            self._queue.append(again)
        return set(again)

    def _settle(self, items: list[Item[G]], found: Sequence[Proposal]) -> None:
        for item, proposal in zip(items, found, strict=True):
            item.proposal = proposal
        self._forget(items)

    def _failed(self, items: list[Item[G]], error: Failure) -> None:
        told = failure(error.reason)
        with self._changed:
            if error.kind in (Kind.GONE, Kind.DENIED) or self._crew.closed:
                self._give_up(items, told)
            elif len(items) > 1:
                if error.kind is not Kind.REFUSED:
                    self._pace.failed(len(items))
                self._cut(items, 1 if error.kind is Kind.MISCOUNT else (len(items) + 1) // 2)
            else:
                self._crew.streaks.count(error.kind)
                items[0].proposal = told
                self._forget(items)
                if self._crew.streaks.hopeless():
                    self._give_up([], failure(f"on one task after the other, {error.reason}"))

    def _cut(self, items: list[Item[G]], size: int) -> None:
        pieces = [items[start : start + size] for start in range(0, len(items), size)]
        self._queue.extendleft(reversed(pieces))
        self._start(len(pieces))

    def _give_up(self, items: Sequence[Item[G]], told: Proposal) -> None:
        """Answer these and all that wait, since nobody will."""
        waiting = [*items, *(item for piece in self._queue for item in piece)]
        self._queue.clear()
        # The next one that is asked for finds out anew whether all is well again.
        self._crew.streaks = _Streaks()
        for item in waiting:
            item.proposal = told
        self._forget(waiting)

    def _forget(self, items: Sequence[Item[G]]) -> None:
        """Tell whoever waits; the lock may be held already."""
        try:
            self._settled(items)
        finally:
            with self._changed:
                for item in items:
                    self._open.pop((item.group, item.key), None)
                self._changed.notify_all()
