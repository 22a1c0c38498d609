"""What a database said, by what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from sync.errors import AssayError, ConfigurationError, Fatal, Retriable

_Kind = type[AssayError]
_Error = sa.exc.DBAPIError | sqlite3.Error | OSError

_ROOM = Retriable, "free space on its disk, and the work goes on"
_WAIT = (
    Retriable,
    "another process has been writing for too long; wait until it ends, or use PostgreSQL "
    "where several write",
)
_AWAY = Retriable, "PostgreSQL is out of reach; see that it runs and that the network lets through"
_DAMAGED = Fatal, "the file is no store or damaged; bring back a backup by assay store restore FILE"

#: What to do, by how the database's code begins: SQLite's names, PostgreSQL's SQLSTATE. Of two
#: that fit, the first. A code that is not here is a fault of ours, or of who changed the tables.
_KNOWN: tuple[tuple[str, tuple[_Kind, str]], ...] = (
    ("SQLITE_BUSY", _WAIT),
    ("SQLITE_LOCKED", _WAIT),
    ("SQLITE_PROTOCOL", _WAIT),
    ("SQLITE_FULL", _ROOM),
    ("SQLITE_READONLY", (Fatal, "give this user the right to write the file and its folder")),
    ("SQLITE_CORRUPT", _DAMAGED),
    ("SQLITE_NOTADB", _DAMAGED),
    ("SQLITE_IOERR", (Retriable, "look at the disk of the store: it fails to read or write")),
    ("SQLITE_CANTOPEN", (Retriable, "see that the folder of the store is there and may be read")),
    ("SQLITE_NOMEM", (Retriable, "give the process more memory")),
    ("08", _AWAY),
    ("25006", (Fatal, "this PostgreSQL only reads; name the primary in ASSAY_DATABASE_URL")),
    ("40", (Retriable, "two writers were in each other's way; the next try goes on")),
    ("42501", (Fatal, "grant this account the rights to the tables of the store")),
    ("53100", _ROOM),
    ("53300", (Retriable, "raise max_connections of PostgreSQL, or run fewer processes")),
    ("53", (Retriable, "give PostgreSQL more of what it lacks")),
    ("55", _WAIT),
    ("57", (Retriable, "PostgreSQL stops, starts or ended this; see that it runs")),
)
_POOL = (
    "all connections of this process to the store have been in use for too long; see what else "
    "it does, and whether the database is slow"
)


@contextmanager
def explained() -> Iterator[None]:
    """Turn the failures of a database into sentences with a remedy.

    Raises:
        Retriable: it may pass: a lock, a full disk, a connection, a restart.
        Fatal: it will not: no right to write, a damaged file, a fault of ours.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise Retriable(_POOL) from error
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        known = _known(error)
        if known is None:
            # Of a fault of ours only the names: the rest may quote what was to be written.
            raise Fatal(_refused(error)) from None
        kind, remedy = known
        raise kind(f"the store fails ({_said(error)}): {remedy}") from error
    except (ConnectionError, TimeoutError) as error:
        # The driver for PostgreSQL lets some of these through as they are.
        raise Retriable(f"the store fails ({_why(error)}): {_AWAY[1]}") from error


@contextmanager
def opening(where: str) -> Iterator[None]:
    """Say what keeps the store at `where` from being opened.

    Raises:
        ConfigurationError: the place, the account or the file is wrong.
        Retriable: the database is busy or does not answer.
    """
    try:
        yield
    except (sa.exc.DBAPIError, OSError) as error:
        text = f"the store {where} cannot be opened ({_said(error)})"
        known = _known(error)
        if known is None or _code(error).startswith("SQLITE_CANTOPEN"):
            raise ConfigurationError(f"{text}; check ASSAY_DATABASE_URL") from None
        kind, remedy = known
        if issubclass(kind, Retriable):
            raise Retriable(f"{text}: {remedy}") from None
        raise ConfigurationError(f"{text}: {remedy}; check ASSAY_DATABASE_URL") from None


def _known(error: _Error) -> tuple[_Kind, str] | None:
    code = _code(error)
    if not code:
        # A lost connection has no code: the server could not say any more.
        lost = isinstance(error, sa.exc.InterfaceError) and not _of_sqlite(error)
        return _AWAY if lost else None
    return next((known for prefix, known in _KNOWN if code.startswith(prefix)), None)


def _code(error: _Error) -> str:
    """SQLite's name of the error, or PostgreSQL's SQLSTATE where the server itself answered."""
    fields = _fields(error)
    if fields:
        return str(fields.get("C", ""))
    return str(getattr(_raised(error), "sqlite_errorname", ""))


def _said(error: _Error) -> str:
    fields, raised = _fields(error), _raised(error)
    if fields:
        return str(fields.get("M"))
    # The driver puts words of its own around what the system said.
    return _why(raised.__cause__) if isinstance(raised.__cause__, OSError) else str(raised)


def _why(error: OSError) -> str:
    return error.strerror or "no answer in time"


def _refused(error: _Error) -> str:
    fields = _fields(error) or {}
    names = [str(fields[name]) for name in "tcn" if name in fields]
    what = " ".join([_code(error) or type(_raised(error)).__name__, *names])
    return (
        f"the store refuses a statement of Assay ({what}): see that nobody changed its tables, "
        "and report it"
    )


def _fields(error: _Error) -> dict[str, object] | None:
    arguments = _raised(error).args
    return arguments[0] if arguments and isinstance(arguments[0], dict) else None


def _raised(error: _Error) -> BaseException:
    """What the driver raised."""
    orig = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    return orig or error


def _of_sqlite(error: _Error) -> bool:
    return isinstance(_raised(error), sqlite3.Error)
