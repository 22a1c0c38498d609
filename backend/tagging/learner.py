"""Learning the weights of a chain from labelled sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.tagging import labels
from backend.tagging.batches import Batch, shuffled
from backend.tagging.chain import Weights, edges, posterior
from backend.tagging.features import Features
from backend.tagging.keys import Keys

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Small = npt.NDArray[np.float32]

#: How far a step goes, and how strongly weights are held at 0.
_STEP, _RIDGE = 0.2, 0.3
#: Weights that are learned at most: half a gigabyte while it learns.
_MOST = 30_000_000
#: Sequences of a step: few where there are few to learn from.
_SMALLEST, _LARGEST, _STEPS = 8, 48, 64
#: How often each sequence is looked at: often where there are few.
_FEWEST, _OFTENEST, _LOOKS = 5, 20, 12_000


@dataclass(frozen=True)
class Sequences:
    """Labelled sequences of words."""

    features: Features
    #: How many tokens each has, (n,).
    lengths: Ints
    #: The label of each token, one sequence after the other.
    labels: Ints
    #: How much each sequence counts, (n,), above 0.
    counted: Floats
    #: How many kinds of spans there are.
    kinds: int


@dataclass(frozen=True)
class Learned:
    """What a chain of labels over features learned."""

    #: Keys of features, sorted, (v,).
    vocabulary: Keys
    #: (v + 1, k); the last row, that of no feature, is 0.
    emit: Small
    chain: Weights


def learn(given: Sequences, rng: np.random.Generator) -> Learned:
    """The weights that make the labels likeliest, held near 0 by a ridge.

    Steps are those of AdaGrad (Duchi, Hazan & Singer 2011) on the log-likelihood less the ridge's
    share: that of a feature is spread evenly over its tokens.
    """
    vocabulary, counts = _vocabulary(given)
    state = _State(given, vocabulary, counts)
    many = int((given.lengths > 0).sum())
    size = int(np.clip(many // _STEPS, _SMALLEST, _LARGEST))
    for _ in range(int(np.clip(_LOOKS // max(many, 1), _FEWEST, _OFTENEST))):
        for batch in shuffled(given.lengths, size, rng):
            state.step(batch, len(batch.sequences) / many)
    emit = np.vstack([state.emit.weights, np.zeros((1, state.emit.weights.shape[1]))])
    return Learned(vocabulary, emit.astype(np.float32), state.chain())


def _vocabulary(given: Sequences) -> tuple[Keys, Ints]:
    """The features that more than one token has, fewer where they would be too many."""
    keys, counts = given.features.counts()
    most = _MOST // labels.count(given.kinds)
    least = 2
    while (counts >= least).sum() > most:
        least += 1
    return keys[counts >= least], counts[counts >= least]


class _Ascent:
    """Weights with the sums of their squared gradients."""

    def __init__(self, shape: tuple[int, ...], kind: Any) -> None:
        self.weights: npt.NDArray[Any] = np.zeros(shape, dtype=kind)
        self._squares = np.full(shape, 1e-8, dtype=kind)

    def climb(self, at: Any, gradient: npt.NDArray[Any]) -> None:
        squares = self._squares[at] + gradient**2
        self._squares[at] = squares
        self.weights[at] += _STEP * gradient / np.sqrt(squares)


class _State:
    def __init__(self, given: Sequences, vocabulary: Keys, counts: Ints) -> None:
        from scipy.sparse import csr_array

        k = labels.count(given.kinds)
        self._given, self._counts, self._matrix = given, counts, csr_array
        rows = given.features.rows(vocabulary)
        there = rows >= 0
        self._columns = rows[there]
        self._starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        self.emit = _Ascent((len(vocabulary), k), np.float32)
        self._follow, self._begin = _Ascent((k, k), np.float64), _Ascent((k,), np.float64)
        self._forbidden = labels.forbidden(given.kinds)

    def chain(self) -> Weights:
        follow, begin = self._forbidden
        return Weights(follow + self._follow.weights, begin + self._begin.weights)

    def step(self, batch: Batch, share: float) -> None:
        """Climb by one batch, which is this share of all sequences."""
        used, features = self._features(batch.rows)
        weights = self.emit.weights[used]
        chain = self.chain()
        found = posterior(batch.spread(features @ weights), chain, batch.lengths)
        counted = self._given.counted[batch.sequences]
        right = self._given.labels[batch.rows]
        error = -found.marginals[batch.steps, batch.columns]
        error[np.arange(len(right)), right] += 1
        error *= counted[batch.columns, None]
        tokens = np.asarray(features.sum(axis=0)).ravel()
        ridge = _RIDGE * (tokens / self._counts[used])[:, None] * weights
        self.emit.climb(used, (features.T @ error - ridge).astype(np.float32))
        first = batch.steps == 0
        begin = error[first].sum(axis=0) - _RIDGE * share * self._begin.weights
        self._begin.climb(..., begin)
        follow = -edges(found, chain, batch.lengths, counted)
        later = np.flatnonzero(~first)
        np.add.at(follow, (right[later - 1], right[later]), counted[batch.columns[later]])
        self._follow.climb(..., follow - _RIDGE * share * self._follow.weights)

    def _features(self, rows: Ints) -> tuple[Ints, Any]:
        """The features that tokens have, and which token has which as a sparse matrix."""
        many = self._starts[rows + 1] - self._starts[rows]
        ends = np.cumsum(many)
        columns = self._columns[
            np.arange(ends[-1]) + np.repeat(self._starts[rows] - ends + many, many)
        ]
        used, columns = np.unique(columns, return_inverse=True)
        shape = (len(rows), len(used))
        starts = np.concatenate([[0], ends])
        ones = np.ones(len(columns), dtype=np.float32)
        return used, self._matrix((ones, columns, starts), shape=shape)
