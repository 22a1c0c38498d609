"""What counts as how far apart: metrics of alpha, weights of kappa and AC2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from sync.gating.coefficients.disagreement import Disagreement, Matrix, Nominal, Squared

Array = npt.NDArray[Any]


def numbers(categories: Sequence[Any]) -> Array:
    """The categories as floats of shape (K,).

    Raises:
        ValueError: one of them is no finite number.
    """
    for category in categories:
        if not isinstance(category, Real) or not np.isfinite(float(category)):
            raise ValueError(f"category {category!r} is no finite number: use nominal or ordinal")
    return np.array(categories, dtype=float)


def positions(categories: Sequence[Any]) -> Array:
    """The categories' numbers, or their places 0..K-1 where some are no numbers; of shape (K,)."""
    if all(isinstance(category, Real) for category in categories):
        return numbers(categories)
    return np.arange(len(categories), dtype=float)


def scaled(at: Array) -> Array:
    """The positions, so stretched that they span 1."""
    span = float(np.ptp(at)) if at.size else 0.0
    return at / (span or 1.0)


def _linear(categories: Sequence[Any]) -> Disagreement:
    at = scaled(positions(categories))
    return Matrix(np.abs(at[:, None] - at))


def _quadratic(categories: Sequence[Any]) -> Disagreement:
    return Squared(scaled(positions(categories)))


def _nominal(categories: Sequence[Any]) -> Disagreement:
    del categories
    return Nominal()


#: Name to disagreements 1 - w in [0, 1]; w are the agreement weights of the literature.
WEIGHTS: dict[str, Callable[[Sequence[Any]], Disagreement]] = {
    "nominal": _nominal,
    "linear": _linear,
    "quadratic": _quadratic,
}


def weighted(categories: Sequence[Any], weights: str) -> Disagreement:
    """Disagreement 1 - w of two categories, in [0, 1].

    With x a category's number, or its place where categories are no numbers, and r the range of
    x over all categories: linear weights are w = 1 - |x - y| / r, quadratic ones
    w = 1 - (x - y)² / r² (Cohen, "Weighted kappa", Psychological Bulletin 70, 1968; Gwet,
    "Handbook of Inter-Rater Reliability", 4th ed., 2014, chapter 3).

    Raises:
        ValueError: no such weights, or a category is NaN or infinite.
    """
    if weights not in WEIGHTS:
        raise ValueError(f"weights are {weights!r}: allowed are {', '.join(WEIGHTS)}")
    return WEIGHTS[weights](categories)


def ratio(categories: Sequence[Any]) -> Disagreement:
    """δ(c, k) = ((c - k) / (c + k))², for numbers with a true zero.

    Raises:
        ValueError: a category is no finite number or is below 0.
    """
    x = numbers(categories)
    if (x < 0).any():
        raise ValueError(f"category {x.min()} is below 0: the ratio metric has none, use interval")
    total = x[:, None] + x
    return Matrix(((x[:, None] - x) / np.where(total > 0, total, 1.0)) ** 2)
