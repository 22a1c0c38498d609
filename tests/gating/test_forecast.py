"""The forecast of labels left, against what batches then took."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest

from sync.gating.bounds import anytime_bounds
from sync.gating.outlook import to_pass_at_best, to_settle
from sync.gating.wealth import Array, log_bets, log_wealth, log_wealth_in_steps

TARGET = math.log(20)
#: The most blind tasks of a sample of 600.
MOST = 480
#: True means as they lie about a threshold: 1 is a batch without a fault.
TRUTHS = (-2.0, -1.0, -0.5, -0.25, 0.25, 0.4, 0.6, 0.8, 1.0)


def settles(scores: Array, population: int, threshold: float) -> int:
    """Scores until a bound meets the threshold, or all that there are."""
    passed = log_wealth(scores, population, threshold)[:, 0] >= TARGET
    held = log_wealth(1 - scores, population, 1 - threshold)[:, 0] >= TARGET
    found = np.flatnonzero(passed | held)
    return int(found[0]) + 1 if len(found) else len(scores)


def draw(rng: np.random.Generator, truth: float, population: int, *, graded: bool) -> Array:
    """A sample in draw order from a batch of that mean."""
    batch = (np.arange(population) < round(truth * population)).astype(float)
    if graded:
        # The same mean, from all between half right and wholly right.
        fault = 1 - rng.random(population) / 2
        batch = 1 - (1 - fault) * (1 - truth) / max((1 - fault).mean(), 1e-9)
        batch = np.clip(batch, 0, 1)
    return rng.permutation(batch)[: min(MOST, population)]


def ratios(runs: int) -> dict[str, list[float]]:
    """Actual by forecast number of scores left, in all and for each condition."""
    rng = np.random.default_rng(20260102)
    found: defaultdict[str, list[float]] = defaultdict(list)
    grid = [
        (threshold, population, truth, graded)
        for threshold in (0.80, 0.90, 0.95)
        for population in (300, 2000, 20_000)
        for truth in TRUTHS
        for graded in (False, True)
    ] * runs
    for threshold, population, place, graded in grid:
        truth = threshold + place * (1 - threshold)
        scores = draw(rng, truth, population, graded=graded)
        end = settles(scores, population, threshold)
        for look in (10, 16, 24, 48, 120):
            if look < end:
                seen, most = scores[:look], len(scores) - look
                left = to_settle(seen, population, threshold, 0.95, most, rng)
                keys = ["all", f"against {threshold}", f"of {population}", f"after {look}"]
                # Where all that there is was forecast, chance has little to say.
                keys += ["not of all"] if left < most else []
                for key in keys:
                    found[key].append((end - look) / left)
    return found


@pytest.mark.slow
def test_the_forecast_is_calibrated() -> None:
    """The median of actual by forecast labels left lies in 0.7-1.4, in all and in each part."""
    found = ratios(3)
    for key, values in found.items():
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
        print(f"{key:16} median {median:.2f}, quartiles {low:.2f}-{high:.2f}, of {len(values)}")
    assert all(0.7 <= np.median(values) <= 1.4 for values in found.values())


def test_the_forecast_is_right_where_nothing_is_left_to_chance() -> None:
    """After 200 ones all futures are alike: the forecast is what more ones would take."""
    seen = np.ones(200)
    exact = settles(np.ones(1000), 2000, 0.985) - 200
    left = to_settle(seen, 2000, 0.985, 0.95, 800, np.random.default_rng(0))
    assert exact <= left <= 1.5 * exact


def test_what_is_left_is_the_most_there_can_be() -> None:
    """A forecast never exceeds the scores that can still come."""
    seen = np.tile([1.0, 1, 1, 1, 0], 4)
    for most in (0, 1, 7):
        assert to_settle(seen, 30, 0.8, 0.95, most, np.random.default_rng(0)) <= most
    assert to_settle(seen, 20, 0.8, 0.95, 10, np.random.default_rng(0)) == 0


@pytest.mark.parametrize("population", [None, 90])
def test_wealth_goes_on_from_what_came_before(population: int | None) -> None:
    """The wealth of 80 scores is that of the last 50 after the bets on the first 30."""
    rng = np.random.default_rng(4)
    scores = rng.random(80)
    whole = log_wealth(scores, population, 0.6)[30:]
    bets = log_bets(scores[:30], population, 0.6)
    rest, left = 0.6, None
    if population is not None:
        rest, left = (population * 0.6 - scores[:30].sum()) / 60, 60
    np.testing.assert_allclose(log_wealth(scores[30:], left, rest, earlier=bets), whole, atol=1e-9)


@pytest.mark.parametrize("population", [None, 90])
def test_steps_of_one_score_are_scores(population: int | None) -> None:
    """The wealth in steps of one is the wealth after each score."""
    scores = np.random.default_rng(4).choice([0.0, 0.5, 1.0], 80)
    values, codes = np.unique(scores, return_inverse=True)
    counts = (codes[:, None] == np.arange(len(values)))[:, None, :].astype(int)
    roughly = log_wealth_in_steps(counts, values, population, 0.6)
    np.testing.assert_allclose(roughly, log_wealth(scores, population, 0.6), atol=1e-9)


@pytest.mark.parametrize("threshold", [0.5, 0.85, 0.99])
@pytest.mark.parametrize("seen", [[], [1.0] * 5, [1.0, 0.0, 0.5]])
def test_the_best_that_can_come_is_right_answers_only(seen: list[float], threshold: float) -> None:
    """One perfect answer fewer leaves the lower bound under the threshold."""
    more = to_pass_at_best(seen, threshold, 0.95)
    assert more is not None
    lower, _ = anytime_bounds(seen + [1.0] * more, None, 0.95)
    assert lower[-1] >= threshold
    assert lower[-2] < threshold


def test_gold_of_the_default_policy_needs_fourteen_tasks_of_two() -> None:
    """28 right answers show 0.85 at 95% confidence; nothing shows 1."""
    assert to_pass_at_best([], 0.85, 0.95) == 28
    assert to_pass_at_best([1.0], 1.0, 0.95) is None
