"""Fleiss' kappa and, from the same shares, Scott's pi."""

from __future__ import annotations

from sync.gating.coefficients.coefficient import Coefficient, undefined
from sync.gating.coefficients.counts import counts, no_pair
from sync.gating.coefficients.disagreement import Nominal
from sync.gating.coefficients.ratings import Ratings
from sync.gating.coefficients.shares import from_shares


def fleiss_kappa(ratings: Ratings, confidence: float = 0.95) -> Coefficient:
    """Fleiss' kappa, generalised to gaps as in Gwet's Handbook.

    kappa = (p_a - p_e) / (1 - p_e). p_a is percent agreement over the items with two answers;
    p_e = Σ π_k², with π_k the mean over all items with an answer of category k's share of the
    item's answers (Gwet, "Handbook of Inter-Rater Reliability", 4th ed., 2014, chapter 2).
    Without gaps this is Fleiss, "Measuring nominal scale agreement among many raters",
    Psychological Bulletin 76 (1971), equations 3 to 7.

    Args:
        ratings: the answers.
        confidence: of the interval and the bounds, in (0, 1).
    """
    return _kappa("fleiss_kappa", ratings, 1, confidence)


def scott_pi(ratings: Ratings, confidence: float = 0.95) -> Coefficient:
    """Scott's pi: Fleiss' kappa of the items with at least two answers alone.

    For two annotators this is Scott, "Reliability of content analysis", Public Opinion Quarterly
    19 (1955): both marginals together tell what chance would do. For more it is the form that
    Fleiss (1971) gave it; the two differ only by the items with one answer, which here say
    nothing about chance.

    Args:
        ratings: the answers.
        confidence: of the interval and the bounds, in (0, 1).
    """
    return _kappa("scott_pi", ratings, 2, confidence)


def _kappa(name: str, ratings: Ratings, fewest: int, confidence: float) -> Coefficient:
    rated = counts(ratings).at_least(fewest)
    if not rated.at_least(2).items:
        return undefined(name, 0, no_pair(ratings))
    return from_shares(name, rated, Nominal(), Nominal(), lambda apart: apart, confidence)
