"""Krippendorff's alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sync.gating.coefficients.coefficient import ONE_CATEGORY, Coefficient, undefined
from sync.gating.coefficients.counts import Counts, counts, no_pair
from sync.gating.coefficients.disagreement import Disagreement, Nominal
from sync.gating.coefficients.intervals import with_interval
from sync.gating.coefficients.ratings import Ratings

Array = npt.NDArray[Any]


def krippendorff_alpha(
    ratings: Ratings, confidence: float = 0.95, *, metric: str = "nominal"
) -> Coefficient:
    """Alpha = 1 - D_o / D_e of items rated by any number of annotators, with any gaps.

    D_o is the mean difference of two answers to the same item, each item counted by its answers;
    D_e is that of any two answers (Krippendorff, "Computing Krippendorff's Alpha-Reliability",
    2011, section C). Items with fewer than two answers hold no pair and are left out.

    Args:
        ratings: the answers.
        confidence: of the interval and the bounds, in (0, 1).
        metric: "nominal".
    """
    name, pairable = "krippendorff_alpha", counts(ratings).at_least(2)
    if not pairable.items:
        return undefined(name, 0, no_pair(ratings))
    del metric
    return _alpha(name, pairable, Nominal(), confidence)


def _alpha(name: str, pairable: Counts, delta: Disagreement, confidence: float) -> Coefficient:
    table, m, weight = pairable.table, pairable.answers, pairable.weight
    totals = table.T @ weight
    n, against, within = float(totals.sum()), delta.against(totals), delta.within(table)
    observed, expected = float(weight @ (within / (m - 1))), float(totals @ against)
    if expected <= 0:
        return undefined(name, pairable.items, ONE_CATEGORY)
    return with_interval(
        name,
        1 - (n - 1) * observed / expected,
        _one(observed - within / (m - 1), expected - 2 * (table @ against) + within, n - m),
        weight,
        items=pairable.items,
        expected=expected / (n * (n - 1)),
        confidence=confidence,
    )


def _one(observed: Array, expected: Array, n: Array) -> Array:
    # Without the one item that varies, agreement is complete, whatever chance would do.
    certain = expected < 0.5
    found: Array = 1 - (n - 1) * observed / np.where(certain, 1.0, expected)
    return np.where(certain, 1.0, found)
