"""Krippendorff's alpha."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sync.gating.coefficients.coefficient import ONE_CATEGORY, Coefficient, undefined
from sync.gating.coefficients.counts import Counts, counts, no_pair
from sync.gating.coefficients.disagreement import Disagreement, Nominal, Squared
from sync.gating.coefficients.intervals import with_interval
from sync.gating.coefficients.midranks import midranks, without_each
from sync.gating.coefficients.ratings import Ratings
from sync.gating.coefficients.weights import numbers, ratio, scaled

Array = npt.NDArray[Any]

#: Name to the difference of two categories, in [0, 1]; alpha does not depend on its unit.
METRICS: dict[str, Callable[[Sequence[Any]], Disagreement]] = {
    "nominal": lambda categories: Nominal(),
    "interval": lambda categories: Squared(scaled(numbers(categories))),
    "ratio": ratio,
}
#: A sum this much smaller than another one is 0, but for rounding.
_ROUNDING = 1e-12


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
        metric: the difference of two values. "nominal"; "ordinal", in the categories' order;
            "interval" and "ratio", of categories that are numbers.

    Raises:
        ValueError: no such metric, or the categories are no numbers as it needs them.
    """
    if metric not in (*METRICS, "ordinal"):
        allowed = ", ".join([*METRICS, "ordinal"])
        raise ValueError(f"the metric is {metric!r}: allowed are {allowed}")
    pairable = counts(ratings).at_least(2)
    if not pairable.items:
        return undefined("krippendorff_alpha", 0, no_pair(ratings))
    if metric == "ordinal":
        return _alpha(
            pairable, Squared(scaled(midranks(_totals(pairable)))), confidence, without_each
        )
    return _alpha(pairable, METRICS[metric](ratings.categories), confidence)


#: Observed and expected sums without an item of each pattern in turn, each of shape (P,).
LeftOut = Callable[[Counts], tuple[Array, Array]]


def _alpha(
    pairable: Counts, delta: Disagreement, confidence: float, left_out: LeftOut | None = None
) -> Coefficient:
    table, m, weight = pairable.table, pairable.answers, pairable.weight
    totals, within = _totals(pairable), delta.within(table)
    n, against = float(totals.sum()), delta.against(totals)
    observed, expected = float(weight @ (within / (m - 1))), float(totals @ against)
    if expected <= 0:
        return undefined("krippendorff_alpha", pairable.items, ONE_CATEGORY)
    if left_out is None:
        one = observed - within / (m - 1), expected - 2 * (table @ against) + within
    else:
        one = left_out(pairable)
    return with_interval(
        "krippendorff_alpha",
        1 - (n - 1) * observed / expected,
        _one_less(*one, n - m, _ROUNDING * expected),
        weight,
        within / (m * (m - 1)),
        items=pairable.items,
        expected=expected / (n * (n - 1)),
        extent=delta.extent(totals),
        confidence=confidence,
    )


def _totals(pairable: Counts) -> Array:
    return np.asarray(pairable.table.T @ pairable.weight)


def _one_less(observed: Array, expected: Array, n: Array, least: float) -> Array:
    # Without the one item that varies, agreement is complete, whatever chance would do.
    certain = expected <= least
    found: Array = 1 - (n - 1) * observed / np.where(certain, 1.0, expected)
    return np.where(certain, 1.0, found)
