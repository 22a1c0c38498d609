"""What each two annotators said of the items that both rated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from sync.gating.coefficients.ratings import IntArray, Ratings

Array = npt.NDArray[Any]

#: So many counters at most are kept for cells that may be empty.
_DENSE = 4_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class PairCells:
    """The filled cells of every pair's table of categories: C cells of Q pairs, pair by pair."""

    #: (Q,) codes of the two annotators, the smaller one first.
    first: IntArray
    second: IntArray
    #: (Q,) items that both rated.
    items: IntArray
    #: (C,) the pair, 0..Q-1; what the first and the second one said; how often.
    pair: IntArray
    a: IntArray
    b: IntArray
    count: IntArray
    #: (C,) codes of the cells as `pair_codes` gives them, sorted, and which cells they are.
    codes: IntArray
    places: IntArray

    def find(self, codes: IntArray) -> IntArray:
        """Which cells these codes are."""
        return self.places[np.searchsorted(self.codes, codes)]


def answer_pairs(ratings: Ratings) -> Iterator[tuple[IntArray, IntArray]]:
    """Places of every two answers to the same item, in parts of at most n."""
    order = _by_item(ratings)
    for lag, same in _lags(ratings.items[order]):
        yield order[:-lag][same], order[lag:][same]


def pair_codes(ratings: Ratings) -> Iterator[tuple[IntArray, IntArray]]:
    """Item and code of every two answers to the same item, in parts of at most n.

    An answer's code is its annotator times K plus its value; that of a pair is the smaller one
    times A K plus the larger one, so that the annotator with the smaller code comes first.
    """
    order, many = _by_item(ratings), len(ratings.annotator_names) * len(ratings.categories)
    items = ratings.items[order]
    code = (ratings.annotators * len(ratings.categories) + ratings.values)[order]
    for lag, same in _lags(items):
        one, other = code[:-lag][same], code[lag:][same]
        yield items[:-lag][same], np.minimum(one, other) * many + np.maximum(one, other)


def _lags(items: IntArray) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
    """Each distance in the sorted items at which answers to one item stand, and where."""
    for lag in range(1, int(np.bincount(items, minlength=1).max())):
        yield lag, items[lag:] == items[:-lag]


def _by_item(ratings: Ratings) -> IntArray:
    """Places of the answers, those to an item together; by counting, not by comparing."""
    n = ratings.items.size
    where = np.ones(n, dtype=np.int8), ratings.items, np.arange(n + 1)
    order: IntArray = csr_array(where, shape=(n, len(ratings.item_names))).tocsc().indices
    return order


def pair_cells(ratings: Ratings) -> PairCells:
    """The tables of all pairs of annotators who share an item."""
    many, k = len(ratings.annotator_names), len(ratings.categories)
    codes, count = _counted(ratings, (many * k) ** 2)
    one, other = np.divmod(codes, max(many * k, 1))
    (first, a), (second, b) = np.divmod(one, max(k, 1)), np.divmod(other, max(k, 1))
    pairs, pair = np.unique(first * many + second, return_inverse=True)
    order = np.argsort(pair, kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(order.size)
    return PairCells(
        first=pairs // many,
        second=pairs % many,
        items=np.bincount(pair, count, pairs.size).astype(np.int64),
        pair=pair[order],
        a=a[order],
        b=b[order],
        count=count[order],
        codes=codes,
        places=places,
    )


def _counted(ratings: Ratings, space: int) -> tuple[IntArray, IntArray]:
    """The codes that occur, sorted, and how often."""
    codes: IntArray = np.empty(0, np.int64)
    count: IntArray = np.empty(0, np.int64)
    if space <= _DENSE:
        dense = np.zeros(space, dtype=np.int64)
        for _, part in pair_codes(ratings):
            dense += np.bincount(part, minlength=space)
        codes = np.flatnonzero(dense)
        return codes, dense[codes]
    for _, part in pair_codes(ratings):
        new, often = np.unique(part, return_counts=True)
        codes, place = np.unique(np.concatenate([codes, new]), return_inverse=True)
        count = np.bincount(place, np.concatenate([count, often]), codes.size).astype(np.int64)
    return codes, count
