"""What a database said, by what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from sync.errors import ConfigurationError, Retriable

#: SQLSTATE classes of PostgreSQL that pass: connection, deadlock, resources, lock, shutdown.
_PASSING = ("08", "40", "53", "55", "57")


@contextmanager
def explained() -> Iterator[None]:
    """Turn the failures that pass by themselves into Retriable; the others are bugs."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if not _passes(error):
            raise
        raise Retriable(f"the store is busy or out of reach: {_said(error)}") from error
    except ConnectionError as error:
        # The driver for PostgreSQL lets some of these through as they are.
        raise Retriable(f"the store is out of reach: {error}") from error


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
        text = f"the store {where} cannot be opened: {_said(error)}"
        if isinstance(error, sa.exc.DBAPIError) and _passes(error) and not _misplaced(error):
            raise Retriable(text) from None
        raise ConfigurationError(f"{text}; check ASSAY_DATABASE_URL") from None


def _passes(error: sa.exc.DBAPIError) -> bool:
    state = _state(error)
    if state:
        return state.startswith(_PASSING)
    # The driver for PostgreSQL calls a lost connection an InterfaceError, SQLite a full disk
    # or a lock an OperationalError.
    return isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError))


def _misplaced(error: sa.exc.DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_CANTOPEN")


def _state(error: sa.exc.DBAPIError) -> str:
    """PostgreSQL's SQLSTATE, where the server itself answered."""
    fields = _fields(error)
    return str(fields.get("C", "")) if fields else ""


def _said(error: sa.exc.DBAPIError | OSError) -> str:
    if isinstance(error, OSError):
        return str(error)
    fields = _fields(error)
    return str(fields.get("M")) if fields else str(error.orig)


def _fields(error: sa.exc.DBAPIError) -> dict[str, object] | None:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], dict) else None
