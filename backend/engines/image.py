"""Image classification: small grey pixels, a radial kernel, logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression

from backend.engines.base import (
    Calibrated,
    Example,
    Guess,
    calibrate,
    enough,
    fields,
    single_choice,
)
from backend.pixels import Fetch, Unreachable, Unreadable, pixels
from label_configs import LabelConfig
from sync.records import Json

#: Examples that span the kernel's features.
_COMPONENTS = 300


@dataclass(frozen=True)
class ImageModel:
    """What was learned from images."""

    kernel: Any
    calibrated: Calibrated
    field: str
    fetch: Fetch

    def predict(self, data: Sequence[Json]) -> list[Guess | None]:
        """One guess a task, None where its image cannot be read."""
        images = _images(data, self.field, self.fetch)
        there = {i: image for i, image in enumerate(images) if image is not None}
        found: list[Guess | None] = [None] * len(images)
        if there:
            features = self.kernel.transform(np.stack(list(there.values())))
            for i, guess in zip(there, self.calibrated.guesses(features), strict=True):
                found[i] = guess
        return found


class ImageEngine:
    """One single choice over one image."""

    def fits(self, config: LabelConfig) -> bool:
        """Whether one image is what is judged."""
        return single_choice(config) is not None and len(fields(config, "Image")) == 1

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        fetch: Fetch,
    ) -> dict[str, Any]:
        """Learn from the images that can be read."""
        field = fields(config, "Image")[0]
        read = _images([data for data, _ in examples], field, fetch)
        there = [i for i, image in enumerate(read) if image is not None]
        enough(len(there), len(examples), "an image")

        def make() -> Any:
            return LogisticRegression(C=100.0, max_iter=1000)

        images = np.stack([image for image in read if image is not None])
        kernel = Nystroem(
            gamma=1 / (images.shape[1] * max(float(images.var()), 1e-6)),
            n_components=min(len(images), _COMPONENTS),
            random_state=int(rng.integers(2**31)),
        )
        features = kernel.fit_transform(images)
        calibrated = calibrate(make, features, [examples[i][1] for i in there], rng)
        return {
            "kernel": kernel,
            "classifier": calibrated.classifier,
            "temperature": calibrated.temperature,
        }

    def model(self, learned: Any, config: LabelConfig, fetch: Fetch) -> ImageModel:
        """The model around what was learned."""
        calibrated = Calibrated(learned["classifier"], learned["temperature"])
        return ImageModel(learned["kernel"], calibrated, fields(config, "Image")[0], fetch)


def _images(data: Sequence[Json], field: str, fetch: Fetch) -> list[npt.NDArray[Any] | None]:
    """The image of each task, None where it cannot be read."""
    lost: list[Unreachable] = []

    def patient(path: str) -> bytes:
        # Each further upload would wait for the same silence.
        if lost:
            raise lost[0]
        try:
            return fetch(path)
        except Unreachable as error:
            lost.append(error)
            raise

    return [_pixels(item.get(field), patient) for item in data]


def _pixels(address: object, fetch: Fetch) -> npt.NDArray[Any] | None:
    try:
        return pixels(address, fetch)
    except Unreadable:
        return None
