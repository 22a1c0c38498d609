"""Penalised linear models on sparse features, fitted in the span of the examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
#: Shape (texts, columns), in single or double precision.
Margins = npt.NDArray[Any]

#: Earlier steps that shape the next one, and steps at most.
_REMEMBERED, _STEPS = 5, 200


class Features(Protocol):
    """A matrix X, one row an example, that is only ever multiplied."""

    def gram(self, a: Array) -> Array:
        """X Xᵀ a, for a of shape (examples, columns)."""


class Columns(Protocol):
    """The weights of a model, one column an outcome, with a bias each."""

    def scaled(self, scale: Array, offset: Array) -> Self:
        """Those that give each margin times `scale` plus `offset`, shape (columns,) each."""


W = TypeVar("W", bound=Columns)


class Linear(Features, Protocol[W]):
    """A matrix X of examples, and the weights that it is multiplied with."""

    def times(self, weights: W) -> Array:
        """The margins, shape (examples, columns)."""

    def back(self, a: Array) -> W:
        """The combination of the examples' features with the factors `a`."""

    def of(self, examples: npt.NDArray[np.int64]) -> Self:
        """The features of some of the examples."""


class Link(Protocol):
    """What turns margins into probabilities."""

    def probabilities(self, margins: Margins) -> Margins:
        """The probability of each column, same shape."""

    def loss(self, margins: Array, targets: Array) -> npt.NDArray[np.float64]:
        """The negative logarithm of the targets' probability, one number a row."""

    def likeliest(self, margins: Array) -> Array:
        """The targets of the highest probability."""


class Softmax:
    """One of the columns is right."""

    def probabilities(self, margins: Margins) -> Margins:
        """Shares of exp(margin)."""
        odds = np.exp(margins - margins.max(axis=1, keepdims=True))
        share: Margins = odds / odds.sum(axis=1, keepdims=True)
        return share

    def loss(self, margins: Array, targets: Array) -> npt.NDArray[np.float64]:
        """Cross-entropy; targets sum to 1 in each row."""
        top = margins.max(axis=1)
        total = np.log(np.exp(margins - top[:, None]).sum(axis=1)) + top
        missed: npt.NDArray[np.float64] = (total - (margins * targets).sum(axis=1)).astype(float)
        return missed

    def likeliest(self, margins: Array) -> Array:
        """1 in the column of the highest margin."""
        best = margins.argmax(axis=1)[:, None]
        return np.asarray(np.arange(margins.shape[1]) == best, np.float32)


class Sigmoids:
    """Each column is right or not, whatever the others are."""

    def probabilities(self, margins: Margins) -> Margins:
        """1 / (1 + exp(-margin)) without overflow."""
        share: Margins = 0.5 * (1 + np.tanh(0.5 * margins))
        return share

    def loss(self, margins: Array, targets: Array) -> npt.NDArray[np.float64]:
        """The sum of the columns' binary cross-entropies."""
        missed: npt.NDArray[np.float64] = (
            (np.logaddexp(0, margins) - margins * targets).sum(axis=1).astype(float)
        )
        return missed

    def likeliest(self, margins: Array) -> Array:
        """1 where the margin is positive."""
        return (margins > 0).astype(np.float32)


@dataclass
class _Vector:
    """A weight matrix Xᵀ a, with what it makes of the examples: X Xᵀ a."""

    a: Array
    margins: Array

    def dot(self, other: _Vector) -> float:
        return float(np.vdot(self.a, other.margins))

    def add(self, scale: float, other: _Vector) -> None:
        self.a += np.float32(scale) * other.a
        self.margins += np.float32(scale) * other.margins


@dataclass
class Fitted:
    """The optimum: the weights are Xᵀ `a`, the examples' own margins `margins`."""

    a: Array
    margins: Array
    steps: int


