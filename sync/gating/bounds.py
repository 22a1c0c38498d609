"""Anytime-valid bounds for the mean of a batch, sampled without replacement.

The m at which the wealth of `sync.gating.wealth` equals 1/α is a lower bound of the mean that
holds at all times at once; the upper one is that of 1 - x. Log K_t(m) falls and is convex in
log m, so a line through two means on the same side of the crossing meets the target before it,
and one through two means around it meets the target behind it: a crossing is known between two
lines. What is given is the near end, so that no bound ever says more than its definition.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sync.gating.wealth import RULED_OUT, Array, log_wealth

#: Hypotheses tried at once: first, and then where crossings were found.
_COARSE, _FINE = 6, 12
#: Crossings that lie this close to each other are tried on one grid the second time.
_NARROW = 0.02
#: Times that share their hypotheses, at the least.
_BLOCK = 16
#: A crossing is found when it is known to lie between two means this close.
_RESOLVED = 9e-5
_TINY = 1e-9


@dataclass(frozen=True)
class _Crossings:
    """Per time, two hypotheses that the crossing lies between."""

    low: Array
    high: Array

    @property
    def resolved(self) -> Array:
        found: Array = self.high - self.low <= _RESOLVED
        return found


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
        stop = min(len(x), start + max(_BLOCK, min(start, left)))
        wealth = partial(_wealth, x[:stop], population, start)
        # In a likely order no crossing lies above the mean so far.
        high = float((seen[start:stop] / np.arange(start + 1, stop + 1)).max())
        reached = _block(wealth, np.arange(stop - start), log_target, (best, high))
        found[start:stop] = np.maximum(found[start:stop], reached)
        best = max(best, float(found[start:stop].max()))
        start = stop
    running: Array = np.minimum(np.maximum.accumulate(found), 1.0)
    return running


def _wealth(x: Array, population: int | None, start: int, grid: Array) -> Array:
    return log_wealth(x, population, grid, start)


def _block(
    wealth: Callable[[Array], Array], times: Array, log_target: float, span: tuple[float, float]
) -> Array:
    """Where the wealth crosses its target at each time of a block; 0 if below the span.

    Those that are not resolved on the coarse grid are tried again on a finer one, the lower and
    the upper half of them apart if they are many.
    """
    reached: Array = np.zeros(len(times))
    spans = [(*span, times, _COARSE)]
    while spans:
        low, high, times, size = spans.pop()
        if high - low <= _TINY:
            continue
        grid = _hypotheses(low, high, size)
        found = _crossings(grid, wealth(grid)[times], log_target)
        reached[times] = np.maximum(reached[times], found.low)
        for part in _parts(found, size):
            spans.append((found.low[part].min(), found.high[part].max(), times[part], _FINE))
    return reached


def _parts(found: _Crossings, size: int) -> list[Array]:
    """Which crossings are to be tried again together."""
    again = ~found.resolved
    if not again.any():
        return []
    if size == _COARSE and np.ptp(np.r_[found.low[again], found.high[again]]) < _NARROW:
        return [again]
    lows = np.unique(found.low[again])
    middle = lows[len(lows) // 2]
    halves = (again & (found.low < middle), again & (found.low >= middle))
    return [half for half in halves if half.any()]


def _hypotheses(low: float, high: float, size: int) -> Array:
    """Means to try: evenly spaced in their logarithm as far as that is defined."""
    floor = max(low, min(1e-5, high / 2))
    return np.geomspace(floor, high, size)


def _crossings(grid: Array, wealth: Array, log_target: float) -> _Crossings:
    """Between which hypotheses each row of falling, convex log-wealths equals its target.

    A log-wealth that was clipped is as good as its sign, but draws no line.
    """
    inside = (wealth >= log_target).sum(axis=1)
    log_m = np.r_[np.log(grid), 0.0]

    def line(near: Array, far: Array) -> Array:
        """Where the line through two neighbours of the crossing meets the target, as log m."""
        known = (near >= 0) & (far >= 0) & (near < len(grid)) & (far < len(grid))
        near, far = np.where(known, near, 0), np.where(known, far, 1)
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
    return _Crossings(low, np.where(below, 0.0, high))
