"""Distances of two sets of labels."""

from __future__ import annotations

from collections.abc import Set
from typing import Any


def jaccard_distance(a: Set[Any], b: Set[Any]) -> float:
    """1 - |a & b| / |a | b|, in [0, 1]; 0 for two empty sets. A metric (Levandowsky & Winter 1971).

    Source: M. Levandowsky and D. Winter, "Distance between sets", Nature 234, p. 34-35.
    """
    union = len(a | b)
    return 1.0 - len(a & b) / union if union else 0.0


def masi_distance(a: Set[Any], b: Set[Any]) -> float:
    """1 - J M, in [0, 1], with J the Jaccard index; 0 for two empty sets.

    M is 1 for equal sets, 2/3 where one holds the other, 1/3 where they merely overlap, 0 where
    they do not, so a disagreement in kind weighs more than one in detail. No triple of sets is
    known to break the triangle inequality (tried: all with up to 5 elements in each of the seven
    parts that three sets make), but no proof of it either.

    Source: R. Passonneau, "Measuring Agreement on Set-valued Items (MASI) for Semantic and
    Pragmatic Annotation", LREC 2006, section 4.
    """
    if a == b:
        return 0.0
    common = a & b
    if not common:
        return 1.0
    monotonicity = 2 / 3 if a < b or b < a else 1 / 3
    return 1.0 - monotonicity * len(common) / len(a | b)
