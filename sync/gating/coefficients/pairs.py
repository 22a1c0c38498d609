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
    """The filled cells of every pair's table of categories, C of them, of Q pairs."""

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
    #: (C,) sorted codes of the cells, as `pair_codes` gives them.
    codes: IntArray

    def find(self, codes: IntArray) -> IntArray:
        """Which cells these codes are."""
        return np.searchsorted(self.codes, codes)


def answer_pairs(ratings: Ratings) -> Iterator[tuple[IntArray, IntArray]]:
    """Places of every two answers to the same item, in parts of at most n."""
    order = _by_item(ratings)
    items = ratings.items[order]
    for lag in range(1, int(np.bincount(items, minlength=1).max())):
        i = np.flatnonzero(items[lag:] == items[:-lag])
        yield order[i], order[i + lag]


def _by_item(ratings: Ratings) -> IntArray:
    """Places of the answers, those to an item together; by counting, not by comparing."""
    n = ratings.items.size
    one = np.ones(n, dtype=np.int8)
    where = (one, ratings.items, np.arange(n + 1))
    order: IntArray = csr_array(where, shape=(n, len(ratings.item_names))).tocsc().indices
    return order.astype(np.int64)


def pair_codes(ratings: Ratings) -> Iterator[tuple[IntArray, IntArray]]:
    """Item and code of every two answers to the same item, in parts of at most n.

    The code is ((first A + second) K + value of the first) K + value of the second, where first
    is the annotator with the smaller code of A.
    """
    who, value = ratings.annotators, ratings.values
    many, k = len(ratings.annotator_names), len(ratings.categories)
    for i, j in answer_pairs(ratings):
        swapped = who[i] > who[j]
        first, second = np.where(swapped, j, i), np.where(swapped, i, j)
        codes = ((who[first] * many + who[second]) * k + value[first]) * k + value[second]
        yield ratings.items[i], codes


def pair_cells(ratings: Ratings) -> PairCells:
    """The tables of all pairs of annotators who share an item."""
    many, k = len(ratings.annotator_names), len(ratings.categories)
    codes, count = _counted(ratings, (many * k) ** 2)
    both, value = np.divmod(codes, k * k)
    pairs, pair = np.unique(both, return_inverse=True)
    return PairCells(
        first=pairs // many,
        second=pairs % many,
        items=np.bincount(pair, count, pairs.size).astype(np.int64),
        pair=pair,
        a=value // k,
        b=value % k,
        count=count,
        codes=codes,
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
