"""The store in a few numbers, for those who watch over it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sync.store import schema as s
from sync.store.base import Base


class Figures(Base):
    """Counts by few values, which cost little however large the projects are."""

    def verdict_figures(self) -> dict[tuple[int, str], int]:
        """Batches of each project by the state of their newest verdict."""
        v = s.verdicts.c
        newest = (
            sa.select(v.project_id, v.batch, sa.func.max(v.sequence).label("sequence"))
            .group_by(v.project_id, v.batch)
            .subquery()
        )
        state = v.verdict["state"].as_string()
        same = [v[name] == newest.c[name] for name in ("project_id", "batch", "sequence")]
        return self._figures(v.project_id, state, s.verdicts.join(newest, sa.and_(*same)))

    def aside_figures(self) -> dict[tuple[int, str], int]:
        """Items of each project that were set aside, by kind."""
        return self._figures(s.set_aside.c.project_id, s.set_aside.c.kind, s.set_aside)

    def job_figures(self) -> dict[tuple[str, str], int]:
        """Jobs by kind and state."""
        return self._figures(s.jobs.c.kind, s.jobs.c.state, s.jobs)

    def held(self, now: datetime) -> set[int]:
        """Projects that a worker or a command works on."""
        rows = self._rows(sa.select(s.leases.c.project_id).where(s.leases.c.until > now))
        return {row["project_id"] for row in rows}

    def _figures(
        self,
        one: sa.ColumnElement[Any],
        other: sa.ColumnElement[Any],
        of: sa.FromClause,
    ) -> dict[tuple[Any, str], int]:
        # By name: PostgreSQL does not see that two expressions with parameters are the same.
        found = sa.select(one.label("one"), other.label("other")).select_from(of).subquery()
        counted = sa.select(found, sa.func.count().label("number"))
        rows = self._rows(counted.group_by(found.c.one, found.c.other))
        return {(row["one"], row["other"]): row["number"] for row in rows}
