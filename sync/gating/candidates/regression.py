"""Whether a generator has become worse since its last batch that passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from label_configs import LabelConfig
from sync.errors import Skippable
from sync.gating.bounds import last_bounds
from sync.gating.judged import read_values
from sync.gating.similarity import similarity
from sync.records import Item


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """The last batch of the same generator that passed."""

    batch: str
    #: Its blind scores in draw order, each in [0, 1].
    scores: tuple[float, ...]
    #: Its tasks with a candidate.
    population: int


@dataclass(frozen=True, kw_only=True)
class Regression:
    """A batch beside an earlier one of the same generator."""

    #: The earlier batch.
    batch: str
    #: Mean score now minus mean score then; below 0 is worse.
    difference: float
    #: One-sided bounds each, valid at all looks at once.
    lower: float
    upper: float
    #: Tasks now and then; the same ones where `paired`.
    n: int
    n_before: int
    paired: bool

    @property
    def worse(self) -> bool:
        """Whether it is surely worse."""
        return self.upper < 0

    @property
    def sentence(self) -> str:
        """One sentence for people."""
        between = f"{self.lower * 100:+.0f} to {self.upper * 100:+.0f} points"
        how = "on the same gold tasks" if self.paired else "on blind tasks"
        if self.worse:
            return f"worse than {self.batch!r}, which passed: {between} {how}"
        if self.lower > 0:
            return f"better than {self.batch!r}, which passed: {between} {how}"
        return f"not surely different from {self.batch!r}, which passed: {between} {how}"


def unpaired(
    earlier: Earlier, scores: Sequence[float], population: int, confidence: float
) -> Regression | None:
    """Two batches by their own blind tasks; None where one of them has no score.

    Each bound of the difference takes one bound from either batch, which share its error, so it
    holds at all looks at both: no order of looking makes a drift out of chance.

    Args:
        earlier: the batch that passed.
        scores: blind scores of the batch now, in draw order, each in [0, 1].
        population: its tasks with a candidate.
        confidence: of each one-sided bound, in (0, 1).
    """
    if not scores or not earlier.scores:
        return None
    each = (1 + confidence) / 2
    low, high = last_bounds(scores, population, each)
    low_before, high_before = last_bounds(earlier.scores, earlier.population, each)
    return Regression(
        batch=earlier.batch,
        difference=_mean(scores) - _mean(earlier.scores),
        lower=low - high_before,
        upper=high - low_before,
        n=len(scores),
        n_before=len(earlier.scores),
        paired=False,
    )


def paired(
    batch: str, before: Mapping[int, float], now: Mapping[int, float], confidence: float
) -> Regression | None:
    """Two versions on the gold tasks that both answered; None where there is none.

    A difference of two scores lies in [-1, 1], so half of it and a half is a score in [0, 1].

    Args:
        batch: name of what stands for the earlier version.
        before: score in [0, 1] of its candidate by gold task.
        now: likewise of the version now.
        confidence: of each one-sided bound, in (0, 1).
    """
    shared = sorted(before.keys() & now.keys())
    if not shared:
        return None
    halves = [(now[task] - before[task] + 1) / 2 for task in shared]
    lower, upper = last_bounds(halves, None, confidence)
    return Regression(
        batch=batch,
        difference=2 * _mean(halves) - 1,
        lower=2 * lower - 1,
        upper=2 * upper - 1,
        n=len(shared),
        n_before=len(shared),
        paired=True,
    )


def candidates_on_gold(
    items: Sequence[Item], config: LabelConfig, min_overlap: float = 0.0
) -> dict[int, float]:
    """Score in [0, 1] of the candidate of each gold item that has one.

    A frozen batch leaves gold tasks out, so in Assay's own store no gold task has a candidate; an
    export of Label Studio may hold predictions of several versions on them.
    """
    found = {}
    for item in items:
        if item.gold is None or item.candidate is None:
            continue
        gold = read_values(config, item.gold, item)
        try:
            candidate = read_values(config, item.candidate, item)
        except Skippable:
            found[item.task_id] = 0.0
            continue
        found[item.task_id] = similarity(config, gold, candidate, min_overlap)
    return found


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)
