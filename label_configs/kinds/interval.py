"""Distances of two numbers."""

from __future__ import annotations

import math


def distance(a: float, b: float, low: float | None, high: float | None) -> float:
    """How far two finite numbers are apart, in [0, 1].

    Between the bounds `low` and `high` it is |a - b| / (high - low), at most 1. Where a bound
    lacks or both are the same there is no scale, and it is |a - b| / max(|a|, |b|), at most 1:
    the relative distance, which no change of unit alters. Both are metrics (for the second:
    A. Ziv, "Relative distance: an error measure in round-off error analysis", Mathematics of
    Computation 39, 1982, p. 563-569).
    """
    if a == b:
        return 0.0
    span = high - low if low is not None and high is not None else 0.0
    if not 0.0 < span < math.inf:
        span = max(abs(a), abs(b))
    # The halves do not overflow where the whole would.
    return min(1.0, abs(a / 2 - b / 2) / (span / 2) if span / 2 else 1.0)
