"""Pull: what changed in Label Studio goes into the mirror."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync.errors import ConfigurationError, Skippable
from sync.labelstudio import LabelStudio, parse
from sync.labelstudio.client import PAGE
from sync.records import Annotation, Json, Project, Task
from sync.store import Store

#: How far behind the cursor a pass looks again: a transaction that was open while the last
#: pass ran may commit tasks whose `updated_at` is already behind us.
OVERLAP = timedelta(seconds=10)

Progress = Callable[[int], object]


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What a pull found."""

    #: Tasks read that the mirror did not hold in this state.
    tasks: int
    deleted: int
    #: Where this pull began; give it to the next one, which then looks once more at all since.
    began: datetime | None
    #: The project as Label Studio holds it.
    project: Json


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Names of the task-data fields that Assay reads."""

    batch: str
    queue: str


def connected(store: Store, project_id: int) -> Project:
    """The project, if Assay is connected to it.

    Raises:
        ConfigurationError: it is not.
    """
    project = store.project(project_id)
    if project is None:
        known = ", ".join(str(p.project_id) for p in store.projects()) or "none"
        raise ConfigurationError(
            f"Assay is not connected to project {project_id} (connected: {known}); "
            f"run assay connect --project {project_id}"
        )
    return project


def pull(
    server: LabelStudio,
    store: Store,
    project_id: int,
    fields: Fields,
    now: Callable[[], datetime],
    since: datetime | None = None,
    progress: Progress = lambda tasks: None,
) -> Pulled:
    """Bring the mirror of a project up to date.

    Each page is one transaction that moves the cursor with it, so that a pull that is cut off
    goes on where it stopped.

    Args:
        server: where to read.
        store: where to write.
        project_id: a connected project.
        fields: the task-data fields of batch and queue.
        now: the clock, for tombstones.
        since: `began` of the last pull, if this process made one.
        progress: told the number of tasks read so far.
    """
    project = connected(store, project_id)
    raw_project = server.project(project_id)
    changed = {
        name: raw_project[name]
        for name in ("title", "label_config")
        if raw_project[name] != getattr(project, name)
    }
    if changed:
        store.update_project(project_id, **changed)
    began = project.cursor
    if began is not None:
        began = max(since or began - OVERLAP, began - OVERLAP)
    tasks = _read_changes(server, store, project_id, fields, now, began, progress)
    deleted = _drop_deleted(server, store, project_id, int(raw_project["task_number"]), now())
    return Pulled(tasks=tasks, deleted=deleted, began=project.cursor, project=raw_project)


def _read_changes(
    server: LabelStudio,
    store: Store,
    project_id: int,
    fields: Fields,
    now: Callable[[], datetime],
    since: datetime | None,
    progress: Progress,
) -> int:
    seen: dict[int, str] = {}
    size = PAGE
    while True:
        page = server.changed_tasks(project_id, since, size)
        fresh = [raw for raw in page if seen.get(raw["id"]) != raw["updated_at"]]
        seen.update((raw["id"], raw["updated_at"]) for raw in fresh)
        last = parse.time(page[-1]["updated_at"]) if page else None
        if fresh:
            _take(store, project_id, fresh, fields, last, now())
            progress(len(seen))
        if len(page) < size:
            return len(seen)
        # A page full of one and the same moment cannot be stepped over, only widened.
        size = size * 2 if last == since else PAGE
        since = last


def _take(
    store: Store,
    project_id: int,
    page: list[Json],
    fields: Fields,
    cursor: datetime | None,
    now: datetime,
) -> None:
    aside = {(row["kind"], row["item_id"]) for row in store.set_aside(project_id)}
    reader = _Reader(fields)
    seen = [entry for entry in map(reader.read, page) if entry is not None]
    store.apply(project_id, seen, cursor, now)
    for (kind, item), reason in reader.bad.items():
        store.put_aside(project_id, kind, item, reason, now)
    for kind in ("task", "annotation"):
        usable = [i for k, i in aside & reader.good if k == kind]
        if usable:
            store.take_back(project_id, kind, usable)


class _Reader:
    """Reads raw tasks; keeps account of which items were usable."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.good: set[tuple[str, int]] = set()
        self.bad: dict[tuple[str, int], str] = {}

    def read(self, raw: Json) -> tuple[Task, list[Annotation]] | None:
        try:
            task = parse.task(raw, self._fields.batch, self._fields.queue)
        except Skippable as error:
            self.bad["task", int(raw["id"])] = str(error)
            return None
        self.good.add(("task", task.task_id))
        annotations = [
            self._annotation(item, task.task_id) for item in raw.get("annotations") or []
        ]
        return task, [a for a in annotations if a is not None]

    def _annotation(self, raw: Json, task_id: int) -> Annotation | None:
        try:
            annotation = parse.annotation(raw, task_id)
        except Skippable as error:
            self.bad["annotation", int(raw["id"])] = str(error)
            return None
        self.good.add(("annotation", annotation.annotation_id))
        return annotation


def _drop_deleted(
    server: LabelStudio, store: Store, project_id: int, expected: int, now: datetime
) -> int:
    """Mark the tasks that Label Studio deleted: deletion leaves no other trace there."""
    known = store.task_ids(project_id)
    if len(known) == expected:
        return 0
    gone = known - set(server.task_ids(project_id))
    if gone:
        store.mark_deleted(project_id, gone, now)
    return len(gone)


def rebuild(store: Store, project_id: int) -> None:
    """Forget the cursor, so that the next pull reads everything again."""
    project = connected(store, project_id)
    store.save_project(replace(project, cursor=None))
