"""What several annotators say together: the majority, with ties kept as ties."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from sync.gating.coefficients.ratings import Ratings


@dataclass(frozen=True, kw_only=True)
class Consensus:
    """The answer that most annotators of an item gave, or those that share the first place."""

    item: Hashable
    #: In the order of the categories; several where they are tied.
    values: tuple[Hashable, ...]
    #: Of the item's answers that each of them holds, in (0, 1].
    share: float

    @property
    def tied(self) -> bool:
        """Whether no single answer comes first."""
        return len(self.values) > 1


def majority(ratings: Ratings) -> tuple[Consensus, ...]:
    """The majority of each item, in the order of the items; an item without answers has none."""
    size, labels = len(ratings.item_names), len(ratings.categories)
    cells = ratings.items.astype(np.int64) * labels + ratings.values
    counts = np.bincount(cells, minlength=size * labels).reshape(size, labels)
    totals, tops = counts.sum(axis=1), counts.max(axis=1, initial=0)
    firsts = (counts == tops[:, None]) & (totals > 0)[:, None]
    found: list[list[Hashable]] = [[] for _ in range(size)]
    for item, label in np.argwhere(firsts).tolist():
        found[item].append(ratings.categories[label])
    return tuple(
        Consensus(item=name, values=tuple(values), share=float(top / total))
        for name, values, top, total in zip(ratings.item_names, found, tops, totals, strict=True)
        if values
    )
