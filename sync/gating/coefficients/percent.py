"""Percent agreement."""

from __future__ import annotations

from sync.gating.coefficients.coefficient import Coefficient, undefined
from sync.gating.coefficients.counts import counts, no_pair
from sync.gating.coefficients.disagreement import Nominal
from sync.gating.coefficients.intervals import with_interval
from sync.gating.coefficients.ratings import Ratings


def percent_agreement(ratings: Ratings, confidence: float = 0.95) -> Coefficient:
    """The share of an item's pairs of answers that are equal, on the mean of all items.

    Items with fewer than two answers hold no pair and are left out (Gwet, "Handbook of
    Inter-Rater Reliability", 4th ed., 2014, chapter 2: p_a). In [0, 1], chance not deducted.

    Args:
        ratings: the answers.
        confidence: of the interval, in (0, 1).
    """
    name, pairable = "percent_agreement", counts(ratings).at_least(2)
    n, m = pairable.items, pairable.answers
    if not n:
        return undefined(name, 0, no_pair(ratings))
    apart = Nominal().within(pairable.table) / (m * (m - 1))
    total = float(pairable.weight @ apart)
    left_out = 1 - (total - apart) / max(n - 1, 1)
    return with_interval(
        name,
        1 - total / n,
        left_out,
        pairable.weight,
        apart,
        items=n,
        expected=1.0,
        confidence=confidence,
    )
