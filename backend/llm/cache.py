"""Answers that were given, by a hash of all that was asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from backend.llm.storage import Storage
from sync.records import Json

#: The share of the bound that is kept when it is passed.
_KEPT = 0.9


class Cache:
    """Answers within a bound; those go first that were not asked for the longest time."""

    def __init__(
        self, storage: Storage, megabytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        """0 megabytes keep nothing."""
        self._storage, self._most, self._clock = storage, megabytes * 1_000_000, clock

    def get(self, key: str) -> Json | None:
        """The answer to what has this key."""
        with self._storage.writing() as database:
            row = database.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            database.execute("UPDATE answers SET used = ? WHERE key = ?", (self._clock(), key))
        found: Json = json.loads(row[0])
        return found

    def put(self, key: str, answer: Json) -> None:
        """Keep an answer."""
        text = json.dumps(answer)
        size = len(key) + len(text)
        if size > self._most:
            return
        with self._storage.writing() as database:
            database.execute(
                "INSERT OR REPLACE INTO answers (key, answer, bytes, used) VALUES (?, ?, ?, ?)",
                (key, text, size, self._clock()),
            )
            taken = database.execute("SELECT TOTAL(bytes) FROM answers").fetchone()[0]
            if taken > self._most:
                database.execute(
                    "DELETE FROM answers WHERE key IN (SELECT key FROM (SELECT key, "
                    "SUM(bytes) OVER (ORDER BY used DESC, key) AS so_far FROM answers) "
                    "WHERE so_far > ?)",
                    (self._most * _KEPT,),
                )
