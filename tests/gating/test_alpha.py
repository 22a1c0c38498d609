"""Krippendorff's alpha, against a published example and an independent library."""

from __future__ import annotations

import krippendorff
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.gating.alpha import krippendorff_alpha

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", example C.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, np.nan, np.nan, np.nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, np.nan, 3],
        [np.nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, np.nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, np.nan],
    ]
)


def units_of(table: npt.NDArray[np.float64]) -> list[list[float]]:
    return [[value for value in column if not np.isnan(value)] for column in table.T]


def test_the_published_example() -> None:
    """Nominal alpha of the published data is 0.743."""
    found = krippendorff_alpha(units_of(PUBLISHED), 0.95)
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.n == 11


@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(5, 30))
def test_the_independent_library(seed: int, raters: int, count: int) -> None:
    """Alpha equals that of the krippendorff package, gaps included."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, count)
    noise = rng.random((raters, count)) < 0.3
    table = np.where(noise, rng.integers(0, 3, (raters, count)), truth).astype(float)
    table[rng.random(table.shape) < 0.2] = np.nan
    ours = krippendorff_alpha(units_of(table), 0.95)
    if ours.value is None:
        return
    theirs = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
    assert ours.value == pytest.approx(theirs, abs=1e-9)


def test_one_label_leaves_alpha_undefined() -> None:
    """Where all say the same there is no chance agreement to correct for."""
    found = krippendorff_alpha([["a", "a"]] * 9, 0.95)
    assert found.value is None
    assert "one and the same label" in found.reason


def test_few_units_that_agree_prove_little() -> None:
    """Five agreeing units do not put the lower bound at 0.667, sixty do."""
    few = krippendorff_alpha([[i % 3, i % 3] for i in range(5)], 0.95)
    many = krippendorff_alpha([[i % 3, i % 3] for i in range(60)], 0.95)
    assert few.lower is not None
    assert few.lower < 0.667
    assert many.lower is not None
    assert many.lower > 0.667


@pytest.mark.parametrize("shares", [[0.5, 0.5], [1 / 3] * 3, [0.9, 0.1], [0.95, 0.05]])
def test_the_lower_bound_holds_at_all_times(shares: list[float]) -> None:
    """At a long-run alpha of 0.66, 0.667 is wrongly reached in at most 5% of 200 streams."""
    rng = np.random.default_rng(5)

    def stream(n: int, error: float) -> list[list[int]]:
        truth = rng.choice(len(shares), n, p=shares)
        wrong = rng.random((2, n)) < error
        moved = (truth + rng.integers(1, len(shares), (2, n))) % len(shares)
        units: list[list[int]] = np.where(wrong, moved, truth).T.tolist()
        return units

    low, high = 0.0, 0.3
    for _ in range(12):
        middle = (low + high) / 2
        value = krippendorff_alpha(stream(20_000, middle), 0.95).value
        low, high = (middle, high) if value is not None and value > 0.66 else (low, middle)
    looks = [*range(4, 60, 4), *range(60, 181, 20)]
    wrong = 0
    for _ in range(200):
        units = stream(looks[-1], high)
        bounds = (krippendorff_alpha(units[:n], 0.95).lower for n in looks)
        wrong += any(bound is not None and bound >= 0.667 for bound in bounds)
    assert wrong <= 0.05 * 200
