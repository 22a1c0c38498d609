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

    Newton's method, with a penalty that holds columns of few examples near the common factor.
    """
    y, w = targets[held.examples].astype(float), weights[held.examples].astype(float)[:, None]
    margins = held.margins.astype(float)
    scale, offset = np.full(y.shape[1], factor), np.zeros(y.shape[1])
    for _ in range(20):
        share = 1 / (1 + np.exp(-np.clip(margins * scale + offset, -30, 30)))
        wrong, spread = w * (share - y), w * share * (1 - share)
        by_scale = (wrong * margins).sum(0) + (scale - factor) / factor**2
        by_offset = wrong.sum(0) + offset
        ss = (spread * margins**2).sum(0) + 1 / factor**2
        so, oo = (spread * margins).sum(0), spread.sum(0) + 1
        area = ss * oo - so**2
        scale -= (oo * by_scale - so * by_offset) / area
        offset -= (ss * by_offset - so * by_scale) / area
    return np.maximum(scale, factor / 10).astype(np.float32), offset.astype(np.float32)


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
