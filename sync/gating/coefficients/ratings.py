"""Who gave which category to which item."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

#: Whole numbers are looked up in a table as long as it has so many places an entry at most.
_SPREAD = 4
#: So many pairs of item and annotator an answer, at most, are marked one by one.
_SPARSE = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratings:
    """Ratings in long form: one row per item and annotator who rated it, any gaps allowed."""

    #: (n,) codes 0..I-1, in order of first appearance.
    items: IntArray
    #: (n,) codes 0..A-1.
    annotators: IntArray
    #: (n,) codes 0..K-1.
    values: IntArray
    annotator_names: tuple[Hashable, ...]
    item_names: tuple[Hashable, ...]
    #: Every category that could have been given, in their order.
    categories: tuple[Hashable, ...]


def ratings(
    rows: Iterable[tuple[Hashable, Hashable, Hashable]],
    categories: Sequence[Hashable] | None = None,
) -> Ratings:
    """Ratings from rows of (item, annotator, category).

    Args:
        rows: at most one for each item and annotator.
        categories: all that may be given, in their order; None takes those that were, sorted
            if they can be sorted, else in order of first appearance.

    Raises:
        ValueError: an annotator rates an item twice, a category is not a declared one, is
            declared twice, or is not a number (NaN).
    """
    columns = tuple(zip(*rows, strict=True)) or ((), (), ())
    items, item_names = _coded(columns[0])
    annotators, annotator_names = _coded(columns[1])
    order = _ordered(columns[2]) if categories is None else tuple(categories)
    return _checked(
        Ratings(
            items=items,
            annotators=annotators,
            values=_looked_up(columns[2], order),
            annotator_names=annotator_names,
            item_names=item_names,
            categories=order,
        )
    )


def ratings_of_arrays(
    items: npt.NDArray[Any], annotators: npt.NDArray[Any], values: npt.NDArray[Any]
) -> Ratings:
    """The same from three arrays of n entries each; names are their sorted distinct entries.

    Raises:
        ValueError: an annotator rates an item twice.
    """
    item_names, item_codes = _distinct(items)
    annotator_names, annotator_codes = _distinct(annotators)
    categories, value_codes = _distinct(values)
    return _checked(
        Ratings(
            items=item_codes,
            annotators=annotator_codes,
            values=value_codes,
            annotator_names=tuple(annotator_names.tolist()),
            item_names=tuple(item_names.tolist()),
            categories=tuple(categories.tolist()),
        )
    )


def _distinct(column: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], IntArray]:
    """The sorted distinct entries, and which of them each entry is."""
    if column.size and column.dtype.kind in "iu":
        low, high = int(column.min()), int(column.max())
        if high - low < _SPREAD * column.size:
            place = column.astype(np.int64) - low
            seen = np.zeros(high - low + 1, dtype=bool)
            seen[place] = True
            return np.flatnonzero(seen) + low, (np.cumsum(seen) - 1)[place]
    return np.unique(column, return_inverse=True)


def _coded(column: Sequence[Hashable]) -> tuple[IntArray, tuple[Hashable, ...]]:
    names = tuple(dict.fromkeys(column))
    codes = {name: code for code, name in enumerate(names)}
    return np.fromiter(map(codes.__getitem__, column), np.int64, len(column)), names


def _ordered(column: Sequence[Any]) -> tuple[Hashable, ...]:
    found = tuple(dict.fromkeys(column))
    try:
        return tuple(sorted(found))
    except TypeError:
        return found


def _looked_up(column: Sequence[Hashable], categories: Sequence[Hashable]) -> IntArray:
    codes = {category: code for code, category in enumerate(categories)}
    if len(codes) < len(categories):
        raise ValueError(f"categories are declared twice in {list(categories)}")
    if any(category != category for category in codes):
        raise ValueError("a category is NaN: leave a rating that is missing out")
    try:
        return np.fromiter(map(codes.__getitem__, column), np.int64, len(column))
    except KeyError as error:
        raise ValueError(
            f"{error.args[0]!r} is not a category: allowed are {list(categories)}"
        ) from None


def _checked(found: Ratings) -> Ratings:
    keys = found.items * len(found.annotator_names) + found.annotators
    space = len(found.item_names) * len(found.annotator_names)
    if space < _SPARSE * keys.size:
        seen = np.zeros(space, dtype=bool)
        seen[keys] = True
        if np.count_nonzero(seen) == keys.size:
            return found
    keys.sort()
    twice = np.flatnonzero(keys[1:] == keys[:-1])
    if twice.size:
        item, annotator = divmod(int(keys[twice[0]]), len(found.annotator_names))
        raise ValueError(
            f"annotator {found.annotator_names[annotator]!r} rates item "
            f"{found.item_names[item]!r} twice: keep one answer"
        )
    return found
