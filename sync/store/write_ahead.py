"""SQLite files that several processes open at the same moment."""

from __future__ import annotations

import sqlite3
import time

#: Seconds between two tries.
_PAUSE = 0.01


def write_ahead(connection: sqlite3.Connection, seconds: float) -> None:
    """Let readers and a writer work side by side; the first to open the file switches it.

    SQLite does not wait for its lock here as it does elsewhere: it fails at once.

    Args:
        connection: just opened.
        seconds: to wait for another process that opens the file.

    Raises:
        sqlite3.OperationalError: the file was locked all that time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
