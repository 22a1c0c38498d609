"""Ids that Label Studio gives a second time.

On SQLite its import numbers tasks and annotations from the largest id that is there, so what is
imported after the newest ones were deleted gets their ids. What had an id before goes on under a
negative one, as deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sync.records import Annotation, Task
from sync.store import schema as s
from sync.store.base import Row, chunks

#: What tells of a task by its id and stays as it is.
_FROZEN = (s.revisions, s.candidates, s.places, s.gold)


def set_tasks_apart(connection: sa.Connection, project_id: int, seen: Sequence[Task]) -> None:
    """Set tasks apart, with their answers and all that was frozen, whose ids other ones have now.

    A task never changes the moment of its creation.
    """
    now_there = {task.task_id: task for task in seen}
    t = s.tasks.c
    columns = (t.task_id, t.created_at, t.updated_at, t.deleted_at)
    reused = [
        row["task_id"]
        for row in _known(connection, project_id, t.task_id, now_there, columns)
        if _is_other(now_there[row["task_id"]], row)
    ]
    set_these_apart(connection, project_id, reused)


def set_these_apart(connection: sa.Connection, project_id: int, task_ids: Iterable[int]) -> None:
    """Set apart what the mirror holds of these tasks: their ids are known to be other ones'."""
    t = s.tasks.c
    found = _known(connection, project_id, t.task_id, task_ids, (t.task_id,))
    moved = _moves(connection, project_id, t.task_id, [row["task_id"] for row in found])
    for old, new in moved.items():
        for table in (s.tasks, s.annotations, *_FROZEN):
            values: dict[str, Any] = {}
            if "deleted_at" in table.c:
                # When it was deleted, if nobody saw it: not before its last change.
                values["deleted_at"] = sa.func.coalesce(table.c.deleted_at, table.c.updated_at)
            _renumber(connection, project_id, table.c.task_id, old, new, values)


def set_apart(
    connection: sa.Connection, project_id: int, seen: Sequence[Annotation], now: datetime
) -> None:
    """Set deleted annotations apart, with their history, whose ids other ones have now.

    An annotation never changes the moment of its creation; it can be moved to another task.
    """
    now_there = {annotation.annotation_id: annotation.created_at for annotation in seen}
    a = s.annotations.c
    columns = (a.annotation_id, a.created_at)
    reused = [
        row["annotation_id"]
        for row in _known(connection, project_id, a.annotation_id, now_there, columns)
        if now_there[row["annotation_id"]] != row["created_at"]
    ]
    for old, new in _moves(connection, project_id, a.annotation_id, reused).items():
        gone = {"deleted_at": sa.func.coalesce(a.deleted_at, now)}
        _renumber(connection, project_id, a.annotation_id, old, new, gone)
        _renumber(connection, project_id, s.revisions.c.annotation_id, old, new, {})


def _is_other(task: Task, row: Row) -> bool:
    if task.created_at is None:
        return False
    if row["created_at"] is None:
        # An older Assay did not keep it: a deleted task that comes back, made after the last
        # that was known of it, is another one.
        return row["deleted_at"] is not None and task.created_at > row["updated_at"]
    return bool(task.created_at != row["created_at"])


def _known(
    connection: sa.Connection,
    project_id: int,
    key: sa.Column[int],
    ids: Iterable[int],
    columns: Iterable[sa.Column[Any]],
) -> list[Row]:
    """Rows of the key's table that have these ids."""
    found: list[Row] = []
    for chunk in chunks(ids):
        mine = (key.table.c.project_id == project_id) & key.in_(chunk)
        found += connection.execute(sa.select(*columns).where(mine)).mappings()
    return found


def _moves(
    connection: sa.Connection, project_id: int, key: sa.Column[int], ids: Sequence[int]
) -> dict[int, int]:
    """A free negative id for each of these."""
    if not ids:
        return {}
    lowest = sa.select(sa.func.min(key)).where(key.table.c.project_id == project_id)
    free = min(connection.scalar(lowest) or 0, 0)
    return dict(zip(ids, range(free - 1, free - 1 - len(ids), -1), strict=True))


def _renumber(
    connection: sa.Connection,
    project_id: int,
    key: sa.Column[int],
    old: int,
    new: int,
    values: dict[str, Any],
) -> None:
    table = key.table
    connection.execute(
        sa.update(table)
        .where(table.c.project_id == project_id, key == old)
        .values({key.name: new, **values})
    )
