"""Engines for the two databases, and the upsert that both understand."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from sync.errors import ConfigurationError
from sync.store.faults import opening
from sync.store.schema import VERSION, meta, metadata
from sync.store.write_ahead import write_ahead

#: Seconds that a writer waits for another one.
BUSY_SECONDS = 30
#: Seconds of silence after which PostgreSQL counts as out of reach.
SILENT_SECONDS = 120
#: Rows in one INSERT: far below both databases' limit on parameters.
CHUNK = 500
#: PostgreSQL's number of the type timestamptz.
_TIMESTAMPTZ = 1184
#: Names the lock under which PostgreSQL's tables are made; any number that nobody else uses.
_MAKING_TABLES = 0x4153_5341_59


def make_engine(url: str) -> sa.Engine:
    """An engine on `url` whose tables exist and whose schema this version understands.

    Raises:
        ConfigurationError: the URL is no database that there is, or its schema is newer.
        Retriable: the database cannot be reached.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError(_not_a_url(url)) from None
    with opening(parsed.render_as_string(hide_password=True)):
        if parsed.get_backend_name() == "sqlite":
            engine = _sqlite(parsed)
        elif parsed.get_backend_name() == "postgresql":
            engine = _postgresql(parsed)
        else:
            raise ConfigurationError(_not_a_url(url))
        try:
            _prepare(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _not_a_url(url: str) -> str:
    kind = url.split(":", 1)[0]
    return (
        f"ASSAY_DATABASE_URL, which begins with {kind!r}, is not understood: allowed are "
        "sqlite:///FILE and "
        "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    )


def _sqlite(url: sa.URL) -> sa.Engine:
    if url.database:
        private(Path(url.database))
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver's own transactions begin too late and lose concurrent updates.
        connection.isolation_level = None
        write_ahead(connection, BUSY_SECONDS)
        # What was frozen or first seen cannot be had again, so a commit outlives a power cut.
        connection.execute("PRAGMA synchronous=FULL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        readonly = connection.get_execution_options().get("readonly", False)
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine


def private(path: Path) -> None:
    """Make the file of a store, which holds secret keys, for its owner alone; or let it be.

    Raises:
        OSError: it cannot be made there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if str(path) != ":memory:" and not path.exists():
        path.touch(mode=0o600)


def _postgresql(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url.set(drivername="postgresql+pg8000"),
        connect_args={"timeout": SILENT_SECONDS},
        # A connection that a restart of the server cut is found before it is used.
        pool_pre_ping=True,
        hide_parameters=True,
    )
    logging.getLogger(f"{sa.QueuePool.__module__}.{sa.QueuePool.__name__}").addFilter(_is_news)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.register_in_adapter(_TIMESTAMPTZ, _moment)
        cursor = connection.cursor()
        # Who stands still within a transaction, or is gone, must not lock others out for ever.
        for limit in ("lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SET {limit} = {BUSY_SECONDS * 1000:.0f}")
        cursor.close()
        connection.commit()

    return engine


def _is_news(record: logging.LogRecord) -> bool:
    """That a lost connection cannot be closed either is none: whoever used it says it is lost."""
    from pg8000.exceptions import InterfaceError

    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, OSError | InterfaceError)


def _moment(text: str) -> Any:
    """A timestamptz as the driver reads it, which takes ten times as long by strptime."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # infinity, or beyond Python's years
        from pg8000.converters import timestamptz_in

        return timestamptz_in(text)


def _prepare(engine: sa.Engine) -> None:
    with engine.execution_options(readonly=True).connect() as connection:
        # Nearly always all is there: then nobody waits for a lock, and Alembic stays unloaded.
        if _schema(connection) == VERSION:
            return
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Backend and worker start together: only one of them makes the tables.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING_TABLES)))
        found = _schema(connection)
        if found is None:
            metadata.create_all(connection)
        elif found > VERSION:
            raise ConfigurationError(
                f"the store has schema {found} and this Assay knows up to {VERSION}: "
                "install the newer Assay that wrote it"
            )
        elif found < VERSION:
            from sync.store.migrations import migrate

            migrate(connection, found)
        upsert(connection, meta, [{"key": "schema", "value": str(VERSION)}])


def _schema(connection: sa.Connection) -> int | None:
    """The version of the tables; None where there are none."""
    if not sa.inspect(connection).has_table(meta.name):
        return None
    found = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema"))
    return None if found is None else int(found)


def upsert(
    connection: sa.Connection, table: sa.Table[Any], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Insert `rows`, replacing those whose primary key is there; of two with one key, the last.

    Rows are written in the order of their keys, so that two writers cannot deadlock.
    """
    statement = insert(connection, table)
    others = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    names = [column.name for column in table.primary_key]
    statement = statement.on_conflict_do_update(index_elements=names, set_=others)
    written: sa.Executable = statement
    if connection.dialect.name == "postgresql":
        # Whoever returns something is sent with many rows at once: otherwise each row would
        # wait for the answer to the one before.
        written = statement.returning(sa.literal_column("1"))
    by_key = {tuple(row[name] for name in names): row for row in rows}
    ordered = [dict(by_key[key]) for key in sorted(by_key)]
    for start in range(0, len(ordered), CHUNK):
        connection.execute(written, ordered[start : start + CHUNK])


def insert(connection: sa.Connection, table: sa.Table[Any]) -> postgresql.Insert | sqlite.Insert:
    """The database's own INSERT, which knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
