"""The proof: the mirror compared with Label Studio, each difference named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import fields as names_of

from sync.labelstudio import LabelStudio
from sync.labelstudio.listing import PAGE
from sync.pull.ahead import pages
from sync.pull.sweep import CHOSEN
from sync.pull.take import Fields, read
from sync.pull.walk import Progress
from sync.records import Annotation, Json, Task
from sync.store import Store
from sync.store.base import Row
from sync.store.schema import storable

#: Most characters of a value that a difference shows.
SHOWN = 80

_Held = dict[int, tuple[Task, dict[int, Annotation]]]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that the mirror holds otherwise than Label Studio."""

    #: "project", "task", "annotation" or "history".
    kind: str
    #: None where the project itself differs.
    task: int | None = None
    annotation: int | None = None
    #: The field's name; "missing" for what only Label Studio has, "extra" for the opposite.
    field: str
    #: The beginning of each value as text.
    mirror: str = ""
    label_studio: str = ""


def differences(
    server: LabelStudio,
    store: Store,
    project_id: int,
    fields: Fields,
    *,
    only: Iterable[int] | None = None,
    progress: Progress = lambda tasks: None,
) -> list[Difference]:
    """What the mirror holds otherwise than Label Studio, by task id; it changes nothing.

    Compared are the project's title and label config, every task with its data, batch and
    stamps, every annotation with all that is kept of it, that nothing deleted is left, and that
    each annotation's history ends with what it is now. What was set aside counts as held. What
    people change after the last pull differs too: pull and look at those tasks again by `only`.

    Args:
        server: the truth.
        store: holds the mirror.
        project_id: a connected project.
        fields: the task-data fields of batch and queue.
        only: ids of the tasks to compare; None for all.
        progress: told the number of tasks compared so far.
    """
    compare = _Comparison(store, project_id, fields)
    compare.project(server.project(project_id))
    if only is not None:
        ids = sorted(set(only))
        for start in range(0, len(ids), CHOSEN):
            chunk = ids[start : start + CHOSEN]
            compare.tasks(server.tasks_by_id(project_id, chunk), _held(store, project_id, chunk))
        return compare.found
    done = 0
    for after, upto, page in _stretches(server, project_id):
        compare.tasks(page, store.stretch(project_id, after, upto))
        done += len(page)
        progress(done)
    return compare.found


def _stretches(
    server: LabelStudio, project_id: int
) -> Iterator[tuple[int, int | None, list[Json]]]:
    """Pages with the ids between which they hold all tasks: beyond one, up to the other."""

    def ask(after: int) -> list[Json]:
        return server.changed_tasks(project_id, None, PAGE, after=after)

    after = 0
    for page in pages(ask, ask(0), PAGE):
        upto = page[-1]["id"] if len(page) == PAGE else None
        yield after, upto, page
        after = upto or after


def _held(store: Store, project_id: int, ids: list[int]) -> _Held:
    return {i: one for k in ids for i, one in store.stretch(project_id, k - 1, k).items()}


class _Comparison:
    """Collects the differences."""

    def __init__(self, store: Store, project_id: int, fields: Fields) -> None:
        self._store, self._id, self._fields = store, project_id, fields
        self._aside = store.aside_ids(project_id)
        self.found: list[Difference] = []

    def project(self, raw: Json) -> None:
        held = self._store.project(self._id)
        for name in ("title", "label_config"):
            ours = getattr(held, name, None)
            if ours != raw[name]:
                self._add("project", None, None, name, ours, raw[name])

    def tasks(self, page: list[Json], held: _Held) -> None:
        there = read(page, self._fields)
        unusable = {kind: {i for k, i in there.bad if k == kind} for kind in ("task", "annotation")}
        for item in sorted(unusable["task"] - self._aside.get("task", set())):
            self._add("task", item, None, "missing", "", "unusable")
        for item in sorted(unusable["annotation"] - self._aside.get("annotation", set())):
            self._add("annotation", None, item, "missing", "", "unusable")
        ids = [a.annotation_id for _, given in there.seen for a in given]
        last = self._store.last_revisions(self._id, ids)
        for task, given in there.seen:
            ours = held.pop(task.task_id, None)
            if ours is None:
                self._add("task", task.task_id, None, "missing", "", "there")
            else:
                self._task(task, given, ours, last, unusable["annotation"])
        for task_id in sorted(held.keys() - unusable["task"]):
            self._add("task", task_id, None, "extra", "there", "")

    def _task(
        self,
        task: Task,
        given: list[Annotation],
        ours: tuple[Task, dict[int, Annotation]],
        last: dict[int, Row],
        unusable: set[int],
    ) -> None:
        self._fields_of("task", task.task_id, None, ours[0], task)
        own = dict(ours[1])
        for annotation in given:
            self._annotation(annotation, own.pop(annotation.annotation_id, None), last)
        for extra in sorted(own.keys() - unusable):
            self._add("annotation", task.task_id, extra, "extra", "there", "")

    def _annotation(
        self, theirs: Annotation, ours: Annotation | None, last: dict[int, Row]
    ) -> None:
        task, annotation = theirs.task_id, theirs.annotation_id
        if ours is None:
            self._add("annotation", task, annotation, "missing", "", "there")
            return
        self._fields_of("annotation", task, annotation, ours, theirs)
        revision = last.get(annotation)
        for name in ("annotator", "result", "was_cancelled"):
            was = None if revision is None else revision[name]
            if was != getattr(theirs, name):
                self._add("history", task, annotation, name, was, getattr(theirs, name))

    def _fields_of(
        self,
        kind: str,
        task: int,
        annotation: int | None,
        ours: Task | Annotation,
        theirs: Task | Annotation,
    ) -> None:
        for field in names_of(theirs):
            mine, other = getattr(ours, field.name), getattr(theirs, field.name)
            if field.name == "batch":
                other = storable(other)
            # Rows of an older Assay do not tell when the task was made.
            unknown = kind == "task" and field.name == "created_at" and mine is None
            if mine != other and not unknown:
                self._add(kind, task, annotation, field.name, mine, other)

    def _add(
        self,
        kind: str,
        task: int | None,
        annotation: int | None,
        field: str,
        mirror: object,
        label_studio: object,
    ) -> None:
        self.found.append(
            Difference(
                kind=kind,
                task=task,
                annotation=annotation,
                field=field,
                mirror=str(mirror)[:SHOWN],
                label_studio=str(label_studio)[:SHOWN],
            )
        )
