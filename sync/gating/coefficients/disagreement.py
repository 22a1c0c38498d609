"""How far two categories are apart, and the sums over pairs of answers that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

Array = npt.NDArray[Any]

#: Numbers held at once where rows are taken in blocks.
_BLOCK = 2_000_000


class Disagreement(Protocol):
    """A symmetric difference δ(c, k) ≥ 0 of K categories, 0 on the diagonal."""

    def within(self, table: csr_array) -> Array:
        """Σ_ck n_c n_k δ(c, k) of each row n of a table of shape (P, K); of shape (P,)."""

    def against(self, totals: Array) -> Array:
        """Σ_k n_k δ(c, k) of the totals n, of shape (K,), for each category c; of shape (K,)."""


class Nominal:
    """δ is 0 for the same category, else 1."""

    def within(self, table: csr_array) -> Array:
        """See `Disagreement`."""
        squares = np.asarray(table.multiply(table).sum(axis=1))
        found: Array = np.asarray(table.sum(axis=1)) ** 2 - squares
        return found

    def against(self, totals: Array) -> Array:
        """See `Disagreement`."""
        found: Array = totals.sum() - totals
        return found


class Squared:
    """δ is the squared difference of the categories' positions."""

    def __init__(self, positions: Array) -> None:
        """Positions of shape (K,); only their differences matter."""
        self._at = positions - positions.mean() if positions.size else positions

    def within(self, table: csr_array) -> Array:
        """See `Disagreement`."""
        found: Array = 2 * (table.sum(axis=1) * (table @ self._at**2) - (table @ self._at) ** 2)
        return np.maximum(found, 0.0)

    def against(self, totals: Array) -> Array:
        """See `Disagreement`."""
        at = self._at
        found: Array = at**2 * totals.sum() - 2 * at * (totals @ at) + totals @ at**2
        return found


@dataclass(frozen=True, eq=False)
class Matrix:
    """δ is any symmetric matrix of shape (K, K) with zeros on its diagonal."""

    delta: Array

    def within(self, table: csr_array) -> Array:
        """See `Disagreement`."""
        found = np.empty(table.shape[0])
        step = max(1, _BLOCK // max(table.shape[1], 1))
        for start in range(0, found.size, step):
            rows = table[start : start + step].toarray()
            found[start : start + step] = ((rows @ self.delta) * rows).sum(axis=1)
        return found

    def against(self, totals: Array) -> Array:
        """See `Disagreement`."""
        found: Array = self.delta @ totals
        return found


def numbers(categories: Sequence[Any]) -> Array:
    """The categories as floats of shape (K,).

    Raises:
        ValueError: one of them is no finite number.
    """
    for category in categories:
        if isinstance(category, str) or not np.isfinite(category):
            raise ValueError(f"category {category!r} is no number: use nominal or ordinal")
    return np.array(categories, dtype=float)
