"""Comparing lists of regions by how similar two regions are.

Two values differ by 1 - 2 S / (|a| + |b|), where S is the largest sum of similarities of regions
that are matched one to one: the coefficient of Dice (1945, doi:10.2307/1932409) and Sorensen
(1948) with similarities in place of matches. Regions match only at the same place and with the
same labels. This is no metric: it can be longer than a detour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from label_configs.kinds.kind import Pair
from label_configs.kinds.matching import best_sums, matched
from label_configs.parse import Control

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
#: Regions of one value; each has a `place` and `labels`.
Value = tuple[Any, ...]
#: similarity(regions, left, right): how similar regions[left[k]] and regions[right[k]] are, in
#: [0, 1], for all k at once.
Similarity = Callable[[Sequence[Any], IntArray, IntArray], Array]

#: From this similarity on, two regions are taken to mean the same thing, whatever their labels.
SAME = 0.5
#: Settles which of several equally similar regions stand against each other: those that agree.
_AGREEING = 1e-6

#: Pairs of regions that are looked at in one go; more would take more memory, and no less time.
_AT_ONCE = 1_000_000


class _Alike(NamedTuple):
    """Regions that are somewhat similar; k-th entries belong together, (n,) each."""

    #: Number of the pair of values.
    pair: IntArray
    #: Number of the region on either side, different in each pair of values.
    left: IntArray
    right: IntArray
    #: Whether they have the same labels.
    agreeing: BoolArray
    #: Above 0, at most 1.
    similarity: Array


def distances(a: Sequence[Value], b: Sequence[Value], similarity: Similarity) -> Array:
    """How far a[k] and b[k] are apart, (n,) in [0, 1]; two without any region agree."""
    sums = np.concatenate([np.zeros(0), *(_sums(a[k], b[k], similarity) for k in _chunks(a, b))])
    sizes = _sizes(a) + _sizes(b)
    shares = np.divide(2.0 * sums, sizes, out=np.ones(len(a)), where=sizes > 0)
    apart: Array = np.clip(1.0 - shares, 0.0, 1.0)
    return apart


def _sums(a: Sequence[Value], b: Sequence[Value], similarity: Similarity) -> Array:
    """The largest sum of similarities of a[k] and b[k], (n,)."""
    found = _alike(a, b, similarity, labels=True)
    return best_sums(found.left, found.right, found.pair, found.similarity, len(a))


def counts(a: Value, b: Value, overlap: float, similarity: Similarity) -> tuple[int, int, int]:
    """How many regions can be matched, and how many each value has.

    Matched are regions at the same place with the same labels that are at least so similar; as
    many as can be, one to one.

    Args:
        a: a value.
        b: another.
        overlap: the least similarity, above 0, at most 1.
        similarity: how similar two regions are.

    Raises:
        ValueError: the overlap is out of range.
    """
    if not 0 < overlap <= 1:
        raise ValueError(f"overlap is {overlap}: it must lie above 0 and be at most 1")
    found = _alike([a], [b], similarity, labels=True)
    hits = matched(found.left, found.right, (found.similarity >= overlap).astype(np.float64))
    return int(hits.sum()), len(a), len(b)


def pairs(control: Control, a: Value | None, b: Value | None, similarity: Similarity) -> list[Pair]:
    """Which labels stand against which: of regions that are the same thing whatever their labels.

    Labels that two such regions have in common stand against themselves. A region without a label
    counts as labelled by its control's tag.
    """
    a, b = a or (), b or ()
    found = _alike([a], [b], similarity, labels=False)
    alike = found.similarity
    weights = np.where(alike >= SAME, alike + _AGREEING * found.agreeing, 0.0)
    hits = np.flatnonzero(matched(found.left, found.right, weights))
    partner = dict(zip(found.left[hits].tolist(), found.right[hits].tolist(), strict=True))
    told: list[Pair] = []
    for i, region in enumerate(a):
        other = b[partner[i]].labels or (control.tag,) if i in partner else ()
        told += _label_pairs(region.labels or (control.tag,), other)
    lonely = [region for j, region in enumerate(b) if j not in partner.values()]
    return told + [(None, x) for region in lonely for x in region.labels or (control.tag,)]


def _label_pairs(a: Sequence[str], b: Sequence[str]) -> list[Pair]:
    """Labels of two regions that stand for the same thing."""
    only_a, only_b = [x for x in a if x not in b], [x for x in b if x not in a]
    told: list[Pair] = [(x, x) for x in a if x in b]
    if len(only_a) == len(only_b) == 1:
        return [*told, (only_a[0], only_b[0])]
    return [*told, *((x, None) for x in only_a), *((None, x) for x in only_b)]


def _sizes(values: Sequence[Value]) -> IntArray:
    return np.fromiter(map(len, values), np.int64, len(values))


def _alike(
    a: Sequence[Value], b: Sequence[Value], similarity: Similarity, *, labels: bool
) -> _Alike:
    """Regions of a[k] and b[k] at the same place, and if asked with the same labels."""
    each = list({id(value): value for value in chain(a, b)}.values())
    regions = list(chain.from_iterable(each))
    place, label = (_codes(list(map(attrgetter(name), regions))) for name in ("place", "labels"))
    group = place * (label.max(initial=0) + 1) + label if labels else place
    start = dict(zip(map(id, each), chain([0], accumulate(map(len, each))), strict=False))
    sizes_a, sizes_b = _sizes(a), _sizes(b)
    pairs = np.repeat(np.arange(len(a)), sizes_a)
    rows = np.arange(len(pairs)) - _offsets(sizes_a)[pairs] + _starts(start, a)[pairs]
    at_b, first_b = _starts(start, b), _offsets(sizes_b)
    parts = []
    for block in _blocks(sizes_b[pairs]):
        row, column = _cross(sizes_b[pairs[block]])
        row += block.start
        pair = pairs[row]
        i, j = rows[row], at_b[pair] + column
        same = np.flatnonzero(group[i] == group[j])
        alike = similarity(regions, i[same], j[same])
        kept = same[alike > 0]
        pair, right, agreeing = pair[kept], first_b[pair[kept]] + column[kept], label[i] == label[j]
        parts.append((pair, row[kept], right, agreeing[kept], alike[alike > 0]))
    return _Alike(*map(np.concatenate, zip(*parts, strict=True)))


def _chunks(a: Sequence[Value], b: Sequence[Value]) -> list[slice]:
    """Pairs of values that are compared at a time."""
    return _blocks(_sizes(a) * _sizes(b)) if len(a) else []


def _blocks(work: IntArray) -> list[slice]:
    """Stretches, at least one, with about `_AT_ONCE` of work each, or one entry with more."""
    block = np.cumsum(work) // _AT_ONCE
    ends = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(work)]
    return list(map(slice, ends[:-1], ends[1:]))


def _cross(columns: IntArray) -> tuple[IntArray, IntArray]:
    """Every (i, j) with j < columns[i], in order."""
    row = np.repeat(np.arange(len(columns)), columns)
    return row, np.arange(len(row)) - _offsets(columns)[row]


def _codes(said: Sequence[object]) -> IntArray:
    """A number for each, the same for equal ones; few of them are different objects."""
    each = {id(one): one for one in said}
    numbers = {one: number for number, one in enumerate(dict.fromkeys(each.values()))}
    code = {key: numbers[one] for key, one in each.items()}
    return np.fromiter(map(code.__getitem__, map(id, said)), np.int64, len(said))


def _starts(start: Mapping[int, int], values: Sequence[Value]) -> IntArray:
    return np.fromiter(map(start.__getitem__, map(id, values)), np.int64, len(values))


def _offsets(sizes: IntArray) -> IntArray:
    """Where each of several lists of these sizes begins, laid end to end."""
    offsets: IntArray = np.cumsum(sizes) - sizes
    return offsets
