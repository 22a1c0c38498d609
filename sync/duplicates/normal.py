"""Texts in the form in which they are compared, and their pieces as numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sync.duplicates.sets import Sets, sets_of

UintArray = npt.NDArray[np.uint64]

#: Characters of a text that are looked at.
LONGEST = 20_000
# Scripts without spaces between words: each of their characters is taken as a word.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])"
)
# What nobody sees: soft hyphens, spaces and joiners without width, marks of direction and order.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD = re.compile(r"\w+")
#: An odd multiplier that spreads bits well: 2^64 divided by the golden ratio.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def words(text: str) -> list[str]:
    """The words of a text without case, marks and punctuation.

    Compatibility forms are made one (NFKC), so that full-width letters and ligatures compare.
    """
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    if not plain.isascii():
        plain = _UNSPACED.sub(r" \1 ", _UNSEEN.sub("", plain))
    return _WORD.findall(plain)


def word_pairs(texts: Sequence[Sequence[str]]) -> Sets:
    """Each text's set of two words that follow each other; of a single word, the word."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    # A word's number holds in this process only, which is where it is compared.
    flat = np.fromiter((hash(w) for text in texts for w in text), np.int64, int(lengths.sum()))
    return _windows(flat.view(np.uint64), lengths, 2)


def letters(texts: Sequence[str], size: int) -> Sets:
    """Each text's set of `size` characters that follow each other; of a shorter text, the text."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    raw = "".join(texts).encode("utf-32-le", "surrogatepass")
    return _windows(np.frombuffer(raw, dtype=np.uint32).astype(np.uint64), lengths, size)


def _windows(flat: UintArray, lengths: npt.NDArray[np.int64], size: int) -> Sets:
    """Sets of the hashes of all windows of `size` items within each row of a flat array."""
    ends = np.cumsum(lengths)
    starts = ends - lengths
    counts = np.where(lengths > 0, np.maximum(lengths - size + 1, 1), 0)
    row = np.repeat(np.arange(len(lengths)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = starts[row] + within
    mixed: UintArray = np.zeros(len(row), dtype=np.uint64)
    for step in range(size):
        at = first + step
        there = at < ends[row]
        item = np.where(there, flat[np.minimum(at, max(len(flat) - 1, 0))], np.uint64(0))
        mixed = (mixed ^ (item + np.uint64(1))) * _SPREAD
        mixed ^= mixed >> np.uint64(29)
    return sets_of(row, mixed, len(lengths))
