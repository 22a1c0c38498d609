"""Anytime-valid bounds for the mean of a batch, sampled without replacement.

For the hypothesis that the N scores of a batch have mean m, the next score drawn has the
conditional mean m_i = (N m - S_{i-1}) / (N - i + 1). Then for each θ in [0, 1]

    K_t(m; θ) = ∏_{i<=t} (1 - θ + θ x_i / m_i)

is a nonnegative martingale that starts at 1, and so is its average over θ. By Ville's
inequality the average ever reaches 1/α with probability at most α, so the m at which it equals
1/α is a lower bound that holds at all times at once. The average over θ is taken at
Gauss-Legendre nodes, which is itself a fixed mixture, so nothing of the guarantee is lost.

Sources: Waudby-Smith & Ramdas, "Confidence sequences for sampling without replacement" (2020)
and "Estimating means of bounded random variables by betting" (2023); Stark, "ALPHA" (2022), whose
η_i is m_i + θ (1 - m_i) here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_THETA: Array = (_NODES + 1) / 2
_WEIGHT: Array = _WEIGHTS / 2
#: Hypotheses tried at once, in each of the passes that narrow the search.
_GRID, _PASSES = 8, 3
#: A hypothesis that the scores seen so far rule out has this log-wealth.
_RULED_OUT = 1e3
_TINY = 1e-9


def anytime_bounds(
    scores: Sequence[float] | Array, population: int | None, confidence: float
) -> tuple[Array, Array]:
    """Running bounds for the mean score of a batch after each of its scores.

    Args:
        scores: shape (n,), in draw order, each in [0, 1].
        population: number N of tasks that the scores are drawn from without replacement, or
            None for an endless stream.
        confidence: of each one-sided bound at all times together, in (0, 1).

    Returns:
        Lower and upper bounds, each of shape (n,), in [0, 1], resolved to 1e-4; the lower ones
        never fall and the upper ones never rise.

    Raises:
        ValueError: an argument is outside of what is allowed.
    """
    x = _checked(scores, population, confidence)
    log_target = -math.log1p(-confidence)
    lower = _lower(x, population, log_target)
    upper = 1.0 - _lower(1.0 - x, population, log_target)
    return lower, upper


def _checked(scores: Sequence[float] | Array, population: int | None, confidence: float) -> Array:
    x = np.asarray(scores, dtype=np.float64)
    if x.ndim != 1:
        raise ValueError(f"scores have shape {x.shape}: allowed is one dimension")
    bad = ~((x >= 0) & (x <= 1))
    if bad.any():
        raise ValueError(f"score {x[bad][0]} is not allowed: scores lie in [0, 1]")
    if population is not None and population < max(len(x), 1):
        raise ValueError(
            f"population is {population}, fewer than the {len(x)} scores drawn from it"
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: allowed is a number between 0 and 1")
    return x


def _lower(x: Array, population: int | None, log_target: float) -> Array:
    """Running lower bounds, block by block; within a block all times share their hypotheses."""
    seen = np.cumsum(x)
    found = np.zeros_like(x) if population is None else seen / population
    best, start = 0.0, 0
    while start < len(x):
        # Close to the end of a population the hypotheses that remain lie close together.
        left = len(x) if population is None else population - start
        stop = min(len(x), start + max(1, min(start, left) // 3))
        reached = _block(x[:stop], seen[:stop], start, population, log_target, best)
        found[start:stop] = np.maximum(found[start:stop], reached)
        best = max(best, float(found[start:stop].max()))
        start = stop
    running: Array = np.minimum(np.maximum.accumulate(found), 1.0)
    return running


def _block(
    x: Array, seen: Array, start: int, population: int | None, log_target: float, best: float
) -> Array:
    """Where the wealth crosses its target at each time from `start` on; `best` if below that."""
    low, high = best, float((seen[start:] / np.arange(start + 1, len(x) + 1)).max())
    reached: Array = np.full(len(x) - start, best)
    for _ in range(_PASSES):
        if high - low <= _TINY:
            break
        grid = _hypotheses(low, high)
        wealth = _log_wealth(x, seen, start, population, grid)
        reached = np.maximum(best, _crossing(grid, wealth, log_target))
        above = reached[reached > best]
        if not above.size:
            break
        margin = float(np.diff(grid).max())
        low, high = max(best, above.min() - margin), min(high, above.max() + margin)
        if margin <= 1e-4:
            break
    return reached


def _hypotheses(low: float, high: float) -> Array:
    """Means to try: evenly spaced in their logarithm as far as that is defined."""
    floor = max(low, min(1e-5, high / 2))
    return np.geomspace(floor, high, _GRID)


def _log_wealth(x: Array, seen: Array, start: int, population: int | None, grid: Array) -> Array:
    """Log K_t(m) of shape (times from `start` on, hypotheses)."""
    conditional: Array
    if population is None:
        conditional = np.broadcast_to(grid, (len(x), len(grid)))
    else:
        before = (seen - x)[:, None]
        left = population - np.arange(len(x))[:, None]
        conditional = (population * grid - before) / left
    odds = x[:, None] / np.maximum(conditional, _TINY) - 1.0
    # A wealth that overflows has long rejected its hypothesis, and one that vanishes never will.
    with np.errstate(over="ignore", divide="ignore"):
        growth = np.cumprod(1.0 + _THETA[:, None, None] * odds, axis=1)[:, start:]
        wealth: Array = np.log(np.tensordot(_WEIGHT, growth, axes=1))
    impossible = np.logical_or.accumulate(conditional < -_TINY, axis=0)[start:]
    wealth[impossible] = _RULED_OUT
    return np.clip(wealth, -_RULED_OUT, _RULED_OUT)


def _crossing(grid: Array, wealth: Array, log_target: float) -> Array:
    """The hypothesis at which each row of falling wealths equals its target.

    Inverse cubic interpolation through the four hypotheses around the crossing, kept inside
    the two next to it; 0 where even the smallest hypothesis stays below the target.
    """
    rows = np.arange(len(wealth))
    inside = np.clip((wealth >= log_target).sum(axis=1), 0, len(grid) - 1)
    left = np.maximum(inside - 1, 0)
    first = np.clip(left - 1, 0, len(grid) - 4)
    at = first[:, None] + np.arange(4)
    y, m = wealth[rows[:, None], at], np.log(grid)[at]
    estimate = np.zeros(len(wealth))
    with np.errstate(divide="ignore", invalid="ignore"):
        for j in range(4):
            others = [i for i in range(4) if i != j]
            gaps = y[:, [j]] - y[:, others]
            estimate += m[:, j] * np.prod((log_target - y[:, others]) / gaps, axis=1)
        crossing = np.exp(estimate)
    ok = np.isfinite(crossing) & (crossing >= grid[left]) & (crossing <= grid[inside])
    # Where the cubic leaves its cell, its lower end is the safe answer.
    crossing = np.where(ok, crossing, grid[left])
    return np.where(wealth[:, 0] >= log_target, crossing, 0.0)
