"""Image classification: small grey pixels, a radial kernel, logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression

from backend.engines.base import Abstention, Answer, Example, NoOptions, Surroundings, enough
from backend.engines.calibrated import Calibrated, calibrate
from backend.engines.single import fields, proposal, single_choice
from backend.pixels import Fetch, Unreachable, Unreadable, pixels
from label_configs import Control, LabelConfig
from sync.records import Json

#: Examples that span the kernel's features.
_COMPONENTS = 300


@dataclass(frozen=True)
class ImageModel:
    """What was learned from images."""

    kernel: Any
    calibrated: Calibrated
    config: LabelConfig
    control: Control
    fetch: Fetch

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """One proposal a task; it abstains where the image cannot be read."""
        field = fields(self.config, "Image")[0]
        images = _images([task["data"] for task in tasks], field, self.fetch)
        there = {i: image for i, image in enumerate(images) if image is not None}
        found: list[Answer] = [Abstention("the image cannot be read")] * len(images)
        if there:
            features = self.kernel.transform(np.stack(list(there.values())))
            for i, (label, score) in zip(there, self.calibrated.guesses(features), strict=True):
                found[i] = proposal(self.config, self.control, label, score)
        return found


class ImageEngine:
    """One single choice over one image."""

    options = NoOptions
    learns = True

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """The one control, where one image is what is judged."""
        control = single_choice(config)
        one = len(fields(config, "Image")) == 1
        return (control.name,) if control is not None and one else ()

    def version(self, around: Surroundings, config: LabelConfig) -> str:
        """Versions come from training."""
        return ""

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        around: Surroundings,
    ) -> dict[str, Any]:
        """Learn from the images that can be read."""
        field = fields(config, "Image")[0]
        name = self.serves(config, None)[0]
        examples = [example for example in examples if name in example.values]
        read = _images([example.data for example in examples], field, around.fetch)
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
        labels = [next(iter(examples[i].values[name])) for i in there]
        calibrated = calibrate(make, features, labels, rng)
        return {
            "kernel": kernel,
            "classifier": calibrated.classifier,
            "temperature": calibrated.temperature,
        }

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> ImageModel:
        """The model around what was learned."""
        calibrated = Calibrated(learned["classifier"], learned["temperature"])
        control = config.by_name[self.serves(config, None)[0]]
        return ImageModel(learned["kernel"], calibrated, config, control, around.fetch)


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
