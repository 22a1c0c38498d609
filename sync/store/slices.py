"""What a comparison with Label Studio reads of the mirror: a stretch of task ids at a time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sync.records import Annotation, Task
from sync.store import schema as s
from sync.store.base import Base, Row, chunks, record
from sync.store.engine import upsert

#: A task's `updated_at` and the number of its annotations, skips counted too.
Stamp = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How far the reading of a project has come, beside its cursor."""

    #: The walk under way reads what changed at or after this; None is everything.
    since: datetime | None = None
    #: The cursor when that walk is done; None where no walk is under way.
    until: datetime | None = None
    #: The last task id that the walk has read.
    after: int = 0
    #: When the pull began that reached the cursor, by our clock.
    reached: datetime | None = None
    #: True once all that could still be committed behind the cursor was looked for.
    settled: bool = False


class Slices(Base):
    """Reads the mirror in the order of task ids, and remembers how far a pull has come."""

    def reading(self, project_id: int) -> Reading:
        """How far the reading of a project has come."""
        rows = self._rows(sa.select(s.meta.c.value).where(s.meta.c.key == _key(project_id)))
        return _reading(rows[0]["value"]) if rows else Reading()

    def save_reading(self, project_id: int, reading: Reading) -> None:
        """Remember how far the reading of a project has come."""
        with self._write() as connection:
            put_reading(connection, project_id, reading)

    def count_tasks(self, project_id: int, after: int = 0, upto: int | None = None) -> int:
        """Number of tasks that Label Studio should hold: those in the mirror and those set aside.

        Deleted ones do not count, nor ids up to `after` or beyond `upto`.
        """
        live = _ids(project_id, after, upto)
        a = s.set_aside.c
        mine = (a.project_id == project_id) & (a.kind == "task") & (a.item_id > after)
        aside = sa.select(a.item_id).where(mine, a.item_id.not_in(live))
        if upto is not None:
            aside = aside.where(a.item_id <= upto)
        number = sa.func.count().label("n")
        found = [self._rows(sa.select(number).select_from(q.subquery())) for q in (live, aside)]
        return sum(int(rows[0]["n"]) for rows in found)

    def nth_task(self, project_id: int, after: int, upto: int | None, n: int) -> int | None:
        """The id of task `n`, from 0, beyond `after` up to `upto`; None if there are fewer."""
        ordered = _ids(project_id, after, upto).order_by(s.tasks.c.task_id)
        rows = self._rows(ordered.limit(1).offset(n))
        return rows[0]["task_id"] if rows else None

    def twins(self, project_id: int, task_ids: Iterable[int]) -> list[int]:
        """Ids of tasks, not deleted, that have the data of one of these which had answers."""
        one, other, a = s.tasks.alias(), s.tasks.alias(), s.annotations.c
        answered = sa.exists().where(a.project_id == project_id, a.task_id == one.c.task_id)
        found: set[int] = set()
        for chunk in chunks(task_ids):
            same = (other.c.project_id == project_id) & (other.c.data_hash == one.c.data_hash)
            statement = (
                sa.select(other.c.task_id)
                .join(one, same)
                .where(one.c.project_id == project_id, one.c.task_id.in_(chunk), answered)
                .where(other.c.deleted_at.is_(None))
            )
            found.update(row["task_id"] for row in self._rows(statement))
        return sorted(found)

    def stamps(self, project_id: int, after: int, upto: int | None, limit: int) -> dict[int, Stamp]:
        """By task id, the first `limit` tasks beyond `after` up to `upto` that are not deleted."""
        t, a = s.tasks, s.annotations
        page = (
            _ids(project_id, after, upto)
            .add_columns(t.c.updated_at)
            .order_by(t.c.task_id)
            .limit(limit)
            .subquery()
        )
        on = (a.c.project_id == project_id) & (a.c.task_id == page.c.task_id)
        statement = (
            sa.select(page, sa.func.count(a.c.annotation_id).label("annotations"))
            .outerjoin(a, on & a.c.deleted_at.is_(None))
            .group_by(page.c.task_id, page.c.updated_at)
            .order_by(page.c.task_id)
        )
        rows = self._rows(statement)
        return {row["task_id"]: (row["updated_at"], int(row["annotations"])) for row in rows}

    def stretch(
        self, project_id: int, after: int, upto: int | None
    ) -> dict[int, tuple[Task, dict[int, Annotation]]]:
        """By task id, tasks beyond `after` up to `upto` with their annotations by id.

        Deleted ones are left out; None is without an end.
        """
        found: dict[int, tuple[Task, dict[int, Annotation]]] = {}
        for row in self._rows(_stretch(s.tasks, project_id, after, upto)):
            found[row["task_id"]] = (record(Task, row), {})
        for row in self._rows(_stretch(s.annotations, project_id, after, upto)):
            if row["task_id"] in found:
                found[row["task_id"]][1][row["annotation_id"]] = record(Annotation, row)
        return found

    def last_revisions(self, project_id: int, annotation_ids: Iterable[int]) -> dict[int, Row]:
        """By annotation id, the last state that its history holds."""
        with self._reader.connect() as connection:
            return latest(connection, project_id, annotation_ids)

    def aside_ids(self, project_id: int) -> dict[str, set[int]]:
        """Ids of what was set aside, by kind."""
        found: dict[str, set[int]] = defaultdict(set)
        a = s.set_aside
        for row in self._rows(sa.select(a.c.kind, a.c.item_id).where(a.c.project_id == project_id)):
            found[row["kind"]].add(row["item_id"])
        return found


def latest(
    connection: sa.Connection, project_id: int, annotation_ids: Iterable[int]
) -> dict[int, Row]:
    """By annotation id, the last revision."""
    r = s.revisions
    found: dict[int, Row] = {}
    for chunk in chunks(annotation_ids):
        mine = (r.c.project_id == project_id) & r.c.annotation_id.in_(chunk)
        last = (
            sa.select(r.c.annotation_id, sa.func.max(r.c.revision).label("revision"))
            .where(mine)
            .group_by(r.c.annotation_id)
            .subquery()
        )
        on = (r.c.annotation_id == last.c.annotation_id) & (r.c.revision == last.c.revision)
        for row in connection.execute(sa.select(r).join(last, on).where(mine)).mappings():
            found[row["annotation_id"]] = row
    return found


def put_reading(connection: sa.Connection, project_id: int, reading: Reading) -> None:
    """Remember how far the reading of a project has come, within a transaction."""
    values = {k: _text(v) for k, v in asdict(reading).items()}
    upsert(connection, s.meta, [{"key": _key(project_id), "value": json.dumps(values)}])


def _key(project_id: int) -> str:
    return f"reading:{project_id}"


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _reading(text: str) -> Reading:
    values = json.loads(text)
    for name in ("since", "until", "reached"):
        if values[name] is not None:
            values[name] = datetime.fromisoformat(values[name])
    return Reading(**values)


def _ids(project_id: int, after: int, upto: int | None) -> sa.Select[tuple[int]]:
    """Ids of the tasks beyond `after` up to `upto` that are not deleted."""
    t = s.tasks.c
    found = sa.select(t.task_id).where(
        t.project_id == project_id, t.task_id > after, t.deleted_at.is_(None)
    )
    return found if upto is None else found.where(t.task_id <= upto)


def _stretch(table: sa.Table[Any], project_id: int, after: int, upto: int | None) -> sa.Select[Any]:
    statement = sa.select(table).where(
        table.c.project_id == project_id, table.c.task_id > after, table.c.deleted_at.is_(None)
    )
    return statement if upto is None else statement.where(table.c.task_id <= upto)
