"""Which tasks a reading is about: those that people were asked about, or some by their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from sync.records import Json, Place, Result
from sync.store import schema as s
from sync.store.base import chunks


@dataclass(frozen=True)
class Asked:
    """The tasks of a batch's draw order, or the project's gold tasks."""

    #: Name of the batch; None for gold.
    batch: str | None = None


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A place of the draw order with what was frozen of its task, and how the task is now."""

    place: Place
    #: The candidate; None where there is none.
    result: Result | None
    #: SHA-256 of the task's data, as `Task` has it.
    data_hash: str
    #: The task's data now and its hash; None where it is deleted.
    data: Json | None
    hash_now: str | None


def among(
    project_id: int, key: sa.ColumnElement[int], tasks: Iterable[int] | Asked
) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions that together find the rows of these tasks, each for a statement of its own.

    Args:
        project_id: the tasks' project.
        key: the column of the task id.
        tasks: their ids, or who was asked: then the database looks the ids up itself, which
            costs a tenth of sending thousands of them.
    """
    if not isinstance(tasks, Asked):
        yield from (key.in_(chunk) for chunk in chunks(tasks))
    elif tasks.batch is None:
        yield key.in_(sa.select(s.gold.c.task_id).where(s.gold.c.project_id == project_id))
    else:
        p = s.places.c
        mine = (p.project_id == project_id) & (p.batch == tasks.batch)
        yield key.in_(sa.select(p.task_id).where(mine))
