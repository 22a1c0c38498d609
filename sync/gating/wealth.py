"""The wealth of a bettor against a mean: the martingale that all acceptance rests on.

For the hypothesis that the N scores of a batch have mean m, the next score drawn has the
conditional mean m_i = (N m - S_{i-1}) / (N - i + 1). Then for each θ in [0, 1]

    K_t(m; θ) = ∏_{i<=t} (1 - θ + θ x_i / m_i)

is a nonnegative martingale that starts at 1, and so is its average over θ. By Ville's
inequality the average ever reaches 1/α with probability at most α, if the mean is m or less.
The average over θ is taken at Gauss-Legendre nodes, which is itself a fixed mixture, so nothing
of the guarantee is lost.

Log K_t(m) falls in m and is convex in log m: 1/m_i is log-convex in log m, and sums, products
and mixtures of log-convex functions are log-convex.

Sources: Waudby-Smith & Ramdas, "Confidence sequences for sampling without replacement" (2020)
and "Estimating means of bounded random variables by betting" (2023); Stark, "ALPHA" (2022), whose
η_i is m_i + θ (1 - m_i) here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_THETA: Array = (_NODES + 1) / 2
_WEIGHT: Array = _WEIGHTS / 2
#: The product of so many factors, none below 1 - θ, is a number that a float can hold.
_CHUNK = 64
#: A hypothesis that the scores seen so far rule out has this log-wealth, and none has more.
RULED_OUT = 1e3
_TINY = 1e-9


def log_wealth(
    scores: Array,
    population: int | None,
    means: Array | float,
    start: int = 0,
    earlier: Array | float = 0.0,
) -> Array:
    """Log of the averaged K_t(m) after each score, for many means or many samples at once.

    Args:
        scores: shape (n,), in draw order, each in [0, 1]; or (n, k) for k samples.
        population: number N of tasks that a sample is drawn from without replacement, or None
            for an endless stream.
        means: hypotheses m > 0, of shape (k,) or one for all; each goes with a column.
        start: times before this one are left out.
        earlier: what `log_bets` gave for scores that came before; the population and the means
            are then those of what they left.

    Returns:
        Shape (n - start, k), in [-1000, 1000]; 1000 where the scores rule the mean out.
    """
    x = scores if scores.ndim == 2 else scores[:, None]
    m = np.atleast_1d(np.asarray(means, dtype=np.float64))
    conditional, impossible = _conditional(x, population, m)
    logs = _log_products(_factors(x, conditional), start)
    return _mixed(logs + np.reshape(earlier, (-1, 1, 1)), impossible[start:])


def log_wealth_in_steps(
    counts: Array, values: Array, population: int | None, mean: float, earlier: Array | float = 0.0
) -> Array:
    """Log of the averaged K_t(mean) after each of a few steps of many scores, roughly.

    What is left is taken to have the mean in a whole step that it has at its beginning.

    Args:
        counts: shape (steps, k, v); scores of each value, of each of k samples.
        values: shape (v,), each in [0, 1].
        population: as for `log_wealth`.
        mean: the hypothesis.
        earlier: as for `log_wealth`.

    Returns:
        Shape (steps, k), as of `log_wealth`.
    """
    sums, sizes = counts @ values, counts.sum(axis=2)
    conditional, impossible = np.full(sums.shape, mean), np.zeros(sums.shape, dtype=bool)
    if population is not None:
        rest = population * mean - np.cumsum(sums, axis=0)
        conditional = (rest + sums) / (population - np.cumsum(sizes, axis=0) + sizes)
        impossible = rest < -_TINY * population
    logs = np.zeros((len(_THETA), *sums.shape))
    for value, count in zip(values, np.moveaxis(counts, 2, 0), strict=True):
        logs += count * np.log(_factors(np.asarray(value), conditional))
    return _mixed(np.cumsum(logs, axis=1) + np.reshape(earlier, (-1, 1, 1)), impossible)


def _mixed(logs: Array, impossible: Array) -> Array:
    """Log of the average over the bets, axis 0; what is impossible is ruled out."""
    top = logs.max(axis=0)
    wealth: Array = top + np.log(np.tensordot(_WEIGHT, np.exp(logs - top), axes=1))
    wealth[impossible] = RULED_OUT
    clipped: Array = np.clip(wealth, -RULED_OUT, RULED_OUT)
    return clipped


def log_bets(scores: Array, population: int | None, mean: float) -> Array:
    """Log K_n(mean; θ) of each bet θ after all n ≥ 1 scores of shape (n,); see `log_wealth`."""
    x = scores[:, None]
    conditional, _ = _conditional(x, population, np.array([mean]))
    found: Array = _log_products(_factors(x, conditional), len(x) - 1)[:, 0, 0]
    return found


def _factors(x: Array, conditional: Array) -> Array:
    """1 - θ + θ x / m_i, of shape (bets, n, k)."""
    found: Array = 1.0 + _THETA[:, None, None] * (x / np.maximum(conditional, _TINY) - 1.0)
    return found


def _conditional(x: Array, population: int | None, means: Array) -> tuple[Array, Array]:
    """The mean m_i of what is left before each draw, and whether too little was; both (n, k)."""
    shape = np.broadcast_shapes(x.shape, means.shape)
    if population is None:
        return np.broadcast_to(means, shape), np.zeros(shape, dtype=bool)
    rest = population * means - np.cumsum(x, axis=0)
    conditional: Array = (rest + x) / (population - np.arange(len(x))[:, None])
    return conditional, rest < -_TINY * population


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
