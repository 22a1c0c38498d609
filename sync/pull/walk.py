"""One walk: all that changed since a moment, page by page in the order of task ids.

The order is what makes it whole. A task's place by `updated_at` changes while pages are read,
and many tasks may share one moment; its place by id never changes and is its own. So a walk
reads every task that had changed when it began, and what changes meanwhile is stamped after
the cursor that the walk leaves behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync.clock import Clock
from sync.labelstudio import LabelStudio, parse
from sync.labelstudio.listing import PAGE
from sync.pull.ahead import pages
from sync.pull.take import Fields, Read, take
from sync.records import Json
from sync.store import Store
from sync.store.slices import Reading

#: How far behind the cursor a pull looks again: a transaction that was open while the last
#: one ran may commit tasks whose `updated_at` is already behind us.
OVERLAP = timedelta(seconds=10)
#: Stamps further ahead of the server's clock than this were made before it was set back;
#: their tasks were read then.
AHEAD = timedelta(seconds=60)

Progress = Callable[[int], object]


@dataclass
class Count:
    """What a pull has read so far."""

    tasks: int = 0
    annotations: int = 0
    #: The latest change that was read.
    newest: datetime | None = None

    def add(self, found: Read) -> None:
        """Count a page."""
        self.tasks += len(found.seen)
        self.annotations += sum(len(annotations) for _, annotations in found.seen)
        for task, _ in found.seen:
            self.newest = max(task.updated_at, self.newest or task.updated_at)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Reads what changed in one project."""

    server: LabelStudio
    store: Store
    project_id: int
    fields: Fields
    now: Clock
    count: Count
    progress: Progress
    #: The server's clock before the walk; None if it does not tell.
    clock: datetime | None

    def go(self, cursor: datetime | None, reading: Reading) -> datetime | None:
        """Read from where cursor and reading stand to the end; the new cursor.

        A walk that was cut off goes on, unless the cursor was taken back since.
        """
        began = self.now()
        if reading.until is None or (reading.since is None) != (cursor is None):
            reading = replace(reading, since=_since(cursor, reading), until=None, after=0)
        first = self._page(reading, reading.after)
        until = reading.until or self._until(first, began, cursor)
        if reading.until is None:
            reading = replace(_reached(reading, until == cursor, began), until=until)
        for page in pages(lambda after: self._page(reading, after), first, PAGE):
            self._take(page, reading)
        return until

    def _page(self, reading: Reading, after: int) -> list[Json]:
        # Stamps of the server's future were made before its clock was set back, and read then.
        bounded = self.clock is not None and reading.since is not None
        until = self.clock + AHEAD if bounded and self.clock else None
        return self.server.changed_tasks(
            self.project_id, reading.since, PAGE, until=until, after=after
        )

    def _until(
        self, first: list[Json], began: datetime, cursor: datetime | None
    ) -> datetime | None:
        """The cursor after the walk: all that is stamped up to it is read by then."""
        ceiling = self.clock + AHEAD if self.clock and cursor else None
        changed = first
        if len(first) == PAGE:
            changed = self.server.newest_change(self.project_id, ceiling)
        newest = max((parse.time(raw["updated_at"]) for raw in changed), default=cursor)
        if newest is None:
            return None
        # A task may have changed after Label Studio chose the page and before it read the
        # task for it. Such stamps are late by no more than the request took.
        slow = max(self.now() - began - OVERLAP / 2, timedelta(0))
        # The clock is told without its fraction of a second.
        until = min(newest - slow, self.clock + timedelta(seconds=1) if self.clock else newest)
        return until if cursor is None else max(until, cursor)

    def _take(self, page: list[Json], reading: Reading) -> None:
        done = len(page) < PAGE
        if done:
            cursor = reading.until
            reading = replace(reading, since=None, until=None, after=0)
        else:
            cursor, reading = None, replace(reading, after=page[-1]["id"])
        if not page and reading == self.store.reading(self.project_id):
            return
        found = take(
            self.store,
            self.project_id,
            page,
            self.fields,
            self.now(),
            cursor=cursor,
            reading=reading,
        )
        self.count.add(found)
        self.progress(self.count.tasks)


def _since(cursor: datetime | None, reading: Reading) -> datetime | None:
    if cursor is None:
        return None
    return cursor + timedelta(microseconds=1) if reading.settled else cursor - OVERLAP


def _reached(reading: Reading, same: bool, began: datetime) -> Reading:
    """When the cursor was reached, and whether a whole overlap was looked at long after."""
    if not same or reading.reached is None:
        return replace(reading, reached=began, settled=False)
    return replace(reading, settled=reading.settled or began - reading.reached >= OVERLAP)
