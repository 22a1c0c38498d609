"""How far two categories are apart, and the sums over pairs of answers that follow from it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from sync.gating.coefficients.ratings import IntArray

Array = npt.NDArray[Any]

#: Numbers held at once where rows are taken in blocks.
BLOCK = 2_000_000


class Disagreement(Protocol):
    """A symmetric difference δ(c, k) ≥ 0 of K categories, 0 on the diagonal."""

    def between(self, c: IntArray, k: IntArray) -> Array:
        """δ(c, k) of each two codes."""

    def within(self, table: csr_array) -> Array:
        """Σ_ck n_c n_k δ(c, k) of each row n of a table of shape (P, K); of shape (P,)."""

    def against(self, totals: Array) -> Array:
        """Σ_k n_k δ(c, k) of totals n, of shape (..., K), for each category c; of that shape."""

    def extent(self, totals: Array) -> float:
        """Size Σ n_c n_k δ² / Σ n_c n_k δ of a usual difference of totals n; 1 where all agree."""


class Nominal:
    """δ is 0 for the same category, else 1."""

    def between(self, c: IntArray, k: IntArray) -> Array:
        """See `Disagreement`."""
        found: Array = np.not_equal(c, k).astype(float)
        return found

    def within(self, table: csr_array) -> Array:
        """See `Disagreement`."""
        squares = np.asarray(table.multiply(table).sum(axis=1))
        found: Array = np.asarray(table.sum(axis=1)) ** 2 - squares
        return found

    def against(self, totals: Array) -> Array:
        """See `Disagreement`."""
        found: Array = totals.sum(axis=-1, keepdims=True) - totals
        return found

    def extent(self, totals: Array) -> float:
        """See `Disagreement`."""
        del totals
        return 1.0


class Squared:
    """δ is the squared difference of the categories' positions."""

    def __init__(self, positions: Array) -> None:
        """Positions of shape (K,); only their differences matter."""
        self._at = positions - positions.mean() if positions.size else positions

    def between(self, c: IntArray, k: IntArray) -> Array:
        """See `Disagreement`."""
        found: Array = (self._at[c] - self._at[k]) ** 2
        return found

    def within(self, table: csr_array) -> Array:
        """See `Disagreement`."""
        found: Array = 2 * (table.sum(axis=1) * (table @ self._at**2) - (table @ self._at) ** 2)
        return np.maximum(found, 0.0)

    def against(self, totals: Array) -> Array:
        """See `Disagreement`."""
        at, n = self._at, totals.sum(axis=-1, keepdims=True)
        mean, square = (totals @ at)[..., None], (totals @ at**2)[..., None]
        found: Array = at**2 * n - 2 * at * mean + square
        return found

    def extent(self, totals: Array) -> float:
        """See `Disagreement`."""
        share = totals / max(totals.sum(), 1e-300)
        at = self._at - share @ self._at
        second, fourth = float(share @ at**2), float(share @ at**4)
        return _quotient(2 * fourth + 6 * second**2, 2 * second)


class Matrix:
    """δ is any symmetric matrix of shape (K, K) with zeros on its diagonal."""

    def __init__(self, delta: Array) -> None:
        """The matrix itself."""
        self._delta = delta

    def between(self, c: IntArray, k: IntArray) -> Array:
        """See `Disagreement`."""
        found: Array = self._delta[c, k]
        return found

    def within(self, table: csr_array) -> Array:
        """See `Disagreement`."""
        found = np.empty(table.shape[0])
        step = max(1, BLOCK // max(table.shape[1], 1))
        for start in range(0, found.size, step):
            rows = table[start : start + step].toarray()
            found[start : start + step] = ((rows @ self._delta) * rows).sum(axis=1)
        return found

    def against(self, totals: Array) -> Array:
        """See `Disagreement`."""
        found: Array = totals @ self._delta
        return found

    def extent(self, totals: Array) -> float:
        """See `Disagreement`."""
        squares = float(totals @ (self._delta**2 @ totals))
        return _quotient(squares, float(totals @ (self._delta @ totals)))


def _quotient(squares: float, plain: float) -> float:
    return squares / plain if plain > 0 else 1.0
