"""What is said of each token: its word, its neighbours' words, and pairs of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backend.tagging.keys import (
    BEGINNING,
    COLUMNS,
    END,
    LOWER,
    SHAPE,
    Keys,
    paired,
    salted,
    word_keys,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: How far away a token's neighbours are, and what of their words is looked at.
_NEAR = (LOWER, SHAPE, BEGINNING[2], END[1], END[2])
_SEEN: dict[int, tuple[int, ...]] = {
    0: tuple(range(COLUMNS)),
    -1: _NEAR,
    1: _NEAR,
    -2: (LOWER, SHAPE),
    2: (LOWER, SHAPE),
}
#: Tokens that stand for nothing, before and behind each sequence.
_MARGIN = 2


@dataclass(frozen=True)
class Features:
    """The features of all tokens of some sequences, those of equal words once.

    Of n tokens with w different words.
    """

    #: By the distance of a neighbour: the features that its word gives, (w, columns).
    of_word: dict[int, Keys]
    #: By the distance of a neighbour: which word it is, (n,).
    word: dict[int, Ints]
    #: The features of pairs of words, (n, columns).
    of_pair: Keys

    def rows(self, vocabulary: Keys) -> npt.NDArray[np.int32]:
        """Where each feature of each token stands in the vocabulary, -1 where it does not."""
        single = [find(keys, vocabulary)[self.word[at]] for at, keys in self.of_word.items()]
        return np.hstack([*single, find(self.of_pair, vocabulary)])

    def counts(self) -> tuple[Keys, Ints]:
        """Each feature, sorted, and how many tokens have it."""
        keys: list[Keys] = [self.of_pair.ravel()]
        times: list[Ints] = [np.ones(self.of_pair.size, dtype=np.int64)]
        for at, of_word in self.of_word.items():
            many = np.bincount(self.word[at], minlength=len(of_word))
            keys.append(of_word.ravel())
            times.append(np.repeat(many, of_word.shape[1]))
        distinct, back = np.unique(np.concatenate(keys), return_inverse=True)
        total = np.bincount(back, weights=np.concatenate(times)).astype(np.int64)
        there = (distinct != 0) & (total > 0)
        return distinct[there], total[there]

    def scores(self, vocabulary: Keys, weights: npt.NDArray[np.float32]) -> Floats:
        """The sum of the weights of each token's features, (n, k).

        Args:
            vocabulary: sorted, (v,).
            weights: (v + 1, k); the last row, that of no feature, is 0.
        """
        total = _summed(find(self.of_pair, vocabulary), weights)
        for at, keys in self.of_word.items():
            total += _summed(find(keys, vocabulary), weights)[self.word[at]]
        return total


def features(sequences: Sequence[Sequence[str]]) -> Features:
    """The features of sequences of words, one after the other."""
    numbers: dict[str, int] = {}
    flat, places = _laid_out([[numbers.setdefault(w, len(numbers)) for w in s] for s in sequences])
    known = word_keys(list(numbers))
    # Behind the words comes what stands beside a sequence, the -1 of the layout.
    known = np.vstack([known, np.full((1, COLUMNS), 1, dtype=np.uint64)])
    flat = np.where(flat < 0, len(numbers), flat)
    word = {at: flat[places + at] for at in _SEEN}
    of_word = {at: salted(known[:, columns], 3 + at) for at, columns in _SEEN.items()}
    lower, shape = ({at: known[word[at], what] for at in (-1, 0, 1)} for what in (LOWER, SHAPE))
    pairs = [
        paired(lower[-1], lower[0], 1),
        paired(lower[0], lower[1], 2),
        paired(lower[-1], lower[1], 3),
        paired(shape[-1], shape[0], 4),
        paired(shape[0], shape[1], 5),
        paired(paired(shape[-1], shape[0], 4), shape[1], 6),
        # The same for every token.
        np.full(len(places), 1, dtype=np.uint64),
    ]
    return Features(of_word, word, salted(np.stack(pairs, axis=1), 9))


def find(keys: Keys, vocabulary: Keys) -> npt.NDArray[np.int32]:
    """Where each key stands in the sorted vocabulary; -1 where it does not."""
    if not len(vocabulary):
        return np.full(keys.shape, -1, dtype=np.int32)
    at = np.minimum(np.searchsorted(vocabulary, keys), len(vocabulary) - 1)
    return np.where(vocabulary[at] == keys, at, -1).astype(np.int32)


def _laid_out(numbers: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """All words with margins of -1 between the sequences, and where the words stand."""
    margin, flat, places = [-1] * _MARGIN, list[int](), list[int]()
    for sequence in numbers:
        flat += margin
        places += range(len(flat), len(flat) + len(sequence))
        flat += sequence
    return np.array(flat + margin, dtype=np.int64), np.array(places, dtype=np.int64)


def _summed(rows: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]) -> Floats:
    """The sum of the weights of each row, column by column: no array of all of them."""
    total = np.zeros((len(rows), weights.shape[1]))
    for column in rows.T:
        total += weights[column]
    return total
