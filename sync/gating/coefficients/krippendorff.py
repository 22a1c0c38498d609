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

#: Name to the difference of two categories, in [0, 1]; alpha does not depend on its unit. The
#: ordinal one depends on the answers too.
METRICS: dict[str, Callable[[Sequence[Any]], Disagreement]] = {
    "nominal": lambda categories: Nominal(),
    "ordinal": lambda categories: Nominal(),
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
    if metric not in METRICS:
        raise ValueError(f"the metric is {metric!r}: allowed are {', '.join(METRICS)}")
    pairable = counts(ratings).at_least(2)
    if not pairable.items:
        return undefined("krippendorff_alpha", 0, no_pair(ratings))
    delta, left_out = METRICS[metric](ratings.categories), None
    if metric == "ordinal":
        delta = Squared(scaled(midranks(_totals(pairable))))
        left_out = without_each(pairable)
    totals = _totals(pairable)
    return alpha_of_sums(
        delta.within(pairable.table),
        np.asarray(pairable.table @ delta.against(totals)),
        pairable.answers,
        pairable.weight,
        extent=delta.extent(totals),
        confidence=confidence,
        left_out=left_out,
    )


def alpha_of_sums(
    within: Array,
    to_all: Array,
    answers: Array,
    weight: Array,
    *,
    extent: float,
    confidence: float,
    left_out: tuple[Array, Array] | None = None,
) -> Coefficient:
    """Alpha with its interval from sums of differences of values.

    Args:
        within: (P,) over all ordered pairs of answers to an item of each pattern.
        to_all: (P,) of the item's answers to all answers, their own included.
        answers: (P,) to such an item, at least 2.
        weight: (P,) items of each pattern.
        extent: see `with_interval`.
        confidence: of the interval and the bounds, in (0, 1).
        left_out: observed and expected sum without one item of each pattern, each of shape
            (P,), where the differences themselves depend on the answers.
    """
    m, items, n = answers, int(weight.sum()), float(weight @ answers)
    observed, expected = float(weight @ (within / (m - 1))), float(weight @ to_all)
    if expected <= 0:
        return undefined("krippendorff_alpha", items, ONE_CATEGORY)
    one = left_out or (observed - within / (m - 1), expected - 2 * to_all + within)
    # Without the one item that varies, agreement is complete, whatever chance would do.
    certain = one[1] <= _ROUNDING * expected
    ratio = (n - m - 1) * one[0] / np.where(certain, 1.0, one[1])
    return with_interval(
        "krippendorff_alpha",
        1 - (n - 1) * observed / expected,
        1 - np.where(certain, 0.0, ratio),
        weight,
        within / (m * (m - 1)),
        items=items,
        expected=expected / (n * (n - 1)),
        extent=extent,
        confidence=confidence,
    )


def _totals(pairable: Counts) -> Array:
    return np.asarray(pairable.table.T @ pairable.weight)
