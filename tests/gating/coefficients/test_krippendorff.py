"""Krippendorff's alpha, against published examples and an independent library."""

from __future__ import annotations

import krippendorff
import numpy as np
import numpy.typing as npt
import pytest

from sync.gating.coefficients import Ratings, krippendorff_alpha, ratings

GAP = np.nan
# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section C: 4 observers, 12
# units.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
        [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    ]
)


def ratings_of(table: npt.NDArray[np.float64]) -> Ratings:
    """Ratings of a table of annotators and items with gaps."""
    return ratings(
        (item, annotator, int(table[annotator, item]))
        for annotator, item in zip(*np.nonzero(~np.isnan(table)), strict=True)
    )


def random_table(seed: int) -> npt.NDArray[np.float64]:
    """A table of 2 to 5 annotators and 5 to 30 items with gaps."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(2, 6), rng.integers(5, 31)
    truth = rng.integers(1, 5, shape[1])
    table = np.where(rng.random(shape) < 0.3, rng.integers(1, 5, shape), truth).astype(float)
    table[rng.random(shape) < 0.2] = GAP
    return table


def test_the_published_example() -> None:
    """Nominal alpha of the published data is 0.743."""
    found = krippendorff_alpha(ratings_of(PUBLISHED))
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.items == 11


def test_the_independent_library() -> None:
    """Alpha of 200 random tables with gaps equals that of the krippendorff package."""
    for seed in range(200):
        table = random_table(seed)
        ours = krippendorff_alpha(ratings_of(table)).value
        theirs = krippendorff.alpha(table, level_of_measurement="nominal")
        assert ours == pytest.approx(theirs, abs=1e-9)
