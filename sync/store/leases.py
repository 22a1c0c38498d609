"""Who may write for a project: one holder at a time, and no one who lost that right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Self

import sqlalchemy as sa

from sync.errors import LeaseLost
from sync.store import schema as s
from sync.store.base import Base
from sync.store.engine import insert
from sync.store.faults import explained


class Leases(Base):
    """Leases, and stores whose writes each see that theirs is still held."""

    #: Project and holder of the lease that every write depends on; None: on no lease.
    _fence: tuple[int, str] | None = None

    def clock(self) -> datetime:
        """The time by which leases run out: the database server's, where there is a server.

        The clocks of several machines differ, and one that is ahead would take what is held.
        """
        if self._engine.dialect.name != "postgresql":
            return datetime.now(UTC)
        with explained(), self._reader.connect() as connection:
            found: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return found.astimezone(UTC)

    def lease(self, project_id: int, holder: str, now: datetime, seconds: float) -> bool:
        """Take the right to work on a project; False while another one holds it.

        A lease that ends later than any can was taken before the clock was set back: it is free.
        """
        c = s.leases.c
        late = now + timedelta(seconds=2 * seconds)
        free = (c.holder == holder) | (c.until <= now) | (c.until > late)
        values = {"holder": holder, "until": now + timedelta(seconds=seconds)}
        with self._write() as connection:
            # One statement: between a look and a write, another process could take it too.
            statement = insert(connection, s.leases).values(project_id=project_id, **values)
            statement = statement.on_conflict_do_update(
                index_elements=["project_id"], set_=values, where=free
            )
            return connection.execute(statement.returning(c.holder)).first() is not None

    def renew(self, project_id: int, holder: str, now: datetime, seconds: float) -> bool:
        """Keep a lease for longer; False if it is not held any more, and then it is not taken."""
        until = now + timedelta(seconds=seconds)
        with self._write() as connection:
            statement = sa.update(s.leases).where(_held(project_id, holder)).values(until=until)
            return connection.execute(statement).rowcount > 0

    def release(self, project_id: int, holder: str) -> None:
        """Give the right back."""
        with self._write() as connection:
            connection.execute(sa.delete(s.leases).where(_held(project_id, holder)))

    def fenced(self, project_id: int, holder: str) -> Self:
        """This store for the holder of a lease: each write looks in its own transaction for it.

        A process may stand still for longer than its lease lasts; what it then goes on to write
        would undo what the next holder wrote. Such a write raises LeaseLost.
        """
        found = type(self)(self._engine)
        found._fence = (project_id, holder)
        return found

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        with super()._write() as connection:
            if self._fence is not None:
                # The row stays locked until the end, so that nobody takes the lease before it.
                mine = sa.select(s.leases.c.holder).where(_held(*self._fence))
                if connection.execute(mine.with_for_update(read=True)).first() is None:
                    raise LeaseLost(self._fence[0])
            yield connection


def _held(project_id: int, holder: str) -> sa.ColumnElement[bool]:
    return sa.and_(s.leases.c.project_id == project_id, s.leases.c.holder == holder)
