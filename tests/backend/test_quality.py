"""Held-out tasks, and what versions are worth on them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from backend.engines import Abstention, Answer, Example, Proposal
from backend.held_out import FEWEST, MOST, SHARE, HeldOut, read_held_out, write_held_out
from backend.quality import Scored, calibration_error, compared, scored, summary
from label_configs import LabelConfig, write
from sync.records import Json


def _hashes(count: int) -> list[str]:
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(count)]


def _scored(quality: Sequence[float], confidence: Sequence[float] | None = None) -> Scored:
    given = np.array(quality, dtype=float)
    return Scored(quality=given, confidence=np.array(confidence or given, dtype=float))


def test_no_version_learns_from_a_task_that_is_ever_held_out() -> None:
    """However labels arrive, what was learned from is never held out, and it stays held out."""
    rng = np.random.default_rng(0)
    hashes = _hashes(6000)
    order = [hashes[i] for i in rng.permutation(6000)]
    held, learned = HeldOut(), set[str]()
    for size in (40, 90, 150, 400, 900, 2500, 6000):
        grown = held.grown(order[:size])
        assert grown.held[: len(held.held)] == held.held
        assert not set(grown.held) & learned
        learned |= set(order[:size]) - set(grown.held)
        held = grown
    assert len(held.held) == MOST
    assert len(HeldOut().grown(order[: FEWEST - 1]).held) == 0
    share = len(HeldOut().grown(order[:2000]).held) / 2000
    assert stats.binomtest(round(share * 2000), 2000, SHARE).pvalue > 1e-3


def test_what_is_held_out_is_remembered(tmp_path: Path) -> None:
    """The next training reads what this one wrote."""
    held = HeldOut().grown(_hashes(300))
    write_held_out(tmp_path / "1", held)
    assert read_held_out(tmp_path / "1") == held
    assert read_held_out(tmp_path / "2") == HeldOut()


class _Model:
    """Says the same of every task, and abstains where there is no text."""

    def __init__(self, config: LabelConfig) -> None:
        self._result = write(config, {"label": frozenset({"positive"})})

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        proposal = Proposal(result=self._result, score=0.75)
        return [proposal if task["data"] else Abstention("no text") for task in tasks]


def test_quality_is_likeness_to_what_people_said(config: LabelConfig) -> None:
    """The same label scores 1, another one 0, and an abstention 0 without a confidence."""
    values = [{"label": frozenset({label})} for label in ("positive", "negative", "positive")]
    examples = [
        Example(data=data, values=value)
        for data, value in zip([{"text": "a"}, {"text": "b"}, {}], values, strict=True)
    ]
    found = scored(_Model(config), examples, config, ("label",))
    assert found.quality.tolist() == [1.0, 0.0, 0.0]
    assert np.array_equal(found.confidence, [0.75, 0.75, np.nan], equal_nan=True)
    assert calibration_error(found) == pytest.approx(0.25)


def test_the_calibration_error_of_a_known_gap() -> None:
    """By hand: three bins with gaps 0.1, 0.3 and 0, weighted by their sizes."""
    confidence = [0.9] * 10 + [0.5] * 10 + [0.2] * 5
    quality = [1.0] * 10 + [1.0] * 2 + [0.0] * 8 + [1.0] + [0.0] * 4
    assert calibration_error(_scored(quality, confidence)) == pytest.approx(
        (10 * 0.1 + 10 * 0.3 + 0) / 25
    )


def test_the_interval_holds_the_true_score() -> None:
    """In 200 simulated versions of score 0.8, it misses in one of twenty, give or take."""
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(200):
        told = summary(_scored((rng.random(100) < 0.8).astype(float)))
        assert told["lower"] <= told["score"] <= told["upper"]
        missed += not told["lower"] <= 0.8 <= told["upper"]
    assert missed <= 17
    tested = summary(_scored([1.0] * 41 + [0.0] * 6))
    exact = stats.binomtest(41, 47).proportion_ci(method="wilson")
    assert (tested["lower"], tested["upper"]) == pytest.approx(exact, abs=1e-4)
    assert summary(_scored([1.0] * 14))["score"] is None


def test_how_sure_it_is_that_a_version_is_worse() -> None:
    """With yes or no it is the exact sign test on the tasks where the two differ."""
    rng = np.random.default_rng(2)
    for lost, won in ((12, 3), (5, 5), (2, 9)):
        new = _scored([0.0] * lost + [1.0] * won + [1.0] * 40)
        old = _scored([1.0] * lost + [0.0] * won + [1.0] * 40)
        found = compared(new, old, rng)
        assert found is not None
        exact = stats.binomtest(won, won + lost, alternative="less").pvalue
        assert found.sure_worse == pytest.approx(1 - exact, abs=0.02)
        assert found.difference == pytest.approx((won - lost) / (won + lost + 40))


def test_the_same_answers_are_no_worse() -> None:
    """Without a difference nothing is said of one; with too few tasks nothing at all."""
    rng = np.random.default_rng(3)
    same = compared(_scored([1.0, 0.0] * 20), _scored([1.0, 0.0] * 20), rng)
    assert same is not None
    assert (same.difference, same.sure_worse) == (0.0, 0.0)
    assert compared(_scored([1.0] * 14), _scored([1.0] * 14), rng) is None
    sure = [compared(_scored([0.0] * k + [1.0] * (60 - k)), _scored([1.0] * 60), rng)
            for k in (1, 3, 6, 12)]  # fmt: skip
    assert all(a.sure_worse <= b.sure_worse for a, b in pairwise(s for s in sure if s))
