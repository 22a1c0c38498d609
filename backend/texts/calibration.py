"""Margins to probabilities that are as often right as they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.texts.solver import Array, Linear, Link, W, fit
from backend.texts.words import Indices

#: Up to so many examples each is held out once; of more, some are.
_FEW = 3_000
#: Parts that are held out in turn, and how many of them are where there are many examples.
PARTS, _HELD_OUT = 5, 2


#: Newton's steps; it is done after some five, and more where some are halved.
_NEWTON = 25

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Held:
    """Margins that a model gave to examples that it had not seen."""

    examples: Indices
    margins: Array


def held_out(
    x: Linear[W], targets: Array, weights: Array, link: Link, rng: np.random.Generator
) -> Held:
    """Margins of examples by models that were fitted without them.

    Examples of an outcome that such a model has never seen are left out.
    """
    count = len(targets)
    parts = np.array_split(rng.permutation(count), PARTS)
    examples, margins = [], []
    for part in parts if count <= _FEW else parts[:_HELD_OUT]:
        rest = np.setdiff1d(np.arange(count), part)
        features = x.of(rest)
        weight = features.back(fit(features, targets[rest], weights[rest], link).a)
        strange = targets[rest].max(axis=0, initial=0) == 0
        fair = part[~targets[part][:, strange].any(axis=1)]
        examples.append(fair)
        margins.append(x.of(fair).times(weight))
    return Held(np.concatenate(examples), np.concatenate(margins))


def temperature(held: Held, targets: Array, weights: Array, link: Link) -> float:
    """The factor of all margins under which the targets are likeliest.

    One number does most of the work of calibration (Guo, Pleiss, Sun & Weinberger, "On
    Calibration of Modern Neural Networks", 2017; their temperature is its inverse). One more
    example is taken to be wrong, so that a few that are all right do not make it certain
    (Laplace's rule of succession).
    """
    y, w = targets[held.examples], weights[held.examples]
    if not len(y):
        return 1.0
    best = link.likeliest(held.margins)

    def loss(factor: float) -> float:
        margins = held.margins * np.float32(factor)
        wrong = -np.expm1(-link.loss(margins, best))
        return float(w @ link.loss(margins, y) - np.log(np.maximum(wrong, 1e-7)).mean())

    return _least(loss)


def sigmoids(held: Held, targets: Array, weights: Array, factor: float) -> tuple[Array, Array]:
    """A factor and an offset for each column (Platt, "Probabilistic Outputs for SVMs", 1999).

    Newton's method, halved where it goes too far, with a penalty that holds columns of few
    examples near the common factor.
    """
    y, w = targets[held.examples].astype(float), weights[held.examples].astype(float)[:, None]
    # Each column of both is a pair: the factor, and the offset.
    start: Floats = np.stack([np.full(y.shape[1], factor), np.zeros(y.shape[1])])
    inputs = np.stack([held.margins.astype(float), np.ones(y.shape)])
    penalty = np.array([[1 / factor**2], [1.0]])

    def loss(at: Floats) -> Floats:
        margins = (inputs * at[:, None]).sum(axis=0)
        missed = (w * (np.logaddexp(0, margins) - margins * y)).sum(axis=0)
        return np.asarray(missed + (penalty * (at - start) ** 2).sum(axis=0) / 2, float)

    at, value = start.copy(), loss(start)
    length: Floats = np.ones(y.shape[1])
    for _ in range(_NEWTON):
        share = 0.5 * (1 + np.tanh(0.5 * (inputs * at[:, None]).sum(axis=0)))
        slope = (w * (share - y) * inputs).sum(axis=1) + penalty * (at - start)
        spread = w * share * (1 - share)
        curve = np.einsum("nk,ink,jnk->kij", spread, inputs, inputs)
        curve += np.diag(penalty[:, 0])
        step = np.linalg.solve(curve, slope.T[:, :, None])[:, :, 0].T
        ahead = loss(at - length * step)
        better = ahead <= value
        at[:, better] -= (length * step)[:, better]
        value[better] = ahead[better]
        length = np.where(better, np.minimum(1, 2 * length), length / 2)
    return np.maximum(at[0], factor / 10).astype(np.float32), at[1].astype(np.float32)


def exponent(claimed: npt.NDArray[Any], right: npt.NDArray[np.bool_]) -> float:
    """The power of the claimed probabilities under which what was right is likeliest.

    Outcomes that go together make a product of their probabilities too small or too large.
    """
    log = np.log(np.clip(claimed.astype(float), 1e-9, 1 - 1e-9))

    def loss(power: float) -> float:
        share = np.clip(np.exp(power * log), 1e-12, 1 - 1e-12)
        return float(-np.where(right, np.log(share), np.log1p(-share)).sum())

    return _least(loss) if len(log) else 1.0


def unseen(targets: Array, possible: int) -> float:
    """The probability that the next example is of an outcome without one.

    Where some of the `possible` ones have none, it is about the share of the examples that are
    the only one of their outcome (Good, "The Population Frequencies of Species", 1953). Divided
    by one example more, so that it stays below 1.
    """
    often = targets.sum(axis=0)
    if len(often) >= possible:
        return 0.0
    return float((often == 1).sum() / (len(targets) + 1))


def _least(loss: Callable[[float], float]) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda log: loss(float(np.exp(log))), bounds=(-4, 4), method="bounded")
    return float(np.exp(found.x))
