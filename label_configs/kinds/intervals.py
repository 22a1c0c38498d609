"""Which spans of many pairs of annotations overlap, found by sorting and not by trying all."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Side:
    """One side's spans of all pairs, one after another: shape (n,) each, and sizes (pairs,)."""

    pair: IntArray
    start: Array
    end: Array
    group: IntArray
    sizes: IntArray


def overlaps(a: Sequence[Sequence[Span]], b: Sequence[Sequence[Span]]) -> Overlaps:
    """The spans of `a` and `b` that overlap and have the same set of labels, pair by pair.

    Args:
        a: the spans of one side of each pair.
        b: the spans of the other side, as many pairs.
    """
    groups: dict[Hashable, int] = {}
    left, right = _side(a, groups), _side(b, groups)
    # Two spans overlap if one starts within the other: either the right one starts within the
    # left one, or the left one starts later, within the right one. No two are found twice.
    ranks = np.unique(np.concatenate([left.start, left.end, right.start, right.end]))
    i, j = _starting_within(left, right, ranks, len(groups), same_start=True)
    k, m = _starting_within(right, left, ranks, len(groups), same_start=False)
    i, j = np.concatenate([i, m]), np.concatenate([j, k])
    iou = intersection_over_union(left.start[i], left.end[i], right.start[j], right.end[j])
    kept = iou > 0
    return Overlaps(
        left=i[kept],
        right=j[kept],
        pair=left.pair[i[kept]],
        iou=iou[kept],
        sizes=(left.sizes, right.sizes),
    )


def _side(values: Sequence[Sequence[Span]], groups: dict[Hashable, int]) -> _Side:
    spans = list(chain.from_iterable(values))
    sizes = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    return _Side(
        pair=np.repeat(np.arange(len(values)), sizes),
        start=np.array([s.start for s in spans], dtype=np.float64),
        end=np.array([s.end for s in spans], dtype=np.float64),
        group=_numbers([(span.track, span.labels) for span in spans], groups),
        sizes=sizes,
    )


def _numbers(keys: Sequence[Hashable], groups: dict[Hashable, int]) -> IntArray:
    for key in set(keys):
        groups.setdefault(key, len(groups))
    known: Mapping[Hashable, int] = groups
    return np.array([known[key] for key in keys], dtype=np.int64)


def _starting_within(
    outer: _Side, inner: _Side, ranks: Array, groups: int, *, same_start: bool
) -> tuple[IntArray, IntArray]:
    """Numbers of the outer and the inner spans where the inner one starts within the outer one.

    Only of the same pair and group; with `same_start` also where both start at the same place.
    """
    keys = _key(inner, inner.start, ranks, groups)
    order = np.argsort(keys, kind="stable")
    # An instant reaches over those that start where it is.
    reach = _key(outer, outer.end, ranks, groups) + (same_start & (outer.end <= outer.start))
    first = np.searchsorted(
        keys[order], _key(outer, outer.start, ranks, groups), "left" if same_start else "right"
    )
    last = np.searchsorted(keys[order], reach, "left")
    many = np.maximum(last - first, 0)
    offset = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return np.repeat(np.arange(len(many)), many), order[np.repeat(first, many) + offset]


def _key(side: _Side, position: Array, ranks: Array, groups: int) -> IntArray:
    """Pair, group and position as one whole number: exact, whatever the units."""
    key: IntArray = (side.pair * groups + side.group) * (len(ranks) + 1) + np.searchsorted(
        ranks, position
    )
    return key


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
