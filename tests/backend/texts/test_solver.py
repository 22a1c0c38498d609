"""The fit and the calibration, against scikit-learn and against simulations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from backend.texts.calibration import Held, exponent, sigmoids, temperature, unseen
from backend.texts.solver import Array, Sigmoids, Softmax, fit


@dataclass
class Dense:
    """A small matrix of features."""

    x: Array

    def gram(self, a: Array) -> Array:
        found: Array = self.x @ (self.x.T @ a)
        return found


def drawn(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Features, weights, and margins of the truth."""
    x = rng.normal(size=(300, 12)).astype(np.float32)
    weights = rng.integers(1, 4, 300).astype(np.float32)
    return x, weights, x @ rng.normal(size=(12, 4)).astype(np.float32)


def one_hot(labels: Array, columns: int) -> Array:
    return np.eye(columns, dtype=np.float32)[labels.astype(int)]


def test_softmax_is_fitted_as_scikit_learn_does() -> None:
    """The margins of weighted examples equal those of LogisticRegression, up to a shift."""
    rng = np.random.default_rng(0)
    x, weights, margins = drawn(rng)
    labels = (margins + rng.gumbel(size=margins.shape)).argmax(axis=1)
    penalty = 0.05
    found = fit(Dense(x), one_hot(labels, 4), weights, Softmax(), penalty=penalty, tolerance=1e-5)
    # scikit-learn adds the weighted losses up; here they are divided by the weights' sum.
    c = 1 / (weights.sum() * penalty / len(x) ** 0.5)
    other = LogisticRegression(C=c, fit_intercept=False, tol=1e-8, max_iter=1000)
    expected = other.fit(x, labels, weights).decision_function(x)
    centred = found.margins - found.margins.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(centred, expected, atol=2e-3)
    np.testing.assert_allclose(x @ (x.T @ found.a), found.margins, atol=1e-3)


def test_each_sigmoid_is_fitted_as_alone() -> None:
    """Each column's margins equal those of a LogisticRegression of its own."""
    rng = np.random.default_rng(1)
    x, weights, margins = drawn(rng)
    targets = (margins + rng.logistic(size=margins.shape) > 0).astype(np.float32)
    found = fit(Dense(x), targets, weights, Sigmoids(), penalty=0.05, tolerance=1e-5)
    c = 1 / (weights.sum() * 0.05 / len(x) ** 0.5)
    for column in range(4):
        other = LogisticRegression(C=c, fit_intercept=False, tol=1e-8, max_iter=1000)
        expected = other.fit(x, targets[:, column], weights).decision_function(x)
        np.testing.assert_allclose(found.margins[:, column], expected, atol=2e-3)


def test_one_temperature_is_found_again() -> None:
    """Labels drawn at a third of the margins are likeliest at a third of them."""
    rng = np.random.default_rng(2)
    margins = rng.normal(size=(20_000, 5)).astype(np.float32) * 3
    labels = (margins / 3 + rng.gumbel(size=margins.shape)).argmax(axis=1)
    held = Held(np.arange(len(margins)), margins)
    ones = np.ones(len(margins), np.float32)
    assert temperature(held, one_hot(labels, 5), ones, Softmax()) == pytest.approx(1 / 3, rel=0.03)


@pytest.mark.parametrize("count", [5, 20, 80])
def test_a_few_right_answers_do_not_make_it_certain(count: int) -> None:
    """With n right of n the probability is near Laplace's (n + 1) / (n + 2)."""
    margins = np.tile(np.array([[1.0, -1.0]], np.float32), (count, 1))
    held = Held(np.arange(count), margins)
    targets = one_hot(np.zeros(count), 2)
    factor = temperature(held, targets, np.ones(count, np.float32), Softmax())
    sure = Softmax().probabilities(factor * margins)[0, 0]
    assert sure == pytest.approx((count + 1) / (count + 2), abs=1.5 / count)


def test_each_column_gets_its_own_slope_and_offset() -> None:
    """Columns that are off in different ways are set right; one of few examples stays near all."""
    rng = np.random.default_rng(3)
    margins = rng.normal(size=(20_000, 3)).astype(np.float32) * 2
    slope, offset = np.array([0.5, 1.5, 1.0]), np.array([-1.0, 0.5, 0.0])
    targets = (margins * slope + offset + rng.logistic(size=margins.shape) > 0).astype(np.float32)
    held = Held(np.arange(len(margins)), margins)
    scale, shift = sigmoids(held, targets, np.ones(len(margins), np.float32), 1.0)
    np.testing.assert_allclose(scale, slope, atol=0.07)
    np.testing.assert_allclose(shift, offset, atol=0.07)
    few = Held(np.arange(4), margins[:4])
    scale, shift = sigmoids(few, np.ones((4, 3), np.float32), np.ones(4, np.float32), 1.0)
    assert np.all(scale < 3)
    assert np.all(shift < 3)


def test_outcomes_that_go_together_are_worth_less_or_more() -> None:
    """Where the claimed product is the square of the truth, the exponent is a half."""
    rng = np.random.default_rng(4)
    truth = rng.uniform(0.2, 0.99, 20_000)
    assert exponent(truth**2, rng.random(20_000) < truth) == pytest.approx(0.5, abs=0.03)


def test_labels_nobody_gave_yet_are_reckoned_with() -> None:
    """The missing probability is near what the next examples then have, and 0 if none is left."""
    rng = np.random.default_rng(5)
    share = rng.dirichlet(np.full(100, 0.3))
    for size in (30, 100, 300):
        gaps = []
        for _ in range(200):
            labels = rng.choice(100, size, p=share)
            seen = np.unique(labels)
            targets = one_hot(labels, 100)[:, seen]
            gaps.append(unseen(targets, 100) - (1 - share[seen].sum()))
        assert abs(np.mean(gaps)) < 0.02
    assert unseen(np.eye(3, dtype=np.float32), 3) == 0
