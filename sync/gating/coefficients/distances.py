"""Agreement of values of any kind, by how far two of them are apart."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sync.gating.coefficients.coefficient import NO_PAIR, ONE_ANNOTATOR, Coefficient, undefined
from sync.gating.coefficients.intervals import with_interval
from sync.gating.coefficients.krippendorff import alpha_of_sums
from sync.gating.coefficients.pairs import answer_pairs
from sync.gating.coefficients.parts import of_items
from sync.gating.coefficients.ratings import IntArray, Ratings, ratings

Array = npt.NDArray[Any]

#: Distances in [0, 1] of the values in one list from those in another, place by place.
Distances = Callable[[Sequence[Any], Sequence[Any]], Array]
#: (item, annotator, value)
Row = tuple[Hashable, Hashable, Any]

#: With so many distinct values at most, the distance of every two of them is taken.
_DISTINCT = 1_000
#: With more, about so many pairs of answers tell about chance.
_PAIRS = 200_000


def distance_agreement(
    rows: Iterable[Row], distances: Distances, confidence: float = 0.95
) -> Coefficient:
    """The mean over items of the mean of 1 - distance over the item's pairs of answers.

    Items with fewer than two answers are left out.

    Args:
        rows: answers, at most one for each item and annotator; values are hashable, and equal
            ones are at distance 0.
        distances: of values from others, in [0, 1] and symmetric.
        confidence: of the interval, in (0, 1).

    Raises:
        ValueError: an annotator answers an item twice.
    """
    return compared(rows, distances).agreement(confidence)


def distance_alpha(
    rows: Iterable[Row],
    distances: Distances,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Coefficient:
    """Krippendorff's alpha with any distance: 1 - D_o / D_e.

    D_o is the mean distance of two answers to the same item, each item counted by its answers;
    D_e is that of any two answers (Krippendorff, "Content Analysis", 3rd ed., 2013, section
    12.3). Where more than 1,000 values differ, D_e is taken over a sample: each answer beside
    about 200,000 / n others drawn at random. The jackknife leaves an answer's own sample out with
    the answer, so the sample's error is part of the interval.

    Args:
        rows: see `distance_agreement`.
        distances: see `distance_agreement`.
        confidence: of the interval and the bounds, in (0, 1).
        rng: draws the sample; None draws the same one each time.

    Raises:
        ValueError: an annotator answers an item twice.
    """
    return compared(rows, distances).alpha(confidence, rng or np.random.default_rng(0))


def compared(rows: Iterable[Row], distances: Distances) -> Compared:
    """The answers, with how far those to the same item are apart.

    Args:
        rows: see `distance_agreement`.
        distances: see `distance_agreement`.
    """
    given = list(rows)
    every = ratings(given, list(dict.fromkeys(value for _, _, value in given)))
    count = np.bincount(every.items, minlength=len(every.item_names))
    pairable = of_items(every, np.flatnonzero(count >= 2))
    within = np.zeros(len(pairable.item_names))
    apart = _Apart(pairable.categories, distances)
    for i, j in answer_pairs(pairable):
        found = apart.of(pairable.values[i], pairable.values[j])
        within += 2 * np.bincount(pairable.items[i], found, within.size)
    reason = ONE_ANNOTATOR if len(every.annotator_names) == 1 else NO_PAIR
    return Compared(
        ratings=pairable, answers=count[count >= 2], within=within, apart=apart, reason=reason
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """Items with at least two answers."""

    ratings: Ratings
    #: (I,) answers to each item; their distances over all ordered pairs.
    answers: IntArray
    within: Array
    apart: _Apart
    #: Why there is no such item.
    reason: str

    def agreement(self, confidence: float) -> Coefficient:
        """See `distance_agreement`."""
        m, n = self.answers, self.answers.size
        if not n:
            return undefined("distance_agreement", 0, self.reason)
        apart = self.within / (m * (m - 1))
        return with_interval(
            "distance_agreement",
            1 - float(apart.mean()),
            1 - (apart.sum() - apart) / max(n - 1, 1),
            np.ones(n),
            apart,
            items=n,
            expected=1.0,
            confidence=confidence,
        )

    def alpha(
        self, confidence: float, rng: np.random.Generator, pairs: int | None = None
    ) -> Coefficient:
        """See `distance_alpha`; with `pairs`, at most about so many distances tell about chance."""
        n = self.answers.size
        if not n:
            return undefined("krippendorff_alpha", 0, self.reason)
        distinct = len(self.ratings.categories)
        whole = distinct <= _DISTINCT and (pairs is None or distinct**2 <= 2 * pairs)
        of_answer, extent = self._to_all() if whole else self._to_some(rng, pairs or _PAIRS)
        to_all = np.bincount(self.ratings.items, of_answer, n)
        return alpha_of_sums(
            self.within, to_all, self.answers, np.ones(n), extent=extent, confidence=confidence
        )

    def _to_all(self) -> tuple[Array, float]:
        """Each answer's distance to all, of shape (n,), and the usual size of a distance."""
        totals = np.bincount(self.ratings.values, minlength=len(self.ratings.categories))
        delta = self.apart.matrix()
        to_all, squares = delta @ totals, float(totals @ (delta**2 @ totals))
        whole = float(totals @ to_all)
        found: Array = to_all[self.ratings.values]
        return found, squares / whole if whole else 1.0

    def _to_some(self, rng: np.random.Generator, pairs: int) -> tuple[Array, float]:
        """The same, estimated from a sample of other answers for each."""
        values = self.ratings.values
        n = values.size
        each = max(1, pairs // n)
        one = np.repeat(np.arange(n), each)
        other = (one + rng.integers(1, n, one.size)) % n
        delta = self.apart.of(values[one], values[other]).reshape(n, each)
        whole = float(delta.sum())
        return (n - 1) * delta.mean(axis=1), float((delta**2).sum()) / whole if whole else 1.0


class _Apart:
    """Distances of values by their codes, each pair of values asked for once a call."""

    def __init__(self, values: Sequence[Any], distances: Distances) -> None:
        self._values, self._distances = values, distances

    def of(self, a: IntArray, b: IntArray) -> Array:
        """Distances of the values with these codes, of their shape."""
        many = max(len(self._values), 1)
        keys, place = np.unique(np.minimum(a, b) * many + np.maximum(a, b), return_inverse=True)
        low, high = np.divmod(keys, many)
        found = np.zeros(keys.size)
        differ = np.flatnonzero(low != high)
        found[differ] = self._ask(low[differ], high[differ])
        apart: Array = found[place]
        return apart

    def matrix(self) -> Array:
        """Distances of every two values, of shape (K, K)."""
        found = np.zeros((len(self._values), len(self._values)))
        low, high = np.triu_indices(len(self._values), 1)
        found[low, high] = self._ask(low, high)
        return found + found.T

    def _ask(self, low: IntArray, high: IntArray) -> Array:
        left, right = ([self._values[code] for code in codes.tolist()] for codes in (low, high))
        return np.asarray(self._distances(left, right), dtype=float)
