"""The anytime-valid bounds, against a slow reading of their definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from sync.gating.bounds import anytime_bounds
from sync.gating.wealth import Array, log_wealth


def by_definition(scores: Array, population: int | None, confidence: float) -> Array:
    """Running lower bounds by bisection of the averaged martingale, for each time by itself."""
    n = len(scores)
    nodes, weights = np.polynomial.legendre.leggauss(12)
    bets = (nodes + 1) / 2
    seen = np.cumsum(scores) - scores
    past = np.tri(n, dtype=bool)

    def rejected(mean: Array) -> Array:
        """Row t: whether the mean of row t is rejected at time t."""
        left = np.broadcast_to(mean[:, None], (n, n))
        if population is not None:
            left = (population * left - seen) / (population - np.arange(n))
        ruled_out = ((left < 0) | ((left == 0) & (scores > 0))) & past
        odds = scores / np.maximum(left, 1e-300) - 1
        logs = [np.where(past, np.log1p(bet * odds), 0).sum(axis=1) for bet in bets]
        wealth = logsumexp(logs, b=weights[:, None] / 2, axis=0)
        found: Array = ruled_out.any(axis=1) | (wealth >= -math.log(1 - confidence))
        return found

    low, high = np.zeros(n), np.ones(n)
    for _ in range(24):
        middle = (low + high) / 2
        low = np.where(rejected(middle), middle, low)
        high = np.where(low == middle, high, middle)
    if population is not None:
        low = np.maximum(low, np.cumsum(scores) / population)
    found: Array = np.maximum.accumulate(low)
    return found


def agree(scores: Array, population: int | None, confidence: float) -> None:
    """Both bounds are at most 1e-4 wider than their definition, and never narrower."""
    lower, upper = anytime_bounds(scores, population, confidence)
    for bound, x in ((lower, scores), (1 - upper, 1 - scores)):
        short = by_definition(x, population, confidence) - bound
        assert short.min() >= -1e-6
        assert short.max() <= 1e-4 + 1e-6


@pytest.mark.parametrize("population", [None, 40, 60, 1000])
@pytest.mark.parametrize("kind", ["binary", "thirds", "continuous"])
def test_bounds_equal_their_definition(population: int | None, kind: str) -> None:
    """Both bounds agree with bisection of the definition to 1e-4, and never exceed it."""
    rng = np.random.default_rng(3)
    scores = {
        "binary": (rng.random(40) < 0.9).astype(float),
        "thirds": rng.integers(0, 4, 40) / 3,
        "continuous": rng.random(40) ** 0.3,
    }[kind]
    agree(scores, population, 0.95)


UNLIKELY = {
    "ones after zeros": np.r_[np.zeros(120), np.ones(50)],
    "zeros after ones": np.r_[np.ones(150), np.zeros(150)],
    "falling": np.linspace(1, 0, 150),
    "hardly above nothing": np.r_[np.full(100, 1e-3), 1.0, np.full(100, 1e-3)],
}


@pytest.mark.parametrize("order", UNLIKELY)
@pytest.mark.parametrize("room", [None, 0, 10, 3000])
def test_an_unlikely_order_is_bounded_as_well(order: str, room: int | None) -> None:
    """In orders that chance hardly makes, bounds are as near to their definition."""
    scores = UNLIKELY[order]
    agree(scores, None if room is None else len(scores) + room, 0.95)


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


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=80),
    st.one_of(st.none(), st.integers(80, 500)),
    st.floats(0.5, 0.999),
    st.floats(0.5, 0.999),
)
def test_bounds_are_nested(
    scores: list[float], population: int | None, one: float, other: float
) -> None:
    """A higher confidence gives a bound that is nowhere tighter."""
    wide = anytime_bounds(scores, population, max(one, other))
    narrow = anytime_bounds(scores, population, min(one, other))
    assert (wide[0] <= narrow[0]).all()
    assert (wide[1] >= narrow[1]).all()


@pytest.mark.parametrize("population", [None, 600])
def test_the_bound_reaches_a_mean_when_its_wealth_does(population: int | None) -> None:
    """The first time at which the bound is at 0.9 is that of the wealth against 0.9."""
    rng = np.random.default_rng(5)
    samples = (rng.random((400, 30)) < 0.96).astype(float)
    wealth = log_wealth(samples, population, 0.9)
    for scores, logs in zip(samples.T, wealth.T, strict=True):
        reached = np.maximum.accumulate(logs) >= math.log(20)
        np.testing.assert_array_equal(anytime_bounds(scores, population, 0.95)[0] >= 0.9, reached)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=50))
def test_a_batch_that_is_seen_whole_leaves_no_doubt(scores: list[float]) -> None:
    """With every score drawn, nothing is left between the bounds, in whatever order."""
    # In one of twenty orders at most a bound was beyond the mean before, and never comes back.
    lower, upper = anytime_bounds(scores, len(scores), 0.95)
    assert lower[-1] >= np.mean(scores) - 1e-9
    assert upper[-1] <= np.mean(scores) + 1e-9


@pytest.mark.parametrize("mean", [0.0, 0.3, 0.95, 1.0])
def test_a_batch_that_is_seen_whole_is_known(mean: float) -> None:
    """In an order as chance makes it, both bounds end at the mean."""
    scores = np.random.default_rng(8).permutation((np.arange(100) < 100 * mean).astype(float))
    lower, upper = anytime_bounds(scores, 100, 0.95)
    assert lower[-1] == pytest.approx(mean)
    assert upper[-1] == pytest.approx(mean)


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
