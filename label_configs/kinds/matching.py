"""Optimal one-to-one matching of regions, for many pairs of annotations at once.

A candidate is a region of one side that could be matched to a region of the other, with how
similar the two are. A candidate that is worth more than the best other one of either of its regions
together is part of every optimal matching, as it could replace both; most are. Only the groups that
are left need the Hungarian method (Kuhn 1955, doi:10.1002/nav.3800020109), each on its own, since
no candidate leads from one group to another.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

IntArray = npt.NDArray[np.integer]
Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: How often the candidates that are safe are taken; each time fewer become so.
_ROUNDS = 3


def matched(left: IntArray, right: IntArray, similarity: Array) -> BoolArray:
    """The candidates of a one-to-one matching whose similarities add up to the most.

    Args:
        left: (n,) number, from 0, of the candidate's region on one side. Different pairs of
            annotations have different numbers, so that all are matched in one go.
        right: (n,) the same on the other side, numbered by itself.
        similarity: (n,) at least 0; a candidate of 0 is never matched.

    Returns:
        (n,) whether the candidate is part of the matching. No region is in two of them.
    """
    chosen = np.zeros(len(similarity), dtype=bool)
    open_ = np.flatnonzero(similarity > 0)
    for _ in range(_ROUNDS):
        i, j, worth = left[open_], right[open_], similarity[open_]
        safe = worth > _best_other(i, worth) + _best_other(j, worth)
        chosen[open_[safe]] = True
        open_ = open_[~(_among(i, i[safe]) | _among(j, j[safe]))]
    if len(open_):
        chosen[open_] = _contested(left[open_], right[open_], similarity[open_])
    return chosen


def _best_other(region: IntArray, worth: Array) -> Array:
    """The most that another candidate of the same region is worth, 0 where there is none."""
    most = np.zeros(region.max(initial=-1) + 1)
    np.maximum.at(most, region, worth)
    best = worth == most[region]
    tied = np.bincount(region[best], minlength=len(most)) > 1
    second = np.zeros(len(most))
    np.maximum.at(second, region[~best], worth[~best])
    others: Array = np.where(best & ~tied[region], second[region], most[region])
    return others


def _among(region: IntArray, chosen: IntArray) -> BoolArray:
    """Whether each region is one of the chosen."""
    taken = np.zeros(region.max(initial=-1) + 1, dtype=bool)
    taken[chosen] = True
    among: BoolArray = taken[region]
    return among


def best_sums(
    left: IntArray, right: IntArray, pair: IntArray, similarity: Array, pairs: int
) -> Array:
    """The largest sum of similarities that a one-to-one matching of each pair reaches.

    Args:
        left: as in `matched`.
        right: as in `matched`.
        pair: (n,) number of the pair of annotations that the candidate belongs to, below `pairs`.
        similarity: (n,) in [0, 1].
        pairs: how many pairs there are, those without a candidate included.

    Returns:
        (pairs,) the sums, 0 where nothing matches.
    """
    chosen = np.flatnonzero(matched(left, right, similarity))
    # Added up in order of size, so that swapping the sides changes no digit.
    chosen = chosen[np.argsort(similarity[chosen], kind="stable")]
    sums = np.bincount(pair[chosen], weights=similarity[chosen], minlength=pairs)
    return sums.astype(np.float64, copy=False)


def best_matrix(similarity: Array) -> list[tuple[int, int]]:
    """The best one-to-one matching of two lists of regions, as (row, column), in row order.

    Args:
        similarity: (rows, columns), at least 0; what is 0 is never matched.
    """
    rows, columns = linear_sum_assignment(similarity, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if similarity[i, j] > 0]


def _contested(left: IntArray, right: IntArray, similarity: Array) -> BoolArray:
    """`matched` where candidates compete: by groups that share no region."""
    rows, columns = _dense(left), _dense(right)
    group = _groups(rows, columns)
    order = np.lexsort((-similarity, group))
    first = np.diff(group[order], prepend=-1) != 0
    # Where one side of a group has one region, the best candidate is the matching.
    star = (_regions(rows, group) == 1) | (_regions(columns, group) == 1)
    chosen = np.zeros(len(left), dtype=bool)
    chosen[order[first & star[group[order]]]] = True
    rest = order[~star[group[order]]]
    for members in np.split(rest, np.flatnonzero(np.diff(group[rest])) + 1) if len(rest) else ():
        chosen[members] = _hungarian(rows[members], columns[members], similarity[members])
    return chosen


def _hungarian(rows: IntArray, columns: IntArray, similarity: Array) -> BoolArray:
    """`matched` within one group."""
    i, j = _dense(rows), _dense(columns)
    table = np.zeros((i.max() + 1, j.max() + 1))
    table[i, j] = similarity
    partner = np.full(len(table), -1)
    at, to = linear_sum_assignment(table, maximize=True)
    partner[at] = to
    chosen: BoolArray = partner[i] == j
    return chosen


def _dense(numbers: IntArray) -> IntArray:
    """The same numbers without gaps, from 0."""
    dense: IntArray = np.unique(numbers, return_inverse=True)[1]
    return dense


def _groups(rows: IntArray, columns: IntArray) -> IntArray:
    """The number of each candidate's group: the connected parts of the graph of candidates."""
    size = int(rows.max()) + 1
    nodes = size + int(columns.max()) + 1
    graph = coo_array((np.ones(len(rows)), (rows, columns + size)), shape=(nodes, nodes))
    group: IntArray = connected_components(graph, directed=False)[1][rows]
    return _dense(group)


def _regions(numbers: IntArray, group: IntArray) -> IntArray:
    """How many different regions each group has on one side."""
    _, first = np.unique(numbers, return_index=True)
    return np.bincount(group[first], minlength=int(group.max()) + 1)
