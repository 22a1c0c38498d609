"""Intervals of a coefficient from its values without each item in turn."""

from __future__ import annotations

import math
from typing import Any

import numpy.typing as npt
from scipy.special import lambertw
from scipy.stats import norm

from sync.gating.coefficients.coefficient import ONE_PAIR, Coefficient

Array = npt.NDArray[Any]

#: Items at which the time-uniform bounds are tightest.
_TIGHTEST = 50


def with_interval(
    name: str,
    value: float,
    left_out: Array,
    weight: Array,
    *,
    items: int,
    expected: float,
    confidence: float,
) -> Coefficient:
    """The coefficient with the jackknife's interval and time-uniform bounds.

    The bounds are the asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy &
    Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", 2024,
    one-sided) of the mean of the jackknife's pseudo-values. To the pseudo-values' variance is
    added what two disagreeing items more would bring: disagreement is rare, so a few items show
    too little of it or none, and without the addition the lower bound of simulated streams is
    wrong more often than it says.

    Args:
        name: of the coefficient.
        value: over all items.
        left_out: (P,) the coefficient without one item of each pattern.
        weight: (P,) items of each pattern.
        items: those that hold a pair.
        expected: the disagreement, in [0, 1], that chance brings; the coefficient is one less
            the observed disagreement over this.
        confidence: of the two-sided interval and of each one-sided bound, in (0, 1).
    """
    if items < 2:
        return Coefficient(
            name=name, value=value, lower=None, upper=None, items=items, reason=ONE_PAIR
        )
    spread = math.sqrt(_variance(value, left_out, weight) + 2 / (expected**2 * (items + 1)))
    half = float(norm.ppf((1 + confidence) / 2)) * spread / math.sqrt(items)
    margin = time_uniform_margin(spread, items, 1 - confidence)
    return Coefficient(
        name=name,
        value=value,
        lower=max(-1.0, value - half),
        upper=min(1.0, value + half),
        items=items,
        anytime_lower=max(-1.0, value - margin),
        anytime_upper=min(1.0, value + margin),
    )


def _variance(value: float, left_out: Array, weight: Array) -> float:
    """Of the jackknife's pseudo-values n value - (n - 1) left_out."""
    n = float(weight.sum())
    pseudo = n * value - (n - 1) * left_out
    mean = float(weight @ pseudo) / n
    return float(weight @ (pseudo - mean) ** 2) / (n - 1)


def time_uniform_margin(spread: float, n: int, error: float) -> float:
    """Half-width of the one-sided asymptotic confidence sequence after n values.

    σ √( 2 (n ρ² + 1) / (n² ρ²) · log(1 + √(n ρ² + 1) / (2 error)) ), with ρ chosen so that it is
    tightest at 50 values (the paper's one-sided boundary).
    """
    rho2 = _rho2(_TIGHTEST, error)
    scale = n * rho2 + 1
    return spread * math.sqrt(
        2 * scale / (n * n * rho2) * math.log(1 + math.sqrt(scale) / (2 * error))
    )


def _rho2(n: int, error: float) -> float:
    a2 = 4 * error * error
    return float((-lambertw(-a2 * math.exp(-1), k=-1).real - 1) / n)


def units_needed(alpha: float, lower: float, n: int, threshold: float, confidence: float) -> int:
    """About how many items put the lower bound at the threshold, if alpha stays what it is.

    Args:
        alpha: the coefficient now, above the threshold.
        lower: its time-uniform lower bound now, over `n` items.
        n: items so far.
        threshold: what the bound must reach.
        confidence: of the bound.
    """
    error = 1 - confidence
    spread = (alpha - lower) / time_uniform_margin(1.0, n, error)
    needed = n
    while alpha - time_uniform_margin(spread, needed, error) < threshold and needed < 100_000:
        needed += max(1, needed // 20)
    return needed
