"""The time-uniform bounds of alpha, looked at again and again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from sync.gating.coefficients import krippendorff_alpha, ratings_of_arrays

Array = npt.NDArray[np.float64]

STREAMS = 200
LOOKS = [*range(4, 60, 4), *range(60, 181, 20)]


def two_annotators(shares: list[float], error: float) -> Array:
    """P(first says a, second says b), if each errs on its own, to any other label."""
    confusion = np.full((len(shares), len(shares)), error / (len(shares) - 1))
    np.fill_diagonal(confusion, 1 - error)
    return np.einsum("t,ta,tb->ab", np.array(shares), confusion, confusion)


def long_run_alpha(cells: Array) -> float:
    """Alpha of endless items: 1 - P(differ) / (1 - Σ π²)."""
    shares = (cells.sum(axis=0) + cells.sum(axis=1)) / 2
    return 1 - float(1 - np.trace(cells)) / float(1 - shares @ shares)


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.667, 0.8])
@pytest.mark.parametrize("shares", [[0.5, 0.5], [1 / 3] * 3, [0.9, 0.1], [0.95, 0.05]])
def test_the_lower_bound_holds_at_all_times(shares: list[float], threshold: float) -> None:
    """With alpha just below a threshold it is reached at any look in at most 5% of streams."""
    errors = np.linspace(0, 0.3, 3001)
    cells = next(
        found
        for found in (two_annotators(shares, error) for error in errors)
        if long_run_alpha(found) < threshold
    )
    rng, wrong = np.random.default_rng(5), 0
    for _ in range(STREAMS):
        drawn = rng.choice(cells.size, LOOKS[-1], p=cells.ravel())
        values = np.column_stack(np.divmod(drawn, len(shares)))
        wrong += any(_reaches(values[:n], threshold) for n in LOOKS)
    assert wrong <= 0.05 * STREAMS


def _reaches(values: npt.NDArray[np.int64], threshold: float) -> bool:
    items, annotators = np.indices(values.shape).reshape(2, -1)
    bound = krippendorff_alpha(ratings_of_arrays(items, annotators, values.ravel())).anytime_lower
    return bound is not None and bound >= threshold


@pytest.mark.parametrize(("items", "reached"), [(5, False), (60, True)])
def test_few_items_that_agree_prove_little(items: int, reached: bool) -> None:
    """Five agreeing items do not put the lower bound at 0.667, sixty do."""
    values = np.arange(items) % 3
    assert _reaches(np.column_stack([values, values]), 0.667) is reached
