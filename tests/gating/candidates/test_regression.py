"""A batch beside the last one of the same generator that passed."""

from __future__ import annotations

import numpy as np
import pytest

import label_configs
from sync.gating.bounds import anytime_bounds
from sync.gating.candidates.regression import Earlier, candidates_on_gold, paired, unpaired
from sync.records import Item, Result

CONFIG = label_configs.parse(label_configs.load("text_classification"))


def result(label: str) -> Result:
    return label_configs.write(CONFIG, {"label": frozenset({label})})


def earlier(right: int, wrong: int) -> Earlier:
    return Earlier(batch="b6", scores=(1.0,) * right + (0.0,) * wrong, population=2000)


def test_bounds_are_those_of_both_batches() -> None:
    """The lower bound is the lower one now minus the upper one then, each with half the error."""
    before, now = earlier(50, 3), [1.0] * 30 + [0.0] * 10
    found = unpaired(before, now, 500, 0.95)
    assert found is not None
    low, high = anytime_bounds(now, 500, 0.975)
    low_then, high_then = anytime_bounds(before.scores, 2000, 0.975)
    assert found.difference == pytest.approx(0.75 - 50 / 53)
    assert (found.lower, found.upper) == (low[-1] - high_then[-1], high[-1] - low_then[-1])


def test_a_batch_that_is_surely_worse_says_so() -> None:
    """From 98% to 50% is worse, and the sentence names the batch that passed."""
    found = unpaired(earlier(98, 2), [1.0, 0.0] * 40, 2000, 0.95)
    assert found is not None
    assert found.worse
    assert found.sentence.startswith("worse than 'b6'")


def test_chance_is_no_regression() -> None:
    """Two batches of one and the same quality, looked at after every answer, rarely differ."""
    rng = np.random.default_rng(5)
    called = 0
    for _ in range(100):
        then, now = (rng.random((2, 150)) < 0.9).astype(float)
        before = Earlier(batch="b6", scores=tuple(then.tolist()), population=2000)
        # Running bounds never come back: the last one has every earlier look in it.
        found = unpaired(before, now.tolist(), 2000, 0.95)
        assert found is not None
        called += found.worse
    assert called <= 5


def test_without_scores_nothing_is_compared() -> None:
    """No blind answer on either side gives no figure."""
    assert unpaired(earlier(5, 0), [], 100, 0.95) is None
    assert unpaired(earlier(0, 0), [1.0], 100, 0.95) is None
    assert paired("v1", {1: 1.0}, {2: 1.0}, 0.95) is None


def test_pairs_share_their_gold_tasks() -> None:
    """Only tasks that both versions have count, and their difference is the mean of differences."""
    before = dict.fromkeys(range(60), 1.0)
    now = {task: float(task % 2) for task in range(10, 80)}
    found = paired("v1", before, now, 0.95)
    assert found is not None
    assert (found.n, found.difference, found.paired) == (50, -0.5, True)
    assert found.lower < -0.5 < found.upper < 0
    assert "same gold tasks" in found.sentence


def test_candidates_are_scored_on_gold() -> None:
    """An item needs gold and a candidate; a candidate that cannot be read scores 0."""
    right, wrong = result("positive"), result("negative")
    items = [
        Item(task_id=1, data={}, candidate=right, gold=right),
        Item(task_id=2, data={}, candidate=wrong, gold=right),
        Item(task_id=3, data={}, candidate=[{"from_name": "x"}], gold=right),
        Item(task_id=4, data={}, candidate=right),
        Item(task_id=5, data={}, gold=right),
    ]
    assert candidates_on_gold(items, CONFIG) == {1: 1.0, 2: 0.0, 3: 0.0}
