"""Backups of a store in SQLite, while others write to it, and the way back.

PostgreSQL has pg_dump and pg_restore, which do the same.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from sync.errors import ConfigurationError, Fatal
from sync.store.engine import BUSY_SECONDS, private
from sync.store.faults import explained
from sync.store.schema import VERSION
from sync.store.store import Store


def backup(url: str, target: Path) -> None:
    """Copy the store at `url`, as it is at one moment, into a new file that only we may read.

    Raises:
        ConfigurationError: there is no such store, it is not SQLite, or the file exists.
        Fatal: the store is damaged.
        Retriable: a disk is full.
    """
    path = _path(url)
    if not path.is_file():
        raise ConfigurationError(f"there is no store at {path}; check ASSAY_DATABASE_URL")
    if target.exists():
        raise ConfigurationError(f"{target} exists already; give the backup another name")
    _copy_to_new(path, target)


def restore(url: str, source: Path, now: datetime) -> Path | None:
    """Put a backup in the place of the store at `url`, and bring it up to date.

    Args:
        url: of the store.
        source: what `backup` wrote.
        now: the time, to see whether a worker is alive.

    Returns:
        Where the store that was there is kept; None if there was none.

    Raises:
        ConfigurationError: the file is no backup, a newer Assay made it, or a worker is at work.
        Retriable: a disk is full.
    """
    path = _path(url)
    _check(source)
    kept = None
    if path.exists():
        kept = path.with_name(f"{path.name}.replaced-{now.astimezone(UTC):%Y%m%dT%H%M%S}")
        _keep(path, kept, now)
    private(path)
    with _reading(source) as old, _opened(path) as new:
        # One transaction: whoever reads meanwhile sees the one store or the other.
        old.backup(new)
        # Leases of then would keep the workers of now waiting.
        new.execute("DELETE FROM leases")
        new.commit()
    with Store.open(url) as store:
        # A worker that lived on must not take its counts for those of the backup.
        store.renumber(now)
    return kept


def _path(url: str) -> Path:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return Path(parsed.database)
    raise ConfigurationError(
        "ASSAY_DATABASE_URL names no SQLite file: back PostgreSQL up with "
        "pg_dump --format=custom, and restore it with pg_restore --clean --if-exists"
    )


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with explained(), closing(_connect(f"{path.absolute().as_uri()}?mode=ro")) as connection:
        yield connection


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with explained(), closing(_connect(path.absolute().as_uri())) as connection:
        yield connection


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, timeout=BUSY_SECONDS, uri=True)


def _copy_to_new(path: Path, target: Path) -> None:
    """Write the whole copy before it has its name: one that is cut off is not taken for one."""
    part = target.with_name(f"{target.name}.part")
    try:
        # The store holds the keys of the draw.
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with _reading(path) as old, _opened(part) as new:
            old.backup(new)
            # One file, without a log beside it.
            new.execute("PRAGMA journal_mode=DELETE")
            _sound(new, path)
        part.replace(target)
    except OSError as error:
        raise ConfigurationError(
            f"{target} cannot be written: {error.strerror}; name a file in a folder that is "
            "there and may be written"
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _sound(connection: sqlite3.Connection, path: Path) -> None:
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise Fatal(f"{path} is damaged ({said}); bring back an earlier backup")


def _check(source: Path) -> None:
    """Raise unless the file is a whole store that this Assay knows."""
    if not source.is_file():
        raise ConfigurationError(f"there is no file {source}; name one that a backup wrote")
    try:
        with closing(_connect(f"{source.absolute().as_uri()}?mode=ro")) as connection:
            found = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
            _sound(connection, source)
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"{source} is no backup of a store ({error}); name a file that a backup wrote"
        ) from None
    if found is None or int(found[0]) > VERSION:
        newest = found[0] if found else "none"
        raise ConfigurationError(
            f"{source} has schema {newest} and this Assay knows up to {VERSION}: "
            "install the newer Assay that wrote it"
        )


def _keep(path: Path, kept: Path, now: datetime) -> None:
    """Copy the store that is replaced; one that is damaged is moved away as it is."""
    try:
        _refuse_if_at_work(path, now)
        _copy_to_new(path, kept)
    except Fatal as error:
        if isinstance(error, ConfigurationError):
            raise
        path.replace(kept)
        for suffix in ("-wal", "-shm"):
            log = path.with_name(path.name + suffix)
            if log.exists():
                log.replace(kept.with_name(kept.name + suffix))


def _refuse_if_at_work(path: Path, now: datetime) -> None:
    """A worker remembers how far it has read, and would not read again what the backup lacks."""
    with _reading(path) as connection:
        found = connection.execute(
            "SELECT project_id, holder FROM leases WHERE until > ?",
            (f"{now.astimezone(UTC).replace(tzinfo=None):%Y-%m-%d %H:%M:%S.%f}",),
        ).fetchone()
    if found:
        raise ConfigurationError(
            f"{found[1]} works on project {found[0]}: stop every worker and backend, "
            "wait for up to a minute, and restore then"
        )
