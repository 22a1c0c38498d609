"""Anytime-valid bounds for the mean of a batch, sampled without replacement.

The m at which the wealth of `sync.gating.wealth` equals 1/α is a lower bound of the mean that
holds at all times at once; the upper one is that of 1 - x. Log K_t(m) falls and is convex in
log m, so a line through two means on the same side of the crossing meets the target before it,
and one through two means around it meets the target behind it: a crossing is known between two
lines. What is given is the last ten-thousandth that was reached, so that no bound says more than
its definition, and the bounds of a higher confidence hold those of a lower one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np

from sync.gating.wealth import RULED_OUT, Array, log_wealth

#: Bounds are multiples of one part in so many.
_PARTS = 10_000
#: Hypotheses tried at once: first, and then where crossings were found.
_COARSE, _FINE = 4, 16
#: Times that share their hypotheses, at the least.
_BLOCK = 32
#: Two numbers this close are equal.
_TINY = 1e-8


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
        Lower and upper bounds, each of shape (n,), in [0, 1], at most 1e-4 wider than their
        definition and never narrower; the lower ones never fall and the upper ones never rise.

    Raises:
        ValueError: an argument is outside of what is allowed.
    """
    x = _checked(scores, population, confidence)
    log_target = -math.log1p(-confidence)
    lower = _lower(x, population, log_target)
    upper = 1.0 - _lower(1.0 - x, population, log_target)
    return lower, upper


def last_bounds(
    scores: Sequence[float] | Array, population: int | None, confidence: float
) -> tuple[float, float]:
    """The bounds of `anytime_bounds` after the last of at least one score.

    The batches of a project share their gold and the batch that they are compared with, so what
    was worked out last is remembered.

    Raises:
        ValueError: an argument is outside of what is allowed.
    """
    x = _checked(scores, population, confidence)
    return _last_bounds(x.tobytes(), population, confidence)


@lru_cache(maxsize=64)
def _last_bounds(scores: bytes, population: int | None, confidence: float) -> tuple[float, float]:
    lower, upper = anytime_bounds(np.frombuffer(scores), population, confidence)
    return float(lower[-1]), float(upper[-1])


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
    best, start = 0, 0
    while start < len(x):
        # Close to the end of a population the hypotheses that remain lie close together.
        left = len(x) if population is None else population - start
        stop = min(len(x), start + max(_BLOCK, min(start, left)))
        wealth = partial(_wealth, x[:stop], population, start)
        # In a likely order no crossing lies above the mean so far.
        likely = float((seen[start:stop] / np.arange(start + 1, stop + 1)).max())
        reached = _block(wealth, stop - start, log_target, (best, likely))
        found[start:stop] = np.maximum(found[start:stop], reached / _PARTS)
        best, start = int(reached[-1]), stop
    running: Array = np.minimum(np.maximum.accumulate(found), 1.0)
    return running


def _wealth(x: Array, population: int | None, start: int, grid: Array) -> Array:
    return log_wealth(x, population, grid, start)


def _block(
    wealth: Callable[[Array], Array], size: int, log_target: float, span: tuple[int, float]
) -> Array:
    """The highest part that the wealth has rejected by each time of a block, from `best` on.

    Parts are tried at as many places as there is time for, until no time is left whose crossing
    could lie in a higher part than one already rejected by then.
    """
    low, high = np.zeros(size), np.ones(size)
    times: Array = np.arange(size)
    best = span[0]
    grid = _pick(np.arange(best + 1, max(int(span[1] * _PARTS), best + 2)), _COARSE)
    while True:
        found = _crossings(grid, wealth(grid)[times], log_target)
        low[times] = np.maximum(low[times], found[0])
        high[times] = np.minimum(high[times], found[1])
        reached: Array = np.maximum(best, np.maximum.accumulate(np.floor(low * _PARTS + _TINY)))
        times = np.flatnonzero(_part_below(high) > reached)
        if not len(times):
            return reached
        grid = _pick(_untried(reached[times], _part_below(high[times])), _FINE)


def _pick(parts: Array, size: int) -> Array:
    """As many of the parts as are tried at once, as means."""
    found: Array = parts[np.linspace(0, len(parts) - 1, min(size, len(parts))).astype(int)]
    return found / _PARTS


def _part_below(mean: Array) -> Array:
    found: Array = np.ceil(mean * _PARTS - _TINY) - 1
    return found


def _untried(above: Array, upto: Array) -> Array:
    """All parts that lie above the first and not above the second number of some time."""
    opened = np.zeros(_PARTS + 2)
    np.add.at(opened, above.astype(int) + 1, 1)
    np.add.at(opened, upto.astype(int) + 1, -1)
    return np.flatnonzero(np.cumsum(opened) > 0)


def _crossings(grid: Array, wealth: Array, log_target: float) -> tuple[Array, Array]:
    """Between which hypotheses each row of falling, convex log-wealths equals its target.

    A log-wealth that was clipped is as good as its sign, but draws no line.
    """
    inside = (wealth >= log_target).sum(axis=1)
    log_m = np.r_[np.log(grid), 0.0]

    def line(near: Array, far: Array) -> Array:
        """Where the line through two neighbours of the crossing meets the target, as log m."""
        known = (near >= 0) & (far >= 0) & (near < len(grid)) & (far < len(grid))
        near, far = np.where(known, near, 0), np.where(known, far, 0)
        rows = np.arange(len(wealth))
        y_near, y_far = wealth[rows, near], wealth[rows, far]
        known &= (y_far != y_near) & (np.maximum(y_near, y_far) < RULED_OUT)
        with np.errstate(all="ignore"):
            slope = (y_far - y_near) / (log_m[far] - log_m[near])
            met = log_m[near] + (log_target - y_near) / slope
        return np.where(known, met, np.nan)

    cell = log_m[np.maximum(inside - 1, 0)], log_m[np.minimum(inside, len(grid))]
    low = np.fmax(np.fmax(cell[0], line(inside - 1, inside - 2)), line(inside, inside + 1))
    high = np.fmin(cell[1], line(inside, inside - 1))
    below = inside == 0
    low, high = np.where(below, 0.0, np.exp(np.minimum(low, high))), np.exp(high)
    return low, np.where(below, 0.0, high)
