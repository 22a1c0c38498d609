"""How much many sets share with each of a few: an exact sparse join."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

UintArray = npt.NDArray[np.uint64]
IntArray = npt.NDArray[np.int64]

#: Bits of an item that are kept beside the number of its set: of ten million items, some fifty
#: share theirs with another one.
_BITS = 40
#: Pairs of sets of the two sides that are looked at in one go.
_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Sets:
    """n sets of items, one after the other."""

    #: Items as numbers below 2**40, ascending and different within each set.
    items: UintArray
    #: (n + 1,) where each set starts.
    starts: IntArray

    @property
    def sizes(self) -> IntArray:
        """(n,): how many items each has."""
        return np.diff(self.starts)


def sets_of(row: IntArray, items: UintArray, size: int) -> Sets:
    """Sets from pairs of a set's number and an item, in any order.

    Raises:
        ValueError: more than 2**24 sets.
    """
    if size > 1 << (64 - _BITS):
        raise ValueError(f"{size} sets: at most {1 << (64 - _BITS)} can be compared at once")
    keys = (row.astype(np.uint64) << np.uint64(_BITS)) | (items >> np.uint64(64 - _BITS))
    keys.sort()
    keys = keys[np.diff(keys, prepend=~keys[:1]) != 0]
    starts = np.searchsorted(keys >> np.uint64(_BITS), np.arange(size + 1, dtype=np.uint64))
    return Sets(keys & np.uint64((1 << _BITS) - 1), starts.astype(np.int64))


def overlaps(left: Sets, right: Sets) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """All pairs that share something: numbers on the left and right, and shared items, (m,) each.

    They come in parts, ascending on the left.
    """
    known = np.unique(right.items)
    if not len(known) or not len(left.items):
        return
    few = _matrix(right, known).T.tocsr()
    many = _matrix(left, known)
    step = max(_AT_ONCE // max(few.shape[1], 1), 1)
    for start in range(0, many.shape[0], step):
        product = (many[start : start + step] @ few).tocoo()
        yield product.row.astype(np.int64) + start, product.col.astype(np.int64), product.data


def _matrix(sets: Sets, known: UintArray) -> sparse.csr_array:
    """(n, known): 1 where a set has an item."""
    at = np.minimum(np.searchsorted(known, sets.items), len(known) - 1)
    there = known[at] == sets.items
    starts = np.concatenate([[0], np.cumsum(there)])[sets.starts]
    shape = (len(sets.starts) - 1, len(known))
    return sparse.csr_array((np.ones(int(there.sum()), dtype=np.int32), at[there], starts), shape)
