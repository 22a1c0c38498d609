"""How often each item was given each category, items with the same counts taken together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from sync.gating.coefficients.coefficient import NO_PAIR, ONE_ANNOTATOR
from sync.gating.coefficients.ratings import Ratings

Array = npt.NDArray[Any]

#: Whole numbers of so many bits are exact as floats.
_EXACT = 53


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """P distinct patterns of counts; coefficients do not care which items showed which."""

    #: Sparse, of shape (P, K): how often each category was given.
    table: csr_array
    #: (P,) the items that show the pattern.
    weight: Array
    #: (P,) answers per item.
    answers: Array

    @property
    def items(self) -> int:
        """Items in all."""
        return int(self.weight.sum())

    def at_least(self, answers: int) -> Counts:
        """Only the items with so many answers."""
        kept = np.flatnonzero(self.answers >= answers)
        if kept.size == self.answers.size:
            return self
        return Counts(table=self.table[kept], weight=self.weight[kept], answers=self.answers[kept])


def counts(ratings: Ratings) -> Counts:
    """The counts of all items."""
    number, categories = len(ratings.item_names), len(ratings.categories)
    answers = np.bincount(ratings.items, minlength=number)
    base = float(answers.max(initial=0) + 1)
    if categories * np.log2(base) < _EXACT:
        table, weight = _patterns(ratings, base)
    else:
        one = np.ones(ratings.items.size)
        places = (ratings.items, ratings.values)
        table, weight = csr_array((one, places), shape=(number, categories)), np.ones(number)
    return Counts(table=table, weight=weight, answers=np.asarray(table.sum(axis=1)))


def _patterns(ratings: Ratings, base: float) -> tuple[csr_array, Array]:
    """Each item's counts are the digits of one number."""
    place = base ** np.arange(len(ratings.categories))
    numbers, weight = np.unique(
        np.bincount(ratings.items, place[ratings.values], len(ratings.item_names)),
        return_counts=True,
    )
    return csr_array(numbers[:, None] // place % base), weight.astype(float)


def no_pair(ratings: Ratings) -> str:
    """Why no item holds a pair of answers."""
    return ONE_ANNOTATOR if len(ratings.annotator_names) == 1 else NO_PAIR
