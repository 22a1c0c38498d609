"""Items that only one annotator answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sync.gating.coefficients import Coefficient, fleiss_kappa, gwet_ac1, ratings

Rows = list[tuple[int, str, str]]


def pairs(random: np.random.Generator) -> Rows:
    """200 items of two annotators, 5% of them in disagreement, over four categories."""
    first = random.integers(4, size=200)
    second = np.where(random.random(200) < 0.05, (first + 1) % 4, first)
    found = [("a", first), ("b", second)]
    return [(i, who, "wxyz"[given[i]]) for who, given in found for i in range(200)]


@pytest.mark.parametrize("coefficient", [fleiss_kappa, gwet_ac1])
def test_single_answers_do_not_widen_the_interval(
    coefficient: Callable[[Any], Coefficient],
) -> None:
    """A thousand items with one answer, spread as the others, leave the width within 5%."""
    random = np.random.default_rng(20261121)
    rated = pairs(random)
    singles = [(1000 + i, "a", "wxyz"[c]) for i, c in enumerate(random.integers(4, size=1000))]
    alone, beside = (coefficient(ratings(rows)) for rows in (rated, rated + singles))
    assert alone.items == beside.items == 200
    for low, high in (("lower", "upper"), ("anytime_lower", "anytime_upper")):
        widths = [getattr(c, high) - getattr(c, low) for c in (alone, beside)]
        assert widths[1] == pytest.approx(widths[0], rel=0.05)
