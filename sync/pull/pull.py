"""Pull: what changed in Label Studio goes into the mirror."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync.clock import Clock
from sync.errors import ConfigurationError
from sync.labelstudio import LabelStudio
from sync.pull.sweep import even, sweep
from sync.pull.take import Fields
from sync.pull.walk import Count, Progress, Walk
from sync.records import Json, Project
from sync.store import Store
from sync.store.slices import Reading

#: Seconds between two full looks for what leaves no trace.
SWEEP_SECONDS = 3600.0
#: The server's clock is told to the second; less than this is no step of it.
TICK = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What a pull found."""

    #: Tasks that were read, and annotations on them.
    tasks: int
    annotations: int
    deleted: int
    #: `updated_at` of the latest change that was read; None where nothing changed.
    newest: datetime | None
    #: Whether it looked at every task for changes that leave no trace.
    swept: bool
    #: The project as Label Studio holds it.
    project: Json


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
    now: Clock,
    *,
    sweep_seconds: float = SWEEP_SECONDS,
    progress: Progress = lambda tasks: None,
) -> Pulled:
    """Bring the mirror of a project up to date.

    Each page is one transaction, which also remembers how far the reading has come, so that a
    pull that is cut off goes on where it stopped.

    Args:
        server: where to read.
        store: where to write.
        project_id: a connected project.
        fields: the task-data fields of batch and queue.
        now: the clock: for tombstones, and for how long something takes.
        sweep_seconds: time between two looks at every task.
        progress: told the number of tasks read so far.
    """
    project = connected(store, project_id)
    raw = server.project(project_id)
    _follow(store, project, raw)
    return _Pull(server, store, project, fields, now, progress).run(raw, sweep_seconds)


def _follow(store: Store, project: Project, raw: Json) -> None:
    names = ("title", "label_config")
    changed = {name: raw[name] for name in names if raw[name] != getattr(project, name)}
    if changed:
        store.update_project(project.project_id, **changed)


class _Pull:
    """One pull of one project."""

    def __init__(
        self,
        server: LabelStudio,
        store: Store,
        project: Project,
        fields: Fields,
        now: Clock,
        progress: Progress,
    ) -> None:
        self._server, self._store, self._id, self._fields = (
            server,
            store,
            project.project_id,
            fields,
        )
        self._now, self._progress = now, progress
        self._cursor = project.cursor
        self._count = Count()
        self._deleted = 0
        self._swept = False

    def run(self, raw: Json, sweep_seconds: float) -> Pulled:
        clock = self._server.answered_at
        if self._cursor and clock and clock < self._cursor - TICK:
            # What was stamped since the clock was set back lies behind the cursor.
            self._sweep()
            self._cursor = clock
            self._store.apply(self._id, [], clock, self._now(), reading=Reading())
        whole = self._cursor is None
        self._walk(clock)
        self._even(int(raw["task_number"]))
        if not self._swept and self._due(whole, sweep_seconds):
            self._sweep()
        return Pulled(
            tasks=self._count.tasks,
            annotations=self._count.annotations,
            deleted=self._deleted,
            newest=self._count.newest,
            swept=self._swept,
            project=raw,
        )

    def _walk(self, clock: datetime | None) -> None:
        walk = Walk(
            server=self._server,
            store=self._store,
            project_id=self._id,
            fields=self._fields,
            now=self._now,
            count=self._count,
            progress=self._progress,
            clock=clock,
        )
        reading = self._store.reading(self._id)
        self._cursor = walk.go(self._cursor, reading)
        if reading.until is not None:
            # That was the rest of a walk that was cut off: what changed since comes now.
            self._cursor = walk.go(self._cursor, self._store.reading(self._id))

    def _even(self, expected: int) -> None:
        """Find what was deleted, or never seen, where the numbers of tasks tell of it."""
        held = self._store.count_tasks(self._id)
        if held < expected or (held > expected and self._server.count_tasks(self._id) < held):
            self._deleted += len(even(*self._all()))

    def _due(self, whole: bool, seconds: float) -> bool:
        state = self._store.pass_state(self._id)
        swept_at = state.swept_at if state else None
        if swept_at is None and whole:
            # A first pull has looked at every task.
            self._store.note_pass(self._id, swept_at=self._now())
            return False
        if swept_at is None:
            return True
        return not timedelta(0) <= self._now() - swept_at < timedelta(seconds=seconds)

    def _sweep(self) -> None:
        began = self._now()
        self._deleted += len(sweep(*self._all()))
        self._swept = True
        self._store.note_pass(self._id, swept_at=began)

    def _all(self) -> tuple[LabelStudio, Store, int, Fields, Clock, Count]:
        return self._server, self._store, self._id, self._fields, self._now, self._count


def rebuild(store: Store, project_id: int) -> None:
    """Forget how far the reading has come, so that the next pull reads and sweeps everything.

    Nothing of the mirror is removed: histories, tombstones and first submissions stay.
    """
    project = connected(store, project_id)
    store.forget_aside(project_id)
    store.save_reading(project_id, Reading())
    store.note_pass(project_id, swept_at=None)
    store.save_project(replace(project, cursor=None))
