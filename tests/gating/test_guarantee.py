"""The promise of the gate, simulated: a wrong PASS, and a wrong HOLD, in at most 5% of batches.

Each batch is looked at after every answer, and counts as wrong if any look was. What is simulated
is the wealth against the threshold: the bound is beyond it at some look exactly if the wealth
reached its target by then, as `test_bounds.py` shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from sync.gating.wealth import Array, log_wealth

CONFIDENCE, TARGET = 0.95, math.log(20)
#: Batches of each kind, and how many are drawn at once.
RUNS, AT_ONCE = 4000, 50
#: Looks at a batch that is larger.
MOST_LOOKS = 3000

Batch = Callable[[np.random.Generator, int, float], Array]


def yes_or_no(rng: np.random.Generator, size: int, mean: float) -> Array:
    """Scores of 0 and 1 whose mean is the given one or the next below it."""
    scores: Array = (np.arange(size) < math.floor(mean * size + 1e-9)).astype(float)
    return scores


def graded(rng: np.random.Generator, size: int, mean: float) -> Array:
    """Beta-distributed scores, moved so that their mean is the given one."""
    scores: Array = rng.beta(2 * mean, 2 * (1 - mean), size)
    if scores.mean() > mean:
        return scores * mean / scores.mean()
    return 1 - (1 - scores) * (1 - mean) / (1 - scores.mean())


BATCHES: dict[str, Batch] = {"yes or no": yes_or_no, "graded": graded}


def ever(batch: Batch, size: int, mean: float, threshold: float, *, hold: bool) -> float:
    """Share of batches of that mean that pass, or that are held, at any look."""
    rng = np.random.default_rng(20260102)
    wrong = 0
    for _ in range(0, RUNS, AT_ONCE):
        scores = batch(rng, size, mean)
        drawn = rng.permuted(np.tile(scores, (AT_ONCE, 1)), axis=1)[:, :MOST_LOOKS].T
        wealth = (
            log_wealth(1 - drawn, size, 1 - threshold)
            if hold
            else log_wealth(drawn, size, threshold)
        )
        wrong += int((wealth.max(axis=0) >= TARGET).sum())
    return wrong / RUNS


@pytest.mark.slow
@pytest.mark.parametrize("kind", BATCHES)
@pytest.mark.parametrize("size", [200, 2000, 20_000])
@pytest.mark.parametrize("threshold", [0.80, 0.90, 0.95])
def test_a_batch_just_below_the_threshold_rarely_passes(
    threshold: float, size: int, kind: str
) -> None:
    """One task, or a millionth, below the threshold: a PASS at any look in at most 5%."""
    below = threshold - (1 / size if kind == "yes or no" else 1e-6)
    share = ever(BATCHES[kind], size, below, threshold, hold=False)
    print(f"wrong PASS below {threshold}, {size} tasks, {kind}: {share:.2%}")
    assert share <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("kind", BATCHES)
@pytest.mark.parametrize("size", [200, 2000, 20_000])
@pytest.mark.parametrize("threshold", [0.80, 0.90, 0.95])
def test_a_batch_at_the_threshold_is_rarely_held(threshold: float, size: int, kind: str) -> None:
    """At the threshold itself: a HOLD at any look in at most 5%."""
    share = ever(BATCHES[kind], size, threshold, threshold, hold=True)
    print(f"wrong HOLD at {threshold}, {size} tasks, {kind}: {share:.2%}")
    assert share <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("kind", BATCHES)
def test_twenty_slices_at_the_threshold_rarely_hold_a_batch(kind: str) -> None:
    """Twenty slices of 30 to 900 tasks, each at 0.85: any HOLD at any look in at most 5%."""
    # Each has the confidence 1 - 0.05 / 20, as `candidates.parts` gives it.
    rng = np.random.default_rng(20260102)
    runs, held, uncorrected = 1000, np.zeros(1000, dtype=bool), np.zeros(1000, dtype=bool)
    for size in np.geomspace(30, 900, 20).astype(int):
        # A multiple of 20 has the mean 0.85 exactly.
        size += -size % 20
        scores = BATCHES[kind](rng, size, 0.85)
        for at in range(0, runs, AT_ONCE):
            drawn = rng.permuted(np.tile(scores, (AT_ONCE, 1)), axis=1).T
            highest = log_wealth(1 - drawn, size, 0.15).max(axis=0)
            held[at : at + AT_ONCE] |= highest >= math.log(20 / 0.05)
            uncorrected[at : at + AT_ONCE] |= highest >= TARGET
    print(f"any of 20 slices held, {kind}: {held.mean():.2%}, uncorrected {uncorrected.mean():.2%}")
    assert held.mean() <= 0.05
    assert uncorrected.mean() > 0.05


def looks(truth: float, runs: int) -> Array:
    """Samples of 600 of batches of 2,000 yes-or-no scores, of shape (600, runs)."""
    rng = np.random.default_rng(20260102)
    batch = yes_or_no(rng, 2000, truth)
    return np.stack([rng.permutation(batch)[:600] for _ in range(runs)], axis=1)


def point_estimate(scores: Array) -> Array:
    """PASS as soon as the mean of ten or more answers reaches 0.90."""
    n = np.arange(1, len(scores) + 1)[:, None]
    found: Array = (scores.cumsum(axis=0) / n >= 0.90) & (n >= 10)
    return found


def wilson(scores: Array) -> Array:
    """PASS as soon as a one-sided 95% Wilson bound of twenty or more answers reaches 0.90."""
    n, z = np.arange(1, len(scores) + 1)[:, None], 1.6449
    p = scores.cumsum(axis=0) / n
    centre = p + z * z / (2 * n)
    bound = (centre - z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    found: Array = (bound >= 0.90) & (n >= 20)
    return found


def assay(scores: Array) -> Array:
    """PASS as soon as the wealth against 0.90 reaches its target."""
    found: Array = log_wealth(scores, 2000, 0.90) >= TARGET
    return found


RULES = {"point estimate": point_estimate, "Wilson": wilson, "Assay": assay}


def test_a_batch_below_the_threshold_rarely_passes(told: Callable[[str], None]) -> None:
    """At a true acceptance of 0.88 and 0.8995, other rules break the promise and Assay does not."""
    wrong = {}
    for truth in (0.88, 0.8995):
        scores = looks(truth, 2000)
        for name, rule in RULES.items():
            wrong[name, truth] = float(rule(scores).any(axis=0).mean())
    told("wrong PASS, N = 2000, a look after each of 600 blind answers")
    told(f"{'rule':16}{'true 0.88':>12}{'true 0.8995':>14}")
    for name in RULES:
        told(f"{name:16}{wrong[name, 0.88]:12.1%}{wrong[name, 0.8995]:14.1%}")
    assert max(wrong["Assay", 0.88], wrong["Assay", 0.8995]) <= 0.05
    assert wrong["point estimate", 0.88] > 0.05
    assert wrong["Wilson", 0.8995] > 0.05


def test_a_good_batch_passes(told: Callable[[str], None]) -> None:
    """At a true acceptance of 0.96 at least 95% of 500 batches pass within 600 answers."""
    passed = assay(looks(0.96, 500))
    share, median = passed.any(axis=0).mean(), np.median(passed.argmax(axis=0) + 1)
    told(f"true 0.96: PASS in {share:.1%} of runs, after {median:g} answers (median)")
    assert share >= 0.95
