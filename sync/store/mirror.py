"""The faithful copy of Label Studio's tasks and annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sync.records import Annotation, Task
from sync.store import schema as s
from sync.store.base import Row, chunks, record
from sync.store.engine import upsert
from sync.store.evidence import counting
from sync.store.reused import set_apart, set_tasks_apart
from sync.store.slices import Reading, Slices, latest, put_reading

Seen = tuple[Task, Sequence[Annotation]]
#: ("task" or "annotation", id).
Item = tuple[str, int]


class Mirror(Slices):
    """Tasks, annotations with their history, and what was set aside."""

    def apply(
        self,
        project_id: int,
        seen: Sequence[Seen],
        cursor: datetime | None,
        now: datetime,
        *,
        bad: Mapping[Item, str] | None = None,
        homes: Mapping[int, int] | None = None,
        reading: Reading | None = None,
    ) -> None:
        """Take over tasks with their whole annotation sets, and move the cursor, as one step.

        An annotation that a task no longer has is marked deleted at `now`. A result that
        differs from the last one seen becomes a new revision; revision 0 stays. Items of
        `bad` are there and unusable: they are set aside with that reason. `homes` has the tasks
        of those that are annotations: what was set aside of a task before is forgotten.
        """
        bad = bad or {}
        everything = [a for _, annotations in seen for a in annotations]
        good = {("task", task.task_id) for task, _ in seen}
        good |= {("annotation", a.annotation_id) for a in everything}
        present = {item for kind, item in good | bad.keys() if kind == "annotation"}
        tasks, ids = [task for task, _ in seen], [task.task_id for task, _ in seen]
        with self._write() as connection:
            with counting(connection, project_id, ids, [a.annotation_id for a in everything]):
                set_tasks_apart(connection, project_id, tasks)
                upsert(connection, s.tasks, [_row(project_id, task) for task in tasks])
                self._mark_gone(connection, project_id, ids, present, now)
                set_apart(connection, project_id, everything, now)
                self._keep_history(connection, project_id, everything)
                upsert(connection, s.annotations, [_row(project_id, a) for a in everything])
            _set_aside(connection, project_id, good, bad, homes or {}, now)
            if reading is not None:
                put_reading(connection, project_id, reading)
            if cursor is not None:
                connection.execute(
                    sa.update(s.projects)
                    .where(s.projects.c.project_id == project_id)
                    .values(cursor=cursor)
                )

    def _mark_gone(
        self,
        connection: sa.Connection,
        project_id: int,
        task_ids: Iterable[int],
        present: set[int],
        now: datetime,
    ) -> None:
        table = s.annotations
        for chunk in chunks(task_ids):
            known = connection.scalars(
                sa.select(table.c.annotation_id).where(
                    table.c.project_id == project_id,
                    table.c.task_id.in_(chunk),
                    table.c.deleted_at.is_(None),
                )
            )
            for gone in chunks(set(known) - present):
                connection.execute(
                    sa.update(table)
                    .where(table.c.project_id == project_id, table.c.annotation_id.in_(gone))
                    .values(deleted_at=now)
                )

    def _keep_history(
        self, connection: sa.Connection, project_id: int, annotations: Sequence[Annotation]
    ) -> None:
        last = latest(connection, project_id, (a.annotation_id for a in annotations))
        new = [_revision(project_id, a, last.get(a.annotation_id)) for a in annotations]
        upsert(connection, s.revisions, [row for row in new if row is not None])

    def mark_deleted(self, project_id: int, task_ids: Iterable[int], now: datetime) -> None:
        """Leave a tombstone for tasks that Label Studio no longer has, and their annotations."""
        gone = set(task_ids)
        with self._write() as connection:
            with counting(connection, project_id, gone):
                _mark_deleted(connection, project_id, gone, now)
            _take_back(connection, project_id, "task", gone)
            _take_back_of(connection, project_id, gone)

    def task_ids(self, project_id: int) -> set[int]:
        """Ids of the tasks that are not deleted."""
        rows = self._rows(
            sa.select(s.tasks.c.task_id).where(
                s.tasks.c.project_id == project_id, s.tasks.c.deleted_at.is_(None)
            )
        )
        return {row["task_id"] for row in rows}

    def tasks(self, project_id: int, batch: str | None = None) -> list[Task]:
        """The tasks that are not deleted, of one batch or of all, by id."""
        statement = sa.select(s.tasks).where(
            s.tasks.c.project_id == project_id, s.tasks.c.deleted_at.is_(None)
        )
        if batch is not None:
            statement = statement.where(s.tasks.c.batch == batch)
        return [record(Task, row) for row in self._rows(statement.order_by(s.tasks.c.task_id))]

    def annotations(self, project_id: int) -> list[Annotation]:
        """The annotations that are not deleted, by id."""
        statement = (
            sa.select(s.annotations)
            .where(s.annotations.c.project_id == project_id, s.annotations.c.deleted_at.is_(None))
            .order_by(s.annotations.c.annotation_id)
        )
        return [_annotation(row) for row in self._rows(statement)]

    def annotated_task_ids(self, project_id: int, before: datetime | None = None) -> set[int]:
        """Tasks that a person ever submitted something for, deleted since or not."""
        statement = sa.select(s.annotations.c.task_id).where(
            s.annotations.c.project_id == project_id
        )
        if before is not None:
            statement = statement.where(s.annotations.c.created_at < before)
        return {row["task_id"] for row in self._rows(statement.distinct())}

    def training_rows(self, project_id: int) -> list[tuple[Task, Annotation]]:
        """Human labels that may be learned from, by task and annotation id.

        Left out: gold tasks, the whole draw order up to the reserve's end, skips, and whatever
        is deleted.
        """
        t, a = s.tasks, s.annotations
        statement = (
            sa.select(t, *(column.label(f"a_{column.name}") for column in a.c))
            .join(a, (a.c.project_id == t.c.project_id) & (a.c.task_id == t.c.task_id))
            .where(
                t.c.project_id == project_id,
                t.c.deleted_at.is_(None),
                a.c.deleted_at.is_(None),
                a.c.was_cancelled.is_(False),
                t.c.task_id.not_in(_evaluating(project_id)),
            )
            .order_by(t.c.task_id, a.c.annotation_id)
        )
        rows = self._rows(statement)
        return [(record(Task, row), _annotation(row, "a_")) for row in rows]

    def held_out_tasks(self, project_id: int) -> list[Task]:
        """Gold tasks and all tasks that people may be asked to validate, deleted or not, by id."""
        t = s.tasks
        statement = sa.select(t).where(
            t.c.project_id == project_id, t.c.task_id.in_(_evaluating(project_id))
        )
        return [record(Task, row) for row in self._rows(statement.order_by(t.c.task_id))]

    def count_training_annotations(self, project_id: int) -> int:
        """How many annotations may be learned from; see `training_rows`."""
        a = s.annotations
        statement = sa.select(sa.func.count().label("n")).where(
            a.c.project_id == project_id,
            a.c.deleted_at.is_(None),
            a.c.was_cancelled.is_(False),
            a.c.task_id.not_in(_evaluating(project_id)),
        )
        return int(self._rows(statement)[0]["n"])

    def forget_aside(self, project_id: int) -> None:
        """Forget what was set aside: whatever is still unusable is found again by a rebuild."""
        with self._write() as connection:
            table = s.set_aside
            connection.execute(sa.delete(table).where(table.c.project_id == project_id))

    def set_aside(self, project_id: int) -> list[Row]:
        """Items that could not be used: kind, item_id, reason, seen_at."""
        statement = sa.select(s.set_aside).where(s.set_aside.c.project_id == project_id)
        return list(self._rows(statement.order_by(s.set_aside.c.kind, s.set_aside.c.item_id)))


def _mark_deleted(
    connection: sa.Connection, project_id: int, task_ids: Iterable[int], now: datetime
) -> None:
    for chunk in chunks(task_ids):
        for table in (s.tasks, s.annotations):
            mine = (table.c.project_id == project_id) & table.c.task_id.in_(chunk)
            left = table.c.deleted_at.is_(None)
            connection.execute(sa.update(table).where(mine, left).values(deleted_at=now))


def _set_aside(
    connection: sa.Connection,
    project_id: int,
    good: Iterable[Item],
    bad: Mapping[Item, str],
    homes: Mapping[int, int],
    now: datetime,
) -> None:
    for kind in ("task", "annotation"):
        _take_back(connection, project_id, kind, (item for k, item in good if k == kind))
    _take_back_of(connection, project_id, (item for k, item in good if k == "task"))
    rows: list[dict[str, object]] = [
        {
            "project_id": project_id,
            "kind": k,
            "item_id": i,
            "task_id": i if k == "task" else homes.get(i),
            "reason": reason,
            "seen_at": now,
        }
        for (k, i), reason in bad.items()
    ]
    upsert(connection, s.set_aside, rows)


def _take_back(
    connection: sa.Connection, project_id: int, kind: str, item_ids: Iterable[int]
) -> None:
    table = s.set_aside
    for chunk in chunks(item_ids):
        connection.execute(
            sa.delete(table).where(
                table.c.project_id == project_id,
                table.c.kind == kind,
                table.c.item_id.in_(chunk),
            )
        )


def _take_back_of(connection: sa.Connection, project_id: int, task_ids: Iterable[int]) -> None:
    """Forget what was set aside of these tasks' annotations: they may be deleted by now."""
    table = s.set_aside
    for chunk in chunks(task_ids):
        connection.execute(
            sa.delete(table).where(
                table.c.project_id == project_id,
                table.c.kind == "annotation",
                table.c.task_id.in_(chunk),
            )
        )


