"""Probabilities made true to what was seen: logistic regression on log-odds (Platt 1999)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: How strongly weights are held at those that change nothing, in cases.
_PRIOR = 4.0
_ROUNDS = 50
_SUREST = 1e-9


@dataclass(frozen=True)
class Odds:
    """Weights of features, of which the first is the log-odds to be corrected."""

    weights: Floats

    def probabilities(self, features: Floats) -> Floats:
        """The corrected probabilities, (n,), of features (n, d)."""
        return _logistic(features @ self.weights)


def log_odds(probabilities: Floats) -> Floats:
    """log(p / (1 - p)), bounded."""
    p = np.clip(probabilities, _SUREST, 1 - _SUREST)
    return np.log(p / (1 - p))


def fitted(features: Floats, right: Floats) -> Odds:
    """The weights that make what was seen likeliest, near those that change nothing.

    Newton's method on the log-likelihood less a Gaussian prior: with nothing seen, probabilities
    stay as they are.

    Args:
        features: (n, d), of which the first is log-odds.
        right: 1 where the case came true, 0 where it did not, (n,).
    """
    start = np.eye(1, features.shape[1])[0]
    weights = start.copy()
    for _ in range(_ROUNDS):
        p = _logistic(features @ weights)
        gradient = features.T @ (right - p) - _PRIOR * (weights - start)
        curve = (features.T * (p * (1 - p))) @ features + _PRIOR * np.eye(len(weights))
        step = np.linalg.solve(curve, gradient)
        # Shorter steps where the curve is flat keep it from leaping past the summit.
        weights += step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < 1e-8:
            break
    return Odds(weights)


def _logistic(x: Floats) -> Floats:
    p: Floats = 1 / (1 + np.exp(-np.clip(x, -30, 30)))
    return p
