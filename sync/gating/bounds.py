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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_THETA: Array = (_NODES + 1) / 2
_WEIGHT: Array = _WEIGHTS / 2
#: Hypotheses tried at once.
_GRID = 12
#: A crossing is found when two ways of interpolating it differ by less, or its cell is as small.
_RESOLVED = 5e-5
#: Cells as wide as this are not interpolated.
_WIDE = 0.05
#: The product of so many factors, none below 1 - θ, is a number that a float can hold.
_CHUNK = 64
#: A hypothesis that the scores seen so far rule out has this log-wealth.
_RULED_OUT = 1e3
_TINY = 1e-9


@dataclass(frozen=True)
class _Cells:
    """Per time, the two hypotheses next to the crossing and the estimate between them."""

    low: Array
    high: Array
    crossing: Array
    resolved: Array


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
        stop = min(len(x), start + max(1, min(start, left)))
        wealth = partial(_log_wealth, x[:stop], seen[:stop], start, population)
        # In a likely order no crossing lies above the mean so far.
        high = float((seen[start:stop] / np.arange(start + 1, stop + 1)).max())
        reached = _block(wealth, np.arange(stop - start), log_target, (best, high))
        found[start:stop] = np.maximum(found[start:stop], reached)
        best = max(best, float(found[start:stop].max()))
        start = stop
    running: Array = np.minimum(np.maximum.accumulate(found), 1.0)
    return running


def _block(
    wealth: Callable[[Array], Array], times: Array, log_target: float, span: tuple[float, float]
) -> Array:
    """Where the wealth crosses its target at each time of a block; 0 if below the span.

    The times whose crossing is not resolved are tried again on a finer grid, those in the lower
    and in the upper half of what is left apart. Until then the lower end of their cell stands.
    """
    reached: Array = np.zeros(len(times))
    open_spans = [(*span, times)]
    while open_spans:
        low, high, times = open_spans.pop()
        if high - low <= _TINY:
            continue
        grid = _hypotheses(low, high)
        cells = _crossing(grid, wealth(grid)[times], log_target)
        safe = np.where(cells.resolved, cells.crossing, cells.low)
        reached[times] = np.maximum(reached[times], safe)
        again = ~cells.resolved
        if again.any():
            lows = np.unique(cells.low[again])
            middle = lows[len(lows) // 2]
            for half in (again & (cells.low < middle), again & (cells.low >= middle)):
                if half.any():
                    open_spans.append((cells.low[half].min(), cells.high[half].max(), times[half]))
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
    logs = _log_products(1.0 + _THETA[:, None, None] * odds, start)
    top = logs.max(axis=0)
    wealth: Array = top + np.log(np.tensordot(_WEIGHT, np.exp(logs - top), axes=1))
    impossible = np.logical_or.accumulate(conditional < -_TINY, axis=0)[start:]
    wealth[impossible] = _RULED_OUT
    clipped: Array = np.clip(wealth, -_RULED_OUT, _RULED_OUT)
    return clipped


def _log_products(factors: Array, start: int) -> Array:
    """Log of the running products along axis 1, from `start` on.

    Multiplying is faster than adding logarithms, as long as nothing vanishes; what overflows has
    long rejected its hypothesis.
    """
    with np.errstate(over="ignore"):
        base: Array = np.zeros((factors.shape[0], 1, factors.shape[2]))
        if start:
            chunks = np.multiply.reduceat(factors, np.arange(0, start, _CHUNK), axis=1)
            chunks[:, -1] = factors[:, (start - 1) // _CHUNK * _CHUNK : start].prod(axis=1)
            base = np.log(chunks).sum(axis=1, keepdims=True)
        parts = []
        for first in range(start, factors.shape[1], _CHUNK):
            parts.append(base + np.log(np.cumprod(factors[:, first : first + _CHUNK], axis=1)))
            base = parts[-1][:, -1:]
    # The mixture needs differences, which infinity has none of.
    logs: Array = np.minimum(np.concatenate(parts, axis=1), 1e6)
    return logs


def _crossing(grid: Array, wealth: Array, log_target: float) -> _Cells:
    """The hypothesis at which each row of falling wealths equals its target.

    Inverse interpolation in log m through the hypotheses around the crossing: cubic through
    four, and quadratic through three of them to see how far it can be trusted.
    """
    last = len(grid) - 1
    inside = (wealth >= log_target).sum(axis=1)
    left = np.clip(inside - 1, 0, last)
    low, high = grid[left], np.where(inside > last, 1.0, grid[np.minimum(inside, last)])
    first = np.clip(left - 1, 0, last - 3)
    at = first[:, None] + np.arange(4)
    y, m = wealth[np.arange(len(wealth))[:, None], at], np.log(grid)[at]
    with np.errstate(all="ignore"):
        cubic = np.exp(_inverse(y, m, log_target))
        near = np.where((left - first == 2)[:, None], np.arange(1, 4), np.arange(3))
        quadratic = np.exp(
            _inverse(
                np.take_along_axis(y, near, axis=1),
                np.take_along_axis(m, near, axis=1),
                log_target,
            )
        )
        good = np.abs(cubic - quadratic) < _RESOLVED
    # In a wide cell the two may agree by accident.
    good &= (inside <= last) & (cubic >= low) & (cubic <= high) & (high - low < _WIDE)
    below = inside == 0
    crossing = np.where(below, 0.0, np.where(good, cubic, low))
    return _Cells(low, high, crossing, good | below | (high - low <= _RESOLVED))


def _inverse(y: Array, m: Array, target: float) -> Array:
    """Lagrange's interpolation of m at y = target, row by row."""
    estimate: Array = np.zeros(len(y))
    for j in range(y.shape[1]):
        others = [i for i in range(y.shape[1]) if i != j]
        gaps = y[:, [j]] - y[:, others]
        estimate += m[:, j] * np.prod((target - y[:, others]) / gaps, axis=1)
    return estimate