def _evaluating(project_id: int) -> sa.CompoundSelect[Any]:
    """Ids of gold tasks and of the whole draw order up to the reserve's end."""
    return sa.union(
        sa.select(s.gold.c.task_id).where(s.gold.c.project_id == project_id),
        sa.select(s.places.c.task_id).where(s.places.c.project_id == project_id),
    )


def _row(project_id: int, record: Task | Annotation) -> dict[str, object]:
    # Not by asdict, which copies what the result is made of: half of a pull's work.
    return {"project_id": project_id, **vars(record)}


def _revision(project_id: int, a: Annotation, last: Row | None) -> dict[str, object] | None:
    if last is not None and _same(a, last):
        return None
    return {
        "project_id": project_id,
        "annotation_id": a.annotation_id,
        "revision": 0 if last is None else last["revision"] + 1,
        "task_id": a.task_id,
        "annotator": a.annotator,
        "result": a.result,
        "was_cancelled": a.was_cancelled,
        "lead_time": a.lead_time,
        "updated_at": a.updated_at,
    }


def _same(a: Annotation, last: Row) -> bool:
    return (a.result, a.was_cancelled, a.annotator) == (
        last["result"],
        last["was_cancelled"],
        last["annotator"],
    )


def _annotation(row: Row, prefix: str = "") -> Annotation:
    return Annotation(**{name: row[prefix + name] for name in Annotation.__dataclass_fields__})
