"""What the store holds in numbers, who works on what, and how the database itself stands."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sync.records import Counts, LeaseState
from sync.store import schema as s
from sync.store.base import Base
from sync.store.faults import explained


class Accounts(Base):
    """Short answers to what people ask of the store; none of them reads tasks one by one."""

    def counts(self) -> dict[int, Counts]:
        """How much there is of each project that anything is known of."""
        parts = {
            "all_tasks": _count(s.tasks),
            "deleted_tasks": _count(s.tasks, s.tasks.c.deleted_at.is_not(None)),
            "all_annotations": _count(s.annotations),
            "deleted_annotations": _count(s.annotations, s.annotations.c.deleted_at.is_not(None)),
            "gold": _count(s.gold),
            "candidates": _count(s.candidates),
            "set_aside": _count(s.set_aside),
        }
        # One statement is one snapshot.
        found: defaultdict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(parts, 0))
        statement = sa.union_all(
            *(query.add_columns(sa.literal(name).label("what")) for name, query in parts.items())
        )
        for row in self._rows(statement):
            found[row["project_id"]][row["what"]] = row["n"]
        return {project_id: _counts(**values) for project_id, values in found.items()}

    def leases(self) -> dict[int, LeaseState]:
        """Who works on each project, or did last."""
        rows = self._rows(sa.select(s.leases))
        return {
            row["project_id"]: LeaseState(holder=row["holder"], until=row["until"]) for row in rows
        }

    @property
    def schema(self) -> int:
        """The version of its tables, which opening it brings up to date."""
        return s.VERSION

    @property
    def file(self) -> Path | None:
        """Where the store is, if it is a file of SQLite."""
        url = self._engine.url
        return Path(url.database) if self._is_sqlite and url.database else None

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def try_write(self) -> None:
        """Write something and take it back.

        Raises:
            Fatal: the database does not let us write.
            Retriable: it is busy, full or out of reach.
        """
        row = {"key": "a word that was never kept", "value": ""}
        with explained(), self._engine.connect() as connection:
            # What is not committed is gone with the connection.
            connection.execute(sa.insert(s.meta).values(row))


def _count(table: sa.Table[Any], *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    columns = table.c.project_id, sa.func.count().label("n")
    return sa.select(*columns).where(*conditions).group_by(table.c.project_id)


def _counts(*, all_tasks: int, all_annotations: int, **others: int) -> Counts:
    return Counts(
        tasks=all_tasks - others["deleted_tasks"],
        annotations=all_annotations - others["deleted_annotations"],
        **others,
    )
