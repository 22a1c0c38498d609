"""Classification of images by a linear model of how similar they are to known ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.engines.base import Abstention, Answer, Example, Surroundings, Taught, enough
from backend.images.kernel import PARTS, Kernel, Rows
from backend.images.reading import Reader
from backend.images.remote import Remote
from backend.pixels import Fetch
from backend.texts import head as heads
from backend.texts.answering import Answering
from backend.texts.questions import answerable
from label_configs import LabelConfig, ObjectTag
from label_configs.kinds.dynamic import lookup
from sync.records import Json


@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """The table `engine.sklearn_image`."""

    #: Hosts from which images are read: names, with a port where it is not the scheme's own.
    hosts: tuple[str, ...] = ()


class ImageModel:
    """What was learned from images, at work. Threads may share it."""

    def __init__(self, learned: Any, config: LabelConfig, fetch: Fetch, remote: Remote) -> None:
        """Controls that the label config no longer has are left out."""
        self._field = json.loads(learned["field"])
        self._kernel = Kernel.stored(*(learned[name] for name in PARTS))
        self._weights = learned["weights"].astype(np.float64)
        self._answering = Answering(learned["heads"], config, _served(config))
        self._fetch, self._remote = fetch, remote

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """One proposal a task; it abstains where the image cannot be read."""
        addresses = [lookup(task["data"], self._field) for task in tasks]
        read = Reader(self._fetch, self._remote.fetch).read(addresses)
        there = {i: x for i, x in enumerate(read) if x is not None}
        answers: list[Answer] = [Abstention("the image cannot be read")] * len(tasks)
        if there:
            margins = self._kernel.rows(np.stack(list(there.values()))) @ self._weights
            for i, answer in zip(there, self._answering.answers(margins), strict=True):
                answers[i] = answer
        return answers


class ImageEngine(Taught):
    """Choices, Taxonomy and Rating over one image."""

    options = ImageOptions

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """The controls that ask one question about a whole task, all of the same image."""
        return _served(config)

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        around: Surroundings,
    ) -> dict[str, Any]:
        """Learn from the images that can be read.

        Returns:
            Arrays by name, and two JSON texts: the field of the data, and a head a control.
        """
        served = _served(config)
        field = config.by_name[served[0]].objects[0].field
        asked = [e for e in examples if any(name in e.values for name in served)]
        reader = Reader(around.fetch, Remote(around.options.hosts).fetch)
        read = reader.read([lookup(example.data, field) for example in asked])
        there = [(x, example) for x, example in zip(read, asked, strict=True) if x is not None]
        enough(len(there), len(examples), "an image")
        kernel = Kernel.of(np.stack([x for x, _ in there]), rng)
        rows = Rows(kernel.rows(np.stack([x for x, _ in there])).astype(np.float32))
        known = [example for _, example in there]
        found = heads.learn_each([config.by_name[name] for name in served], known, rows, rng)
        return {
            "field": json.dumps(field),
            "heads": json.dumps([head.as_json() for head, _ in found]),
            **kernel.parts,
            "weights": np.concatenate([columns.rows for _, columns in found], axis=1),
        }

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> ImageModel:
        """The model around what was learned."""
        return ImageModel(learned, config, around.fetch, Remote(around.options.hosts))


def _served(config: LabelConfig) -> tuple[str, ...]:
    names = answerable(config, _is_image)
    shown = {tag.name for name in names for tag in config.by_name[name].objects}
    return names if len(shown) == 1 else ()


def _is_image(shown: ObjectTag) -> bool:
    """Whether an object is one image that the task's data names."""
    one = shown.value.startswith("$") and "{{" not in shown.value
    return shown.tag == "Image" and one and "valuelist" not in shown.settings
