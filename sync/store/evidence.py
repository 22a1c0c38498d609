"""How often the evidence of each frozen batch changed, so that only what changed is judged anew.

Whoever writes what a verdict rests on raises the count of its batch in the same transaction. What
rests in the row of the batch itself needs no count: whoever judges reads that row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sync.store import schema as s
from sync.store.base import Base, chunks


@dataclass(frozen=True)
class Mark:
    """How a batch stands; what was read after it is at least as new."""

    #: How often its evidence changed.
    changes: int
    #: The number of its newest verdict; None before the first.
    verdict: int | None


class Evidence(Base):
    """Tells which batches changed."""

    def marks(self, project_id: int) -> dict[str, Mark]:
        """How each frozen batch stands, by its name."""
        b, v = s.batches.c, s.verdicts.c
        newest = (
            sa.select(sa.func.max(v.sequence))
            .where(v.project_id == b.project_id, v.batch == b.name)
            .scalar_subquery()
        )
        statement = sa.select(b.name, b.evidence, newest.label("newest"))
        rows = self._rows(statement.where(b.project_id == project_id))
        return {row["name"]: Mark(row["evidence"], row["newest"]) for row in rows}

    def renumber(self, now: datetime) -> None:
        """Begin to count from a number that there never was: the store is another one now."""
        with self._write() as connection:
            values = {"evidence": int(now.timestamp() * 1e6)}
            connection.execute(sa.update(s.batches).values(values))


def changed(connection: sa.Connection, project_id: int, names: Collection[str | None]) -> None:
    """Count a change of the evidence of these batches; None stands for gold, and so for all."""
    if not names:
        return
    b = s.batches.c
    theirs = b.project_id == project_id
    if None not in names:
        theirs &= b.name.in_(sorted(name for name in names if name is not None))
    # Locked in one order, so that two writers cannot deadlock.
    found = connection.scalars(sa.select(b.name).where(theirs).order_by(b.name).with_for_update())
    for name in found.all():
        mine = (b.project_id == project_id) & (b.name == name)
        connection.execute(sa.update(s.batches).where(mine).values(evidence=b.evidence + 1))


@contextmanager
def counting(
    connection: sa.Connection,
    project_id: int,
    task_ids: Iterable[int],
    annotation_ids: Iterable[int] = (),
) -> Iterator[None]:
    """Count a change of each batch in whose evidence the writes inside change anything.

    What was read before is read again and again, so that it is not enough to be written.

    Args:
        connection: with the transaction of the writes.
        project_id: the tasks' project.
        task_ids: of all tasks that are written.
        annotation_ids: of all annotations that are written.
    """
    mine = s.batches.c.project_id == project_id
    if connection.scalar(sa.select(s.batches.c.name).where(mine).limit(1)) is None:
        yield
        return
    ids = _behind(connection, project_id, set(task_ids), annotation_ids)
    before = _seen(connection, project_id, ids)
    yield
    after = _seen(connection, project_id, ids)
    names = {name for name in before.keys() | after.keys() if before[name] != after[name]}
    changed(connection, project_id, names)


def _behind(
    connection: sa.Connection, project_id: int, task_ids: set[int], annotation_ids: Iterable[int]
) -> set[int]:
    """These tasks and all where one of the annotations was first submitted: it may have moved."""
    r, a = s.revisions.c, s.annotations.c
    first = sa.select(r.task_id).where(r.project_id == project_id, r.revision == 0)
    found = set(task_ids)
    for chunk in chunks(annotation_ids):
        found.update(connection.scalars(first.where(r.annotation_id.in_(chunk))))
    for chunk in chunks(task_ids):
        there = sa.select(a.annotation_id).where(a.project_id == project_id, a.task_id.in_(chunk))
        found.update(connection.scalars(first.where(r.annotation_id.in_(there))))
    return found


def _seen(
    connection: sa.Connection, project_id: int, task_ids: set[int]
) -> defaultdict[str | None, dict[int, set[Any]]]:
    """By batch, and None for gold, what evidence takes of these of its tasks."""
    found: defaultdict[str | None, dict[int, set[Any]]] = defaultdict(dict)
    for chunk in chunks(task_ids):
        asked = _asked(connection, project_id, chunk)
        states = _states(connection, project_id, {task_id for _, task_id in asked})
        for name, task_id in asked:
            found[name][task_id] = states[task_id]
    return found


def _asked(
    connection: sa.Connection, project_id: int, task_ids: Collection[int]
) -> list[tuple[str | None, int]]:
    p, g = s.places.c, s.gold.c
    drawn = sa.select(p.batch, p.task_id).where(p.project_id == project_id, p.task_id.in_(task_ids))
    found: list[tuple[str | None, int]] = [(row[0], row[1]) for row in connection.execute(drawn)]
    gold = sa.select(g.task_id).where(g.project_id == project_id, g.task_id.in_(task_ids))
    return found + [(None, task_id) for task_id in connection.scalars(gold)]


def _states(
    connection: sa.Connection, project_id: int, task_ids: Collection[int]
) -> defaultdict[int, set[Any]]:
    """By task, what may change of its evidence.

    A first submission under its id never does. The hash stands for the data: it leaves out
    Assay's own queue field only.
    """
    found: defaultdict[int, set[Any]] = defaultdict(set)
    if not task_ids:
        return found
    t, a, r = s.tasks.c, s.annotations.c, s.revisions.c
    tasks = sa.select(t.task_id, t.data_hash).where(
        t.project_id == project_id, t.task_id.in_(task_ids), t.deleted_at.is_(None)
    )
    for task_id, data_hash in connection.execute(tasks):
        found[task_id].add(data_hash)
    later = s.revisions.alias().c
    edits = (
        sa.select(sa.func.max(later.revision))
        .where(later.project_id == project_id, later.annotation_id == r.annotation_id)
        .scalar_subquery()
    )
    same = (a.project_id == r.project_id) & (a.annotation_id == r.annotation_id)
    answers = (
        sa.select(r.task_id, r.annotation_id, a.deleted_at.is_(None), edits)
        .join_from(s.revisions, s.annotations, same)
        .where(r.project_id == project_id, r.revision == 0, r.task_id.in_(task_ids))
    )
    for task_id, *answer in connection.execute(answers):
        found[task_id].add(tuple(answer))
    return found
