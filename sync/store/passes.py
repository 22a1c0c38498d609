"""How the worker stands with each project."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sync.records import PassState
from sync.store import schema as s
from sync.store.base import Base, record
from sync.store.engine import insert


class Passes(Base):
    """One row a project, which each pass writes over."""

    def note_pass(self, project_id: int, **values: Any) -> None:
        """Write down some fields of the project's `PassState`; the others stay as they are."""
        with self._write() as connection:
            row = insert(connection, s.passes).values(project_id=project_id, **values)
            connection.execute(
                row.on_conflict_do_update(index_elements=["project_id"], set_=values)
            )

    def passes(self) -> dict[int, PassState]:
        """How the worker stands with each project that it ever began a pass of."""
        rows = self._rows(sa.select(s.passes).order_by(s.passes.c.project_id))
        return {row["project_id"]: record(PassState, row) for row in rows}

    def pass_state(self, project_id: int) -> PassState | None:
        """How the worker stands with one project; None before its first pass."""
        rows = self._rows(sa.select(s.passes).where(s.passes.c.project_id == project_id))
        return record(PassState, rows[0]) if rows else None
