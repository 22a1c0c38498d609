"""A classifier whose scores are probabilities: log-odds divided by one temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from backend.engines.base import Unfit

#: A label with its calibrated probability, in [0, 1].
Guess = tuple[str, float]

#: Part of the examples that the temperature is fitted on, and the fewest that allow it.
_HELD_OUT, _CALIBRATES = 0.15, 40


@dataclass
class Calibrated:
    """A classifier whose log-odds are divided by one temperature."""

    classifier: Any
    temperature: float

    def guesses(self, features: Any) -> list[Guess]:
        """The likeliest label of each row with its probability."""
        share = _softmax(_logits(self.classifier, features) / self.temperature)
        best = share.argmax(axis=1)
        labels = self.classifier.classes_
        return [(str(labels[b]), float(share[i, b])) for i, b in enumerate(best)]


def calibrate(
    make: Any, features: Any, labels: Sequence[str], rng: np.random.Generator
) -> Calibrated:
    """Fit on a part, find the temperature on the rest, then fit on all.

    One scalar does most of the work of calibration (Guo, Pleiss, Sun & Weinberger, "On
    Calibration of Modern Neural Networks", 2017). With too few examples it stays 1.

    Args:
        make: gives a fresh scikit-learn classifier.
        features: shape (n, d).
        labels: the n labels.
        rng: draws the part that is held out.
    """
    y = np.asarray(labels)
    if len(set(labels)) < 2:
        raise Unfit("all labels are the same: label tasks of at least two kinds")
    temperature = 1.0
    if len(y) >= _CALIBRATES:
        order = rng.permutation(len(y))
        cut = int(len(y) * _HELD_OUT)
        held, rest = order[:cut], order[cut:]
        if len(set(y[rest])) >= 2:
            part = make().fit(features[rest], y[rest])
            known = np.isin(y[held], part.classes_)
            temperature = _temperature(part, features[held[known]], y[held[known]])
    classifier = make().fit(features, y)
    return Calibrated(classifier=classifier, temperature=temperature)


def _temperature(classifier: Any, features: Any, labels: npt.NDArray[Any]) -> float:
    if len(labels) < 5:
        return 1.0
    logits = _logits(classifier, features)
    right = np.searchsorted(classifier.classes_, labels)

    def loss(log_temperature: float) -> float:
        share = _softmax(logits / np.exp(log_temperature))
        return float(-np.log(share[np.arange(len(right)), right] + 1e-12).mean())

    found = minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded")
    return float(np.exp(found.x))


def _logits(classifier: Any, features: Any) -> npt.NDArray[Any]:
    logits: npt.NDArray[Any] = classifier.decision_function(features)
    if logits.ndim == 1:
        return np.column_stack([-logits / 2, logits / 2])
    return logits


def _softmax(logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    share: npt.NDArray[Any] = shifted / shifted.sum(axis=1, keepdims=True)
    return share
