"""What every part of the store stands on: the engine, reading and writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from sync.store.engine import CHUNK, upsert
from sync.store.faults import explained

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: One row as read: column name to value.
Row = sa.RowMapping
T = TypeVar("T", bound="DataclassInstance")


def chunks(ids: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """The ids in sorted chunks that fit in one IN list."""
    ordered = iter(sorted(set(ids)))
    while chunk := tuple(islice(ordered, CHUNK)):
        yield chunk


def record(kind: type[T], row: Row) -> T:
    """The record of this kind whose fields are columns of the row."""
    return kind(**{name: row[name] for name in kind.__dataclass_fields__})


class Base:
    """Reads see one snapshot; writes are one transaction each."""

    def __init__(self, engine: sa.Engine) -> None:
        """Keep the engine; `Store.open` makes one."""
        self._engine = engine
        self._reader = engine.execution_options(readonly=True)

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        with explained(), self._engine.begin() as connection:
            yield connection

    def _rows(self, statement: sa.Select[Any] | sa.CompoundSelect[Any]) -> Sequence[Row]:
        with explained(), self._reader.connect() as connection:
            return connection.execute(statement).mappings().all()

    def _put(self, table: sa.Table[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        with self._write() as connection:
            upsert(connection, table, rows)
