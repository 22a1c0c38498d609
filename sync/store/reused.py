"""Ids that Label Studio gives a second time.

On SQLite its import numbers tasks and annotations from the largest id that is there, so what is
imported after the newest ones were deleted gets their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from sync.records import Annotation
from sync.store import schema as s
from sync.store.base import chunks


def set_apart(
    connection: sa.Connection, project_id: int, seen: Sequence[Annotation], now: datetime
) -> None:
    """Give deleted annotations whose ids other ones have now negative ids, with their history.

    An annotation never changes the moment of its creation; it can be moved to another task.
    """
    now_there = {a.annotation_id: a.created_at for a in seen}
    a = s.annotations.c
    reused: list[int] = []
    for chunk in chunks(now_there):
        statement = sa.select(a.annotation_id, a.created_at).where(
            a.project_id == project_id, a.annotation_id.in_(chunk)
        )
        for row in connection.execute(statement).mappings():
            if now_there[row["annotation_id"]] != row["created_at"]:
                reused.append(row["annotation_id"])
    if not reused:
        return
    lowest = sa.select(sa.func.min(a.annotation_id)).where(a.project_id == project_id)
    free = min(connection.scalar(lowest) or 0, 0)
    for old, new in zip(reused, range(free - 1, free - 1 - len(reused), -1), strict=True):
        values: dict[str, object] = {"deleted_at": sa.func.coalesce(a.deleted_at, now)}
        for table in (s.annotations, s.revisions):
            connection.execute(
                sa.update(table)
                .where(table.c.project_id == project_id, table.c.annotation_id == old)
                .values(annotation_id=new, **values)
            )
            values = {}
