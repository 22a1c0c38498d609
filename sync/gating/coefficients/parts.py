"""The same coefficient for parts of the ratings."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from sync.gating.coefficients.coefficient import Coefficient
from sync.gating.coefficients.ratings import IntArray, Ratings

SliceName = TypeVar("SliceName", bound=Hashable)


def per_label(
    ratings: Ratings, function: Callable[[Ratings], Coefficient]
) -> dict[Hashable, Coefficient]:
    """The coefficient of each category against all others, in the categories' order."""
    return {
        category: function(
            replace(
                ratings,
                values=(ratings.values == code).astype(np.int64),
                categories=(False, True),
            )
        )
        for code, category in enumerate(ratings.categories)
    }


def per_slice(
    ratings: Ratings,
    slice_of_item: Callable[[Hashable], SliceName],
    function: Callable[[Ratings], Coefficient],
) -> dict[SliceName, Coefficient]:
    """The coefficient of each slice of the items, in order of first appearance.

    Args:
        ratings: the answers.
        slice_of_item: an item's slice, by the item's name.
        function: the coefficient.
    """
    slices = [slice_of_item(name) for name in ratings.item_names]
    codes = {name: code for code, name in enumerate(dict.fromkeys(slices))}
    of_item = np.fromiter((codes[name] for name in slices), np.int64, len(slices))
    return {
        name: function(of_items(ratings, np.flatnonzero(of_item == code)))
        for name, code in codes.items()
    }


def of_items(ratings: Ratings, items: IntArray) -> Ratings:
    """Only the ratings of these items; categories and annotators' names stay.

    Args:
        ratings: the answers.
        items: codes, sorted and distinct.
    """
    new = np.full(len(ratings.item_names), -1)
    new[items] = np.arange(items.size)
    kept = new[ratings.items] >= 0
    return replace(
        ratings,
        items=new[ratings.items[kept]],
        annotators=ratings.annotators[kept],
        values=ratings.values[kept],
        item_names=tuple(ratings.item_names[i] for i in items),
    )
