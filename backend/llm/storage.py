"""What the engine keeps for a project: one SQLite file, or memory where there is no folder."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.errors import Fatal
from sync.store.write_ahead import write_ahead

FILE = "llm.sqlite"
#: Seconds to wait for another process.
_PATIENCE = 30.0

_TABLES = """
CREATE TABLE IF NOT EXISTS spent (
    model TEXT PRIMARY KEY, requests INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,
    remembered INTEGER NOT NULL DEFAULT 0, cost REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, answer TEXT NOT NULL, bytes INTEGER NOT NULL, used REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answers_used ON answers (used);
"""


class Storage:
    """A database that threads and processes share."""

    def __init__(self, folder: Path | None) -> None:
        """The folder is made if it is not there.

        Raises:
            Fatal: the file is broken.
        """
        place = ":memory:"
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            place = str(folder / FILE)
            # Answers quote tasks: for the user's eyes only.
            os.close(os.open(place, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            place, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            write_ahead(self._connection, _PATIENCE)
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_TABLES)
        except sqlite3.DatabaseError:
            self._connection.close()
            # What was spent stands in it, so it is not begun anew in silence.
            raise Fatal(
                f"{place} cannot be read: restore it, or delete it with the account in it"
            ) from None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone among threads and processes."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
