"""The ordinal metric of Krippendorff's alpha, which depends on the answers themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sync.gating.coefficients.counts import Counts
from sync.gating.coefficients.disagreement import BLOCK

Array = npt.NDArray[Any]


def midranks(totals: Array) -> Array:
    """Mean rank of the answers in each category, of totals of shape (..., K); of that shape.

    The ordinal difference (Σ_{g=c..k} n_g - (n_c + n_k) / 2)² is the squared difference of the
    two categories' mean ranks (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011,
    section E).
    """
    found: Array = np.cumsum(totals, axis=-1) - totals / 2
    return found


def without_each(pairable: Counts) -> tuple[Array, Array]:
    """Observed and expected sums of squared differences of ranks without each item in turn.

    Ranks change with the item that is left out, so every sum is taken anew: with o the
    coincidences and s the ranks, Σ o_ck (s_c - s_k)² = 2 Σ n_c s_c² - 2 s'o s.

    Returns:
        Σ o_ck δ_ck and Σ n_c n_k δ_ck, both of shape (P,).
    """
    table, weight = pairable.table, pairable.weight
    totals = np.asarray(table.T @ weight)
    share = table.multiply((weight / (pairable.answers - 1))[:, None]).tocsr()
    coincidences = (table.T @ share).toarray()
    # A pair of an answer with itself is none.
    coincidences[np.diag_indices(totals.size)] -= np.asarray(share.sum(axis=0))
    observed, expected = np.empty(weight.size), np.empty(weight.size)
    step = max(1, BLOCK // max(totals.size, 1))
    for start in range(0, weight.size, step):
        part = slice(start, start + step)
        rows, m = table[part].toarray(), pairable.answers[part]
        n = totals - rows
        s = midranks(n)
        s -= (s * n).sum(axis=1, keepdims=True) / np.maximum(n.sum(axis=1, keepdims=True), 1)
        own = ((s * rows).sum(axis=1) ** 2 - (s**2 * rows).sum(axis=1)) / (m - 1)
        squares = (n * s**2).sum(axis=1)
        observed[part] = 2 * (squares - (((s @ coincidences) * s).sum(axis=1) - own))
        expected[part] = 2 * n.sum(axis=1) * squares
    return observed, expected
