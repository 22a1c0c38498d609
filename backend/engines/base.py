"""What an engine is, and the calibrated classifier that the first two share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from backend.pixels import Fetch
from label_configs import Control, LabelConfig
from sync.records import Json

#: A task's data with its label.
Example = tuple[Json, str]
#: A label with its calibrated probability, in [0, 1].
Guess = tuple[str, float]

#: Examples without which nothing is learned.
FEWEST = 10
#: Part of the examples that the temperature is fitted on, and the fewest that allow it.
_HELD_OUT, _CALIBRATES = 0.15, 40


class Unfit(Exception):
    """The examples are not enough to learn from; the text says what is missing."""


class Model(Protocol):
    """What an engine learned."""

    def predict(self, data: Sequence[Json]) -> list[Guess | None]:
        """One guess a task, None where its data cannot be read."""


class Engine(Protocol):
    """A way to learn labels."""

    def fits(self, config: LabelConfig) -> bool:
        """Whether it can label projects with this config."""

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        fetch: Fetch,
    ) -> Any:
        """Learn; what comes back can be persisted with skops.

        Raises:
            Unfit: the examples are not enough.
        """

    def model(self, learned: Any, config: LabelConfig, fetch: Fetch) -> Model:
        """The model around what was learned; `fetch` reads the uploads that tasks name."""


def single_choice(config: LabelConfig) -> Control | None:
    """The config's control, if it is one single Choices of a fixed list, for the whole task."""
    if len(config.controls) != 1:
        return None
    control = config.controls[0]
    single = (control.attribute("choice") or "single").startswith("single")
    plain = not control.switched_on & {"allownested", "peritem", "perregion"}
    fixed = bool(control.labels) and not control.attribute("value").startswith("$")
    whole = not control.is_repeated
    return control if control.tag == "Choices" and single and plain and fixed and whole else None


def fields(config: LabelConfig, tag: str) -> list[str]:
    """The data fields that objects of this tag show."""
    return [shown.field for shown in config.objects if shown.tag == tag]


def enough(usable: int, examples: int, kind: str) -> None:
    """Check that there is something to learn from.

    Raises:
        Unfit: too few examples can be read.
    """
    if usable < FEWEST:
        raise Unfit(
            f"{usable} of {examples} examples have {kind} that can be read: at least {FEWEST} "
            "are needed to train"
        )


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
        features: shape (n, d), sparse or dense.
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
    # A C-ordered matrix is copied at every prediction on sparse input.
    classifier.coef_ = np.asfortranarray(classifier.coef_)
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
