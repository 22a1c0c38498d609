"""The anytime-valid bounds, against a slow reading of their definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.gating.bounds import anytime_bounds


def by_definition(scores: list[float], population: int | None, confidence: float) -> list[float]:
    """Running lower bounds by bisection of the averaged martingale, one time at a time."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    bets, shares = (nodes + 1) / 2, weights / 2

    def wealth(mean: float, time: int) -> float:
        product, total = np.ones_like(bets), 0.0
        for i, score in enumerate(scores[:time]):
            left = mean if population is None else (population * mean - total) / (population - i)
            if left < 0 or (left == 0 and score > 0):
                return math.inf
            product = product * (1 - bets + bets * score / max(left, 1e-300))
            total += score
        return float(shares @ product)

    found, best = [], 0.0
    for time in range(1, len(scores) + 1):
        low, high = best, 1.0
        if wealth(max(low, 1e-7), time) >= 1 / (1 - confidence):
            for _ in range(20):
                middle = (low + high) / 2
                if wealth(middle, time) >= 1 / (1 - confidence):
                    low = middle
                else:
                    high = middle
            best = low
        if population is not None:
            best = max(best, sum(scores[:time]) / population)
        found.append(best)
    return found


@pytest.mark.parametrize("population", [None, 40, 60, 1000])
@pytest.mark.parametrize("kind", ["binary", "thirds", "continuous"])
def test_bounds_equal_their_definition(population: int | None, kind: str) -> None:
    """Both bounds agree with bisection of the definition to 1e-4 at every time."""
    rng = np.random.default_rng(3)
    scores = {
        "binary": (rng.random(40) < 0.9).astype(float),
        "thirds": rng.integers(0, 4, 40) / 3,
        "continuous": rng.random(40) ** 0.3,
    }[kind]
    lower, upper = anytime_bounds(scores, population, 0.95)
    np.testing.assert_allclose(lower, by_definition(list(scores), population, 0.95), atol=1e-4)
    mirrored = by_definition(list(1 - scores), population, 0.95)
    np.testing.assert_allclose(1 - upper, mirrored, atol=1e-4)


@pytest.mark.parametrize("population", [None, 260])
def test_an_unlikely_order_is_bounded_as_well(population: int | None) -> None:
    """After 200 zeros, the ones that follow still raise the lower bound as defined."""
    scores = np.r_[np.zeros(200), np.ones(50)]
    lower, _ = anytime_bounds(scores, population, 0.95)
    slow = by_definition(list(scores), population, 0.95)
    np.testing.assert_allclose(lower, slow, atol=1e-4)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
    st.one_of(st.none(), st.integers(60, 500)),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_bounds_only_tighten(scores: list[float], population: int | None, level: float) -> None:
    """The lower bound never falls, the upper never rises, and both stay in [0, 1]."""
    lower, upper = anytime_bounds(scores, population, level)
    assert (np.diff(lower) >= 0).all()
    assert (np.diff(upper) <= 0).all()
    assert lower.min() >= 0
    assert upper.max() <= 1


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=50))
def test_a_batch_that_is_seen_whole_is_known(scores: list[float]) -> None:
    """With every score drawn, both bounds are the mean."""
    lower, upper = anytime_bounds(scores, len(scores), 0.95)
    assert lower[-1] == pytest.approx(np.mean(scores), abs=1e-4)
    assert upper[-1] == pytest.approx(np.mean(scores), abs=1e-4)


def test_the_lower_bound_covers_at_all_times() -> None:
    """In at most 5% of 400 samples of a batch does the lower bound ever exceed the truth."""
    rng = np.random.default_rng(11)
    batch = np.repeat([1.0, 0.5, 0.0], [350, 100, 50])
    wrong = 0
    for _ in range(400):
        lower, _ = anytime_bounds(rng.permutation(batch)[:200], 500, 0.95)
        wrong += lower[-1] > batch.mean()
    assert wrong <= 0.05 * 400


@pytest.mark.parametrize(
    ("scores", "population", "confidence", "message"),
    [
        ([1.5], 10, 0.95, "score 1.5 is not allowed"),
        ([float("nan")], 10, 0.95, "scores lie in"),
        ([1.0, 1.0], 1, 0.95, "fewer than the 2 scores"),
        ([1.0], 10, 1.0, "confidence is 1.0"),
        ([[1.0]], 10, 0.95, "one dimension"),
    ],
)
def test_what_cannot_be_bounded_is_refused(
    scores: list[float], population: int, confidence: float, message: str
) -> None:
    """Each refusal names the value."""
    with pytest.raises(ValueError, match=message):
        anytime_bounds(scores, population, confidence)
