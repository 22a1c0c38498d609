"""Gwet's AC1 and AC2."""

from __future__ import annotations

import numpy as np

from sync.gating.coefficients.coefficient import ONE_CATEGORY, Coefficient, undefined
from sync.gating.coefficients.counts import counts, no_pair
from sync.gating.coefficients.disagreement import Disagreement, Nominal
from sync.gating.coefficients.ratings import Ratings
from sync.gating.coefficients.shares import from_shares
from sync.gating.coefficients.weights import weighted


def gwet_ac1(ratings: Ratings, confidence: float = 0.95) -> Coefficient:
    """AC1 = (p_a - p_e) / (1 - p_e) with p_e = Σ π_k (1 - π_k) / (q - 1).

    It stays meaningful where one category is common, which is where kappa collapses (Gwet,
    "Computing inter-rater reliability and its variance in the presence of high agreement",
    British Journal of Mathematical and Statistical Psychology 61, 2008, equation 5). p_a and π_k
    are those of `fleiss_kappa`; q is the number of categories that could be given, so it matters
    that they are all declared.

    Args:
        ratings: the answers.
        confidence: of the interval and the bounds, in (0, 1).
    """
    return _gwet("gwet_ac1", ratings, Nominal(), confidence)


def gwet_ac2(
    ratings: Ratings, confidence: float = 0.95, *, weights: str = "quadratic"
) -> Coefficient:
    """AC2: AC1 in which answers may agree in part.

    p_a counts partly agreeing pairs by their weight w, and p_e = T_w / (q (q - 1)) Σ π_k (1 - π_k)
    with T_w the sum of all weights (Gwet, "Handbook of Inter-Rater Reliability", 4th ed., 2014,
    chapter 3).

    Args:
        ratings: the answers.
        confidence: of the interval and the bounds, in (0, 1).
        weights: "nominal", "linear" or "quadratic", see `weighted`.

    Raises:
        ValueError: no such weights.
    """
    delta = weighted(ratings.categories, weights)
    return _gwet("gwet_ac2", ratings, delta, confidence)


def _gwet(name: str, ratings: Ratings, delta: Disagreement, confidence: float) -> Coefficient:
    rated, q = counts(ratings).at_least(1), len(ratings.categories)
    if not rated.at_least(2).items:
        return undefined(name, 0, no_pair(ratings))
    if q < 2:
        return undefined(name, rated.at_least(2).items, ONE_CATEGORY)
    mean_weight = 1 - float(delta.against(np.ones(q)).sum()) / q**2
    factor = mean_weight * q / (q - 1)
    # Chance looks rarer than it is as long as few categories were seen, so the bound needs more.
    return from_shares(
        name, rated, delta, Nominal(), lambda apart: 1 - factor * apart, confidence, unseen=5
    )
