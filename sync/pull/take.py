"""Tasks as Label Studio lists them, into the mirror: a page is one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sync.errors import Skippable
from sync.labelstudio import parse
from sync.records import Annotation, Json, Task
from sync.store import Store
from sync.store.slices import Reading


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Names of the task-data fields that Assay reads."""

    batch: str
    queue: str


@dataclass
class Read:
    """Raw tasks as records."""

    seen: list[tuple[Task, list[Annotation]]] = field(default_factory=list)
    #: Why an item cannot be used, by ("task" or "annotation", id).
    bad: dict[tuple[str, int], str] = field(default_factory=dict)
    #: The task of each annotation that cannot be used.
    homes: dict[int, int] = field(default_factory=dict)


def read(page: list[Json], fields: Fields) -> Read:
    """The records of a page; what cannot be used is named with its reason."""
    found = Read()
    for raw in page:
        try:
            task = parse.task(raw, fields.batch, fields.queue)
        except Skippable as error:
            found.bad["task", int(raw["id"])] = str(error)
            continue
        found.seen.append((task, _annotations(raw, task.task_id, found)))
    return found


def _annotations(raw: Json, task_id: int, found: Read) -> list[Annotation]:
    usable = []
    for item in raw.get("annotations") or []:
        try:
            usable.append(parse.annotation(item, task_id))
        except Skippable as error:
            found.bad["annotation", int(item["id"])] = str(error)
            found.homes[int(item["id"])] = task_id
    return usable


def take(
    store: Store,
    project_id: int,
    page: list[Json],
    fields: Fields,
    now: datetime,
    *,
    cursor: datetime | None = None,
    reading: Reading | None = None,
) -> Read:
    """Write a page into the mirror, with how far the reading has come."""
    found = read(page, fields)
    store.apply(
        project_id,
        found.seen,
        cursor,
        now,
        bad=found.bad,
        homes=found.homes,
        reading=reading,
    )
    return found
