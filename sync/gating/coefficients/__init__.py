"""Coefficients of agreement between any number of annotators, with gaps."""

from sync.gating.coefficients.coefficient import Coefficient
from sync.gating.coefficients.cohen import cohen_kappa, pairwise_kappas
from sync.gating.coefficients.control import control_agreement
from sync.gating.coefficients.distances import distance_agreement, distance_alpha
from sync.gating.coefficients.fleiss import fleiss_kappa, scott_pi
from sync.gating.coefficients.gwet import gwet_ac1, gwet_ac2
from sync.gating.coefficients.krippendorff import krippendorff_alpha
from sync.gating.coefficients.parts import per_label, per_slice
from sync.gating.coefficients.percent import percent_agreement
from sync.gating.coefficients.ratings import Ratings, ratings, ratings_of_arrays

__all__ = [
    "Coefficient",
    "Ratings",
    "cohen_kappa",
    "control_agreement",
    "distance_agreement",
    "distance_alpha",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "krippendorff_alpha",
    "pairwise_kappas",
    "per_label",
    "per_slice",
    "percent_agreement",
    "ratings",
    "ratings_of_arrays",
    "scott_pi",
]
