"""Coefficients of agreement between any number of annotators, with gaps."""

from sync.gating.coefficients.coefficient import Coefficient
from sync.gating.coefficients.krippendorff import krippendorff_alpha
from sync.gating.coefficients.percent import percent_agreement
from sync.gating.coefficients.ratings import Ratings, ratings, ratings_of_arrays

__all__ = [
    "Coefficient",
    "Ratings",
    "krippendorff_alpha",
    "percent_agreement",
    "ratings",
    "ratings_of_arrays",
]
