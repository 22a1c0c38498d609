"""How many scores more would probably settle whether a mean reaches its threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sync.gating.wealth import Array, log_bets, log_wealth

#: Futures that are tried: as many as their length allows in this many scores, within limits.
_SCORES, _FEWEST, _MOST = 40_000, 16, 64
#: So many scores, of 0 and 1 with the mean of the threshold, stand beside those that were seen:
#: people ask for about what they expect.
_PRIOR = 4.0
#: Length of the futures that are tried first, at the least.
_SHORT = 100


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
    length = min(most, max(_SHORT, len(x) // 4))
    while length > 0:
        futures = _futures(x, threshold, length, rng)
        settled = _settled(x, futures, population, threshold, -math.log1p(-confidence))
        enough = np.flatnonzero(settled.mean(axis=1) >= 0.5)
        if len(enough):
            return int(enough[0]) + 1
        if length == most:
            break
        length = min(most, 4 * length)
    return most


def _futures(x: Array, threshold: float, length: int, rng: np.random.Generator) -> Array:
    """Scores to come, of shape (length, futures)."""
    values, counts = np.unique(np.r_[x, 0.0, 1.0], return_counts=True)
    weights = counts - 1.0 * ((values == 0) | (values == 1))
    weights[0] += _PRIOR * (1 - threshold)
    weights[-1] += _PRIOR * threshold
    values, weights = values[weights > 0], weights[weights > 0]
    runs = int(np.clip(_SCORES // length, _FEWEST, _MOST))
    found = np.empty((length, runs))
    for i, share in enumerate(rng.dirichlet(weights, runs)):
        found[:, i] = rng.choice(values, length, p=share)
    return found


def _settled(
    x: Array, futures: Array, population: int | None, threshold: float, target: float
) -> Array:
    """Whether each future has met a bound by each of its times, of the same shape."""
    passed = _rejected(x, futures, population, threshold, target)
    held = _rejected(1 - x, 1 - futures, population, 1 - threshold, target)
    found: Array = np.logical_or.accumulate(passed | held, axis=0)
    return found


def _rejected(
    x: Array, futures: Array, population: int | None, mean: float, target: float
) -> Array:
    left = None if population is None else population - len(x)
    rest = mean if left is None or population is None else (population * mean - x.sum()) / left
    bets = log_bets(x, population, mean)
    found: Array = log_wealth(futures, left, rest, earlier=bets) >= target
    return found


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
