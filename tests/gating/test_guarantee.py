"""The promise of the gate, simulated: a bad batch passes in at most 5% of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sync.gating.bounds import anytime_bounds

N, SAMPLE, THRESHOLD, RUNS = 2000, 600, 0.90, 2000

Array = npt.NDArray[Any]
Rule = Callable[[Array], Array]


def point_estimate(scores: Array) -> Array:
    """Pass as soon as the mean of ten or more answers reaches the threshold."""
    n = np.arange(1, len(scores) + 1)
    found: Array = (scores.cumsum() / n >= THRESHOLD) & (n >= 10)
    return found


def wilson(scores: Array) -> Array:
    """Pass as soon as a one-sided 95% Wilson bound of twenty or more answers does."""
    n, z = np.arange(1, len(scores) + 1), 1.6449
    p = scores.cumsum() / n
    centre = p + z * z / (2 * n)
    bound = (centre - z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    found: Array = (bound >= THRESHOLD) & (n >= 20)
    return found


def assay(scores: Array) -> Array:
    """Pass as soon as the anytime-valid lower bound does."""
    found: Array = anytime_bounds(scores, N, 0.95)[0] >= THRESHOLD
    return found


RULES: dict[str, Rule] = {"point estimate": point_estimate, "Wilson": wilson, "Assay": assay}


def passes(truth: float, runs: int, rule: Rule) -> tuple[float, float]:
    """Share of runs that ever pass, looked at after every answer, and their median length."""
    rng = np.random.default_rng(20260102)
    batch = np.zeros(N)
    batch[: round(truth * N)] = 1.0
    first = []
    for _ in range(runs):
        looks = rule(rng.permutation(batch)[:SAMPLE])
        if looks.any():
            first.append(int(looks.argmax()) + 1)
    return len(first) / runs, float(np.median(first)) if first else float("nan")


def test_a_batch_below_the_threshold_rarely_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """At a true acceptance of 0.88 Assay passes wrongly in at most 5% of 2,000 runs."""
    wrong = {name: passes(0.88, RUNS, rule)[0] for name, rule in RULES.items()}
    edge = {name: passes(0.8995, 500, rule)[0] for name, rule in RULES.items()}
    with capsys.disabled():
        print(f"\n\nwrong PASS, N = {N}, a look after each of {SAMPLE} blind answers")
        print(f"{'rule':16}{'true 0.88':>12}{'true 0.8995':>14}")
        for name in RULES:
            print(f"{name:16}{wrong[name]:12.1%}{edge[name]:14.1%}")
    assert wrong["Assay"] <= 0.05
    assert edge["Assay"] <= 0.05
    assert wrong["point estimate"] > 0.05
    assert edge["Wilson"] > 0.05


def test_a_good_batch_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """At a true acceptance of 0.96 at least 95% of 500 runs settle as PASS."""
    share, median = passes(0.96, 500, assay)
    with capsys.disabled():
        print(f"\ntrue 0.96: PASS in {share:.1%} of runs, after {median:g} blind answers (median)")
    assert share >= 0.95
