"""Numbers for the words of texts, given as they turn up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.texts.words import Indices, word_hash, words

#: A task's text in each of its fields; empty where a field is.
Text = tuple[str, ...]
#: The word before the first one of a field.
START = 0


@dataclass(frozen=True)
class Distinct:
    """The words and the pairs of neighbours of some texts, each once a text."""

    #: For each word: its text and its number, sorted by the two.
    of: Indices
    words: Indices
    #: For each pair: its text and the numbers of both words; the first one has START before it.
    pairs_of: Indices
    left: Indices
    right: Indices


class Lexicon:
    """Words to numbers from 1 up. The same word in another field is another word."""

    def __init__(self, fields: int) -> None:
        """No word is known yet."""
        self._known = [_Numbers(self, field) for field in range(fields)]
        #: What each word is known by; of START it is 0.
        self.hashes: list[int] = [0]
        #: Words that got a number and were not taken yet, with it, by field.
        self.fresh: list[list[tuple[int, str]]] = [[] for _ in range(fields)]

    def read(self, texts: Sequence[Text]) -> Distinct:
        """The numbers of the texts' words; new ones are in `fresh` and `hashes` afterwards."""
        flat: list[int] = []
        lengths = []
        for text in texts:
            before = len(flat)
            for known, part in zip(self._known, text, strict=True):
                if part:
                    flat.append(START)
                    flat.extend(map(known.__getitem__, words(part)))
            lengths.append(len(flat) - before)
        return self._distinct(np.array(flat, np.int64), np.repeat(np.arange(len(texts)), lengths))

    def take(self) -> list[list[tuple[int, str]]]:
        """The words that are new since the last time, with their numbers, by field."""
        fresh, self.fresh = self.fresh, [[] for _ in self._known]
        return fresh

    def _distinct(self, flat: Indices, of: Indices) -> Distinct:
        count = len(self.hashes)
        keys = of * count + flat
        single = np.unique(keys[flat != START])
        pairs = np.unique((keys[:-1] * count + flat[1:])[flat[1:] != START])
        key, right = np.divmod(pairs, count)
        pairs_of, left = np.divmod(key, count)
        of, number = np.divmod(single, count)
        return Distinct(of, number, pairs_of, left, right)


class _Numbers(dict[str, int]):
    """The numbers of one field's words."""

    def __init__(self, lexicon: Lexicon, field: int) -> None:
        super().__init__()
        self._lexicon, self._field = lexicon, field

    def __missing__(self, word: str) -> int:
        lexicon = self._lexicon
        self[word] = number = len(lexicon.hashes)
        lexicon.hashes.append(word_hash(word, self._field))
        lexicon.fresh[self._field].append((number, word))
        return number
