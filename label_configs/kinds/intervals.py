"""Which spans of many pairs of annotations overlap, found by sorting and not by trying all."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from label_configs.kinds.matching import Array, IntArray
from label_configs.kinds.span import Span


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlaps:
    """Every two spans of a pair that may be matched, and how many spans each side has."""

    #: (n,) number of the span on the left side, counted through all pairs; likewise on the right.
    left: IntArray
    right: IntArray
    #: (n,) number of the pair.
    pair: IntArray
    #: (n,) intersection over union, in (0, 1].
    iou: Array
    #: (pairs,) spans on either side.
    sizes: tuple[IntArray, IntArray]


class _Table(NamedTuple):
    """All different values' spans, one after another: shape (n,) each."""

    start: Array
    end: Array
    #: Numbers of the ends among all that occur, which are whole whatever the units.
    start_rank: IntArray
    end_rank: IntArray
    #: Number of the track and the set of labels.
    group: IntArray
    groups: int
    ranks: int


class _Side(NamedTuple):
    """One side's spans of all pairs, one after another: shape (n,) each, and sizes (pairs,)."""

    pair: IntArray
    #: Where the span stands in the table.
    at: IntArray
    sizes: IntArray


def overlaps(a: Sequence[Sequence[Span]], b: Sequence[Sequence[Span]]) -> Overlaps:
    """The spans of `a` and `b` that overlap and have the same set of labels, pair by pair.

    Args:
        a: the spans of one side of each pair.
        b: the spans of the other side, as many pairs.
    """
    # Annotations are compared with several others: each is taken apart once.
    different = {id(value): value for value in chain(a, b)}
    table = _table(list(chain.from_iterable(different.values())))
    begins = dict(zip(different, accumulate(map(len, different.values()), initial=0), strict=False))
    left, right = _side(a, begins), _side(b, begins)
    # Two spans overlap if one starts within the other: either the right one starts within the
    # left one, or the left one starts later, within the right one. No two are found twice.
    i, j = _starting_within(table, left, right, same_start=True)
    k, m = _starting_within(table, right, left, same_start=False)
    i, j = np.concatenate([i, m]), np.concatenate([j, k])
    x, y = left.at[i], right.at[j]
    iou = intersection_over_union(table.start[x], table.end[x], table.start[y], table.end[y])
    kept = iou > 0
    return Overlaps(
        left=i[kept],
        right=j[kept],
        pair=left.pair[i[kept]],
        iou=iou[kept],
        sizes=(left.sizes, right.sizes),
    )


def _table(spans: list[Span]) -> _Table:
    n, groups = len(spans), dict[Hashable, int]()
    start = np.fromiter(map(attrgetter("start"), spans), np.float64, n)
    end = np.fromiter(map(attrgetter("end"), spans), np.float64, n)
    keys = map(attrgetter("track", "labels"), spans)
    group = np.fromiter((groups.setdefault(key, len(groups)) for key in keys), np.int64, n)
    known, ranks = np.unique(np.concatenate([start, end]), return_inverse=True)
    return _Table(start, end, ranks[:n], ranks[n:], group, len(groups), len(known) + 1)


def _side(values: Sequence[Sequence[Span]], begins: Mapping[int, int]) -> _Side:
    sizes = np.fromiter(map(len, values), np.int64, len(values))
    first = np.fromiter((begins[id(value)] for value in values), np.int64, len(values))
    pair, within = _laid_out(sizes)
    return _Side(pair, first[pair] + within, sizes)


def _laid_out(sizes: IntArray) -> tuple[IntArray, IntArray]:
    """Lists of these sizes laid end to end: the number of each entry's list, and its place."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return owner, np.arange(len(owner)) - (np.cumsum(sizes) - sizes)[owner]


def _starting_within(
    table: _Table, outer: _Side, inner: _Side, *, same_start: bool
) -> tuple[IntArray, IntArray]:
    """Numbers of the outer and the inner spans where the inner one starts within the outer one.

    Only of the same pair and group; with `same_start` also where both start at the same place.
    """
    keys = _keys(table, inner, table.start_rank)
    order = np.argsort(keys, kind="stable")
    from_, to = _keys(table, outer, table.start_rank), _keys(table, outer, table.end_rank)
    # An instant reaches over those that start where it is.
    reach = to + (same_start & (from_ == to))
    first = np.searchsorted(keys[order], from_, "left" if same_start else "right")
    last = np.searchsorted(keys[order], reach, "left")
    owner, within = _laid_out(np.maximum(last - first, 0))
    return owner, order[first[owner] + within]


def _keys(table: _Table, side: _Side, rank: IntArray) -> IntArray:
    """Pair, group and place as one whole number."""
    keys: IntArray = (side.pair * table.groups + table.group[side.at]) * table.ranks + rank[side.at]
    return keys


def intersection_over_union(start: Array, end: Array, other: Array, other_end: Array) -> Array:
    """How much stretches have in common, each two of all arrays: of two same instants 1.

    Args:
        start: (n,) where one begins.
        end: (n,) where it ends.
        other: (n,) where the other begins.
        other_end: (n,) where that ends.

    Returns:
        (n,) in [0, 1].
    """
    shared = np.minimum(end, other_end) - np.maximum(start, other)
    union = (end - start) + (other_end - other) - shared
    same = (start == other) & (end == other_end)
    iou: Array = np.maximum(shared, 0.0) / np.where(union > 0, union, 1.0)
    return np.where(same, 1.0, iou)