class _Problem:
    """Minimise Σ wᵢ lossᵢ / Σ wᵢ + penalty/2 · |W|²."""

    def __init__(self, x: Features, y: Array, weights: Array, link: Link, penalty: float) -> None:
        self.x, self.y, self.link, self.penalty = x, y, link, penalty
        self.share = (weights / weights.sum()).astype(np.float32)

    def value(self, margins: Array, squared: float) -> float:
        return float(self.share @ self.link.loss(margins, self.y)) + self.penalty / 2 * squared

    def gradient(self, at: _Vector) -> _Vector:
        wrong = self.share[:, None] * (self.link.probabilities(at.margins) - self.y)
        gradient = _Vector(wrong, self.x.gram(wrong))
        gradient.add(self.penalty, at)
        return gradient


def fit(
    x: Features,
    targets: Array,
    weights: Array,
    link: Link,
    *,
    penalty: float = 0.001,
    tolerance: float = 0.01,
) -> Fitted:
    """Fit by L-BFGS (Nocedal & Wright, "Numerical Optimization", 2006, algorithm 7.4).

    The optimum is a combination of the examples' rows (the representer theorem), and so is each
    step. Held as its coefficients and its margins, a step costs examples × columns numbers rather
    than features × columns, and a search along it costs no product with X.

    Args:
        x: the features of n examples.
        targets: shape (n, columns): shares that sum to 1, or 0 and 1.
        weights: what each example counts, above 0, shape (n,).
        link: which of the two targets are.
        penalty: what half the squared weights cost, times the root of n. In scikit-learn's terms
            C is 1 / (penalty √n): from many examples more can be asked to agree.
        tolerance: share of the first gradient's length at which it ends.
    """
    problem = _Problem(x, targets, weights, link, penalty / len(targets) ** 0.5)
    at = _Vector(np.zeros_like(targets), np.zeros_like(targets))
    value, gradient = problem.value(at.margins, 0.0), problem.gradient(at)
    first = gradient.dot(gradient)
    past: list[tuple[_Vector, _Vector, float]] = []
    steps = 0
    while steps < _STEPS and gradient.dot(gradient) > tolerance**2 * first:
        ahead = _direction(gradient, past)
        length, value = _searched(problem, at, ahead, value, ahead.dot(gradient), not past)
        if not length:
            break
        at.add(length, ahead)
        there = problem.gradient(at)
        change = _Vector(there.a - gradient.a, there.margins - gradient.margins)
        taken = _Vector(np.float32(length) * ahead.a, np.float32(length) * ahead.margins)
        curvature = taken.dot(change)
        if curvature > 0:
            past = [*past, (taken, change, 1 / curvature)][-_REMEMBERED:]
        gradient = there
        steps += 1
    return Fitted(at.a, at.margins, steps)


def _direction(gradient: _Vector, past: list[tuple[_Vector, _Vector, float]]) -> _Vector:
    """Minus the gradient times the estimated inverse Hessian."""
    q = _Vector(-gradient.a, -gradient.margins)
    factors = []
    for taken, change, inverse in reversed(past):
        factor = inverse * taken.dot(q)
        q.add(-factor, change)
        factors.append(factor)
    if past:
        _, change, inverse = past[-1]
        scale = np.float32(1 / (inverse * change.dot(change)))
        q.a *= scale
        q.margins *= scale
    for (taken, change, inverse), factor in zip(past, reversed(factors), strict=True):
        q.add(factor - inverse * change.dot(q), taken)
    return q


def _searched(
    problem: _Problem, at: _Vector, ahead: _Vector, value: float, slope: float, first: bool
) -> tuple[float, float]:
    """How far to go, and the value there: halved until it is worth it, doubled at first."""
    squared, across, along = at.dot(at), at.dot(ahead), ahead.dot(ahead)

    def there(length: float) -> float:
        weight = squared + 2 * length * across + length**2 * along
        return problem.value(at.margins + np.float32(length) * ahead.margins, weight)

    length, found = 1.0, there(1.0)
    while found > value + 1e-4 * length * slope:
        length /= 2
        if length < 1e-6:
            return 0.0, value
        found = there(length)
    while first and (further := there(2 * length)) < found:
        length, found = 2 * length, further
    return length, found
