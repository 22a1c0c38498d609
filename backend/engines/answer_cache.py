"""What an ML backend answered, kept on disk by task data, label config and version."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sync.generator import Proposal
from sync.store.write_ahead import write_ahead

#: Answers that are kept; the oldest go first. A longer one, in characters, is not kept.
MOST, LONGEST = 200_000, 1_000_000
#: Keys in one statement: below SQLite's limit on parameters.
_CHUNK = 500
#: Seconds to wait for another process.
_PATIENCE = 30.0


class AnswerCache:
    """A table of answers in one file, which threads and processes may share."""

    def __init__(
        self, path: Path | None, most: int = MOST, clock: Callable[[], float] = time.time
    ) -> None:
        """Open the file, or keep answers in memory where there is none.

        Args:
            path: its folder is made where it is missing.
            most: answers that are kept.
            clock: seconds since 1970.
        """
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._most, self._clock = most, clock
        self._lock = threading.Lock()
        self._file = sqlite3.connect(
            path or ":memory:", timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        write_ahead(self._file, _PATIENCE)
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS answers "
            "(key BLOB PRIMARY KEY, at REAL NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID"
        )
        self._file.execute("CREATE INDEX IF NOT EXISTS answers_by_age ON answers (at)")

    def get(self, keys: Sequence[bytes], since: float = 0.0) -> dict[bytes, Proposal]:
        """The answers that are there and no older than `since`, seconds since 1970."""
        found: dict[bytes, Proposal] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT key, answer FROM answers WHERE at >= ? AND key IN ({marks})"  # noqa: S608
            with self._lock:
                rows = self._file.execute(sql, (since, *chunk)).fetchall()
            for key, text in rows:
                answer, reason = json.loads(text)
                found[key] = Proposal(answer=answer, reason=reason)
        return found

    def put(self, answers: Mapping[bytes, Proposal]) -> None:
        """Keep answers and abstentions; a failure is none and may be asked for again."""
        now = self._clock()
        rows = [
            (key, now, text)
            for key, given in answers.items()
            if not given.failed and len(text := json.dumps([given.answer, given.reason])) <= LONGEST
        ]
        if not rows:
            return
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                self._file.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)
                self._file.execute(
                    "DELETE FROM answers WHERE key IN (SELECT key FROM answers ORDER BY at "
                    "LIMIT max(0, (SELECT count(*) FROM answers) - ?))",
                    (self._most,),
                )
            finally:
                self._file.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
