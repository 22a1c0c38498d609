"""Coefficients that take chance from each category's mean share of an item's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from sync.gating.coefficients.coefficient import ONE_CATEGORY, Coefficient, undefined
from sync.gating.coefficients.counts import Counts
from sync.gating.coefficients.disagreement import Disagreement
from sync.gating.coefficients.intervals import with_interval

Array = npt.NDArray[Any]


def from_shares(
    name: str,
    rated: Counts,
    delta: Disagreement,
    chance: Disagreement,
    expected: Callable[[Array], Array],
    confidence: float,
    unseen: int = 3,
) -> Coefficient:
    """1 - D_o / D_e, D_o on the mean of all items with two answers.

    Args:
        name: of the coefficient.
        rated: all items that tell about chance, at least one of them with two answers.
        delta: the disagreement of two answers to an item.
        chance: the disagreement φ in Σ_ck π_c π_k φ(c, k), with π_c the mean over items of
            category c's share of the item's answers.
        expected: D_e from that sum.
        confidence: of the interval and the bounds, in (0, 1).
        unseen: see `with_interval`.
    """
    n, m, weight = rated.items, rated.answers, rated.weight
    paired = m >= 2
    apart = delta.within(rated.table) / np.where(paired, m * (m - 1), 1)
    pairs, total = float(weight @ paired), float(weight @ apart)
    shares = rated.table.multiply(1 / m[:, None]).tocsr()
    full, without = _sums(shares, weight, chance)
    by_chance = float(expected(np.array([full]))[0])
    if by_chance <= 0:
        return undefined(name, int(pairs), ONE_CATEGORY)
    observed = (total - apart) / np.maximum(pairs - paired, 1)
    left = expected(without) if n > 1 else np.zeros(weight.size)
    # Without the one item that varies, agreement is complete, whatever chance would do.
    left_out = 1 - observed / np.where(left > 0, left, np.inf)
    return with_interval(
        name,
        1 - total / pairs / by_chance,
        left_out,
        weight,
        apart,
        items=int(pairs),
        expected=by_chance,
        extent=delta.extent(np.asarray(shares.T @ weight)),
        unseen=unseen,
        confidence=confidence,
    )


def _sums(shares: csr_array, weight: Array, chance: Disagreement) -> tuple[float, Array]:
    """Σ π_c π_k φ(c, k), and the same without one item of each pattern, of shape (P,)."""
    n = float(weight.sum())
    summed = np.asarray(shares.T @ weight)
    against = chance.against(summed)
    full = float(summed @ against)
    without = full - 2 * (shares @ against) + chance.within(shares)
    # What is left of a sum of equal parts is rounding.
    without[without < 1e-12 * full] = 0.0
    return full / n**2, without / max(n - 1, 1) ** 2
