"""One class for all that Assay remembers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa

from sync.records import Project
from sync.store import schema as s
from sync.store.accounts import Accounts
from sync.store.base import record
from sync.store.engine import make_engine
from sync.store.evidence import Evidence
from sync.store.figures import Figures
from sync.store.jobs import Jobs
from sync.store.leases import Leases
from sync.store.ledger import Ledger
from sync.store.mirror import Mirror
from sync.store.passes import Passes


class Store(Leases, Mirror, Ledger, Evidence, Passes, Figures, Accounts, Jobs):
    """Assay's memory, on SQLite or PostgreSQL; safe to share between processes."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the store at an SQLAlchemy URL, with its tables made or brought up to date.

        Raises:
            ConfigurationError: no known kind of database, or a schema from the future.
            Retriable: the database cannot be reached.
        """
        return cls(make_engine(url))

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def save_project(self, project: Project) -> None:
        """Add a project or replace what is known of it."""
        self._put(s.projects, [asdict(project)])

    def update_project(self, project_id: int, **values: Any) -> None:
        """Change some of what is known of a project."""
        with self._write() as connection:
            connection.execute(
                sa.update(s.projects).where(s.projects.c.project_id == project_id).values(**values)
            )

    def project(self, project_id: int) -> Project | None:
        """The project, if Assay is connected to it."""
        rows = self._rows(sa.select(s.projects).where(s.projects.c.project_id == project_id))
        return record(Project, rows[0]) if rows else None

    def projects(self) -> list[Project]:
        """All connected projects, by id."""
        rows = self._rows(sa.select(s.projects).order_by(s.projects.c.project_id))
        return [record(Project, row) for row in rows]

    def forget_project(self, project_id: int) -> None:
        """Disconnect: the project's row goes, its evidence stays."""
        with self._write() as connection:
            connection.execute(sa.delete(s.projects).where(s.projects.c.project_id == project_id))

    def hint(self, project_id: int, when: datetime) -> None:
        """Remember that Label Studio told of a change, so that the worker looks sooner."""
        self.update_project(project_id, hinted_at=when)

    def webhook_secrets(self) -> dict[int, str]:
        """The secret of each connected project."""
        c = s.projects.c
        rows = self._rows(sa.select(c.project_id, c.webhook_secret))
        return {row["project_id"]: row["webhook_secret"] for row in rows}

    def hints(self) -> dict[int, datetime | None]:
        """The connected projects, each with when Label Studio last told of a change."""
        c = s.projects.c
        rows = self._rows(sa.select(c.project_id, c.hinted_at).order_by(c.project_id))
        return {row["project_id"]: row["hinted_at"] for row in rows}
