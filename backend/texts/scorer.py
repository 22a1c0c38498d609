"""Margins of texts by a model that was learned, with numpy alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.texts.features import runs_of
from backend.texts.lexicon import Distinct, Lexicon, Text
from backend.texts.solver import Array
from backend.texts.words import Hashes, Indices, pair_hashes

#: Texts and characters that are looked at together, which bounds what a request can occupy.
_TEXTS, _CHARACTERS = 256, 200_000
#: Bytes of words' sums that are remembered.
_REMEMBERED = 24 << 20


class Scorer:
    """A text is a sum over its words and pairs of neighbours; a word's sum is remembered.

    A word's sum is a row: what its runs of characters give to each column, their squared length,
    what the word itself gives to each column, its squared length.
    """

    def __init__(self, learned: Mapping[str, Any], fields: int) -> None:
        """Read what `learned` gives, where texts have so many fields."""
        self._runs, self._words, self._pairs = (
            _Table(learned[f"{sort}_hashes"], learned[f"{sort}_rows"], float(learned["rare"]))
            for sort in ("runs", "words", "pairs")
        )
        self._bias = np.asarray(learned["bias"], np.float32)
        self._fields, self._width = fields, self._runs.rows.shape[1]
        self._lock = threading.Lock()
        self._lexicon, self._sums, self._hashes = self._empty()

    def margins(self, texts: Sequence[Text]) -> npt.NDArray[np.float64]:
        """One row a text, one column an outcome; of a text without a word the bias alone."""
        found = [self._chunk(chunk) for chunk in _chunks(texts)]
        return np.concatenate(found) if found else np.zeros((0, len(self._bias)))

    def _chunk(self, texts: Sequence[Text]) -> npt.NDArray[np.float64]:
        margins = np.repeat(self._bias[None].astype(float), len(texts), axis=0)
        # All of it, since a chunk is quick: threads that took turns within it would take longer.
        with self._lock:
            if len(self._lexicon.hashes) * self._sums.itemsize * self._sums.shape[1] > _REMEMBERED:
                self._lexicon, self._sums, self._hashes = self._empty()
            found = self._lexicon.read(texts)
            if any(self._lexicon.fresh):
                self._learn()
            if len(found.of):
                self._add(margins, found)
        return margins

    def _add(self, margins: npt.NDArray[np.float64], found: Distinct) -> None:
        texts, total = _by_text(found.of, self._sums[found.words])
        # Each text has a pair: that of START and its first word.
        left, right = self._hashes[found.left], self._hashes[found.right]
        pairs = self._pairs.of(pair_hashes(left, right))
        _, paired = _by_text(found.pairs_of, pairs)
        width = self._width
        of_runs, of_words = total[:, :width], total[:, width:] + paired
        of_runs = of_runs[:, :-1] / np.sqrt(of_runs[:, -1:])
        margins[texts] += of_runs + of_words[:, :-1] / np.sqrt(of_words[:, -1:])

    def _learn(self) -> None:
        """Sum up the words that are new."""
        start, end = len(self._hashes), len(self._lexicon.hashes)
        fresh = np.array(self._lexicon.hashes[start:], np.uint64)
        self._hashes = np.concatenate([self._hashes, fresh])
        if end > len(self._sums):
            more = np.zeros((max(2 * end, 1024), 2 * self._width), np.float32)
            more[:start] = self._sums[:start]
            self._sums = more
        self._sums[start:end, self._width :] = self._words.of(fresh)
        words, total = self._run_sums(*runs_of(self._lexicon.take()))
        self._sums[words, : self._width] = total

    def _run_sums(self, owner: Indices, runs: Hashes) -> tuple[Indices, npt.NDArray[np.float64]]:
        """For each word the sum over its runs; of one that is there n times, the square is n²."""
        order = np.lexsort((runs, owner))
        owner, runs = owner[order], runs[order]
        starts = np.flatnonzero(
            np.append(True, (owner[1:] != owner[:-1]) | (runs[1:] != runs[:-1]))
        )
        times = np.diff(np.append(starts, len(owner))).astype(np.float32)
        rows = self._runs.of(runs[starts]) * times[:, None]
        rows[:, -1] *= times
        return _by_text(owner[starts], rows)

    def _empty(self) -> tuple[Lexicon, Array, Hashes]:
        """No word is remembered; START has a row of zeros."""
        sums = np.zeros((1024, 2 * self._width), np.float32)
        return Lexicon(self._fields), sums, np.zeros(1, np.uint64)


class _Table:
    """Rows by hash; the last column is the squared weight, and of what is unknown the only one."""

    def __init__(self, hashes: Hashes, rows: Array, rare: float) -> None:
        self._hashes = np.append(hashes, np.uint64(0))
        unknown = np.zeros((1, rows.shape[1]), np.float32)
        unknown[0, -1] = rare**2
        self.rows = np.concatenate([rows, unknown])

    def of(self, hashes: Hashes) -> Array:
        last = len(self._hashes) - 1
        place = np.searchsorted(self._hashes[:last], hashes)
        place[self._hashes[place] != hashes] = last
        return self.rows[place]


def _by_text(of: Indices, rows: Array) -> tuple[Indices, npt.NDArray[np.float64]]:
    """The sums of rows of the same text; they stand together."""
    starts = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
    # The order of the words is that in which they turned up: doubles make it of no account.
    return of[starts], np.add.reduceat(rows, starts, dtype=np.float64)


def _chunks(texts: Sequence[Text]) -> Iterator[Sequence[Text]]:
    start = characters = 0
    for i, text in enumerate(texts):
        size = sum(map(len, text))
        if i > start and (i - start == _TEXTS or characters + size > _CHARACTERS):
            yield texts[start:i]
            start, characters = i, 0
        characters += size
    if start < len(texts):
        yield texts[start:]
