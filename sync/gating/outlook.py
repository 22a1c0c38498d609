"""How many scores more would probably settle whether a mean reaches its threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sync.gating.wealth import Array, log_bets, log_wealth, log_wealth_in_steps

#: Futures that are tried, in so many steps at most; scores are grouped into so many values.
_FUTURES, _STEPS, _VALUES = 64, 200, 8
#: So many scores, of 0 and 1 with the mean of the threshold, stand beside those that were seen:
#: people ask for about what they expect.
_PRIOR = 4.0
#: Length of the futures that are tried first, and how much longer the next ones are.
_SHORT, _LONGER = 100, 4


def to_settle(
    scores: Sequence[float] | Array,
    population: int | None,
    threshold: float,
    confidence: float,
    most: int,
    rng: np.random.Generator,
) -> int:
    """Scores more after which half of the likely futures have met a bound.

    A future is drawn from the posterior predictive distribution: from the scores so far and four
    of 0 and 1 with the mean of the threshold, with weights that are Dirichlet-distributed (Rubin,
    "The Bayesian Bootstrap", 1981; where scores are yes or no, this is the beta posterior). It is
    settled when its lower bound reaches the threshold or its upper one falls below. If truths are
    spread like the posterior, as many batches take longer than this median as take less.

    Args:
        scores: shape (n,), n ≥ 1, in draw order, each in [0, 1].
        population: tasks that they are drawn from without replacement, or None.
        threshold: in [0, 1].
        confidence: of each one-sided bound, in (0, 1).
        most: scores that can still come; what is given if they settle too little.
        rng: where the futures come from.
    """
    x = np.asarray(scores, dtype=np.float64)
    most = max(most if population is None else min(most, population - len(x)), 0)
    values, shares = _posterior(x, threshold, rng)
    length = min(most, _SHORT)
    while length > 0:
        steps = _steps(length)
        counts = rng.multinomial(steps[:, None], shares)
        settled = _settled(x, counts, values, population, threshold, -math.log1p(-confidence))
        enough = np.flatnonzero(settled.mean(axis=1) >= 0.5)
        if len(enough):
            return int(steps[: enough[0] + 1].sum())
        if length == most:
            break
        length = min(most, _LONGER * length)
    return most


def _steps(length: int) -> Array:
    """Scores in each step of a future."""
    return np.diff(np.linspace(0, length, min(length, _STEPS) + 1).astype(int))


def _posterior(x: Array, threshold: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Values that scores take, and the share of each in each future, (futures, values)."""
    values, counts = np.unique(x, return_counts=True)
    if len(values) > _VALUES:
        groups = np.array_split(np.sort(x), _VALUES)
        values, counts = np.array([g.mean() for g in groups]), np.array([len(g) for g in groups])
    values = np.r_[values, 0.0, 1.0]
    weights = np.r_[counts, _PRIOR * (1 - threshold), _PRIOR * threshold]
    known = weights > 0
    return values[known], rng.dirichlet(weights[known], _FUTURES)


def _settled(
    x: Array,
    counts: Array,
    values: Array,
    population: int | None,
    threshold: float,
    target: float,
) -> Array:
    """Whether each future has met a bound by the end of each step, of shape (steps, futures)."""
    passed = _wealth(x, counts, values, population, threshold) >= target
    held = _wealth(1 - x, counts, 1 - values, population, 1 - threshold) >= target
    found: Array = np.logical_or.accumulate(passed | held, axis=0)
    return found


def _wealth(x: Array, counts: Array, values: Array, population: int | None, mean: float) -> Array:
    """Log-wealth of futures that follow the scores x."""
    left = None if population is None else population - len(x)
    rest = mean if left is None or population is None else (population * mean - x.sum()) / left
    return log_wealth_in_steps(counts, values, left, rest, log_bets(x, population, mean))


def to_pass_at_best(
    scores: Sequence[float] | Array, threshold: float, confidence: float
) -> int | None:
    """The fewest scores more, all of them 1, with which the lower bound reaches the threshold.

    None where no number would do: the threshold is 1.

    Args:
        scores: shape (n,), of an endless stream, each in [0, 1].
        threshold: in [0, 1].
        confidence: of the lower bound, in (0, 1).
    """
    x, length, target = np.asarray(scores, dtype=np.float64), 64, -math.log1p(-confidence)
    while threshold < 1:
        wealth = log_wealth(np.r_[x, np.ones(length)], None, threshold)[:, 0]
        reached = np.flatnonzero(np.maximum.accumulate(wealth) >= target)
        if len(reached):
            return max(int(reached[0]) + 1 - len(x), 0)
        length *= 4
    return None
