"""Proposals by a language model at any OpenAI-compatible endpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import label_configs
from backend.engines.base import Example, Proposal, Surroundings, enough
from backend.llm import prompts
from backend.llm.conversation import Conversation, Given, fits
from backend.llm.examples import chosen, labels_of
from backend.llm.lines import Lines
from backend.llm.model import LlmModel
from backend.llm.options import LlmOptions
from backend.llm.persistence import FIRST
from backend.llm.pictures import data_uri
from backend.llm.scores import calibrate
from backend.llm.showing import Shown, only, served, shown
from label_configs import LabelConfig, spoken
from sync.errors import ConfigurationError, Skippable
from sync.records import Json

#: Characters of a task that stands as an example in the prompt.
_LONGEST_EXAMPLE = 4_000


class LlmEngine:
    """Every control whose answers can be said in text; it answers untrained, and can learn.

    What it learns is which examples stand in the prompt and how sure of itself the model may be.
    """

    options = LlmOptions
    learns = False

    def __init__(self, pause: float = FIRST) -> None:
        """Nothing is opened before the first question.

        Args:
            pause: seconds before a request is tried again the first time, at most.
        """
        self._lines = Lines(pause)

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """Controls that can be said, about what can be shown: text, and images where they are."""
        return served(config, (options or LlmOptions()).images)

    def version(self, around: Surroundings, config: LabelConfig) -> str:
        """The prompt's name, its version, and a hash of all that answers depend on."""
        options, prompt = around.options, _prompt(around)
        depends = [
            *(prompt.digest, options.url, options.model, options.structured, options.score),
            *(options.images, options.temperature, options.max_output_tokens, options.body),
            *(options.most_characters, config.xml),
        ]
        digest = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
        return f"{_word(prompt.name)}.{prompt.version}.{digest[:12]}"

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        around: Surroundings,
    ) -> dict[str, Any]:
        """Choose examples for the prompt, and ask about others to calibrate the score.

        Raises:
            Unfit: the examples are not enough.
        """
        asked = only(config, self.serves(config, around.options))
        said = [(example, _given(asked, example)) for example in examples]
        usable = [(example, given) for example, given in said if given is not None]
        enough(len(usable), len(examples), "an answer that can be said")
        places = self._chosen(asked, usable, rng, around)
        picked = [usable[i][1] for i in places]
        rest = [i for i in rng.permutation(len(usable)) if i not in places]
        others = [usable[i][0] for i in rest[: around.options.calibrate_on]]
        return {
            "examples": json.dumps([[one.shown.content, one.answer] for one in picked]),
            "calibration": self._calibration(picked, others, config, around),
        }

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> LlmModel:
        """The model; without what was learned it answers without examples."""
        options = around.options
        if not options.url or not options.model:
            missing = "model" if options.url else "url"
            raise ConfigurationError(
                f"engine.llm.{missing} is not set: set url to the endpoint, such as "
                "http://localhost:11434/v1, and model to a model's name there"
            )
        given = [
            Given(shown=Shown(content=content), answer=answer)
            for content, answer in json.loads(learned["examples"] if learned else "[]")
        ]
        secret = around.settings.llm_api_key.get_secret_value() if around.settings else ""
        return LlmModel(
            conversation=Conversation(
                config=only(config, self.serves(config, options)),
                options=options,
                prompt=_prompt(around),
                examples=given,
            ),
            lines=self._lines,
            key=secret,
            folder=around.folder,
            project_id=around.project_id,
            patient=around.patient,
            image=self._image(around),
            calibration=learned["calibration"] if learned else {},
        )

    def _image(self, around: Surroundings) -> Any:
        fetch = around.fetch
        return (lambda address: data_uri(address, fetch)) if around.options.images else None

    def _chosen(
        self,
        config: LabelConfig,
        usable: Sequence[tuple[Example, Given]],
        rng: np.random.Generator,
        around: Surroundings,
    ) -> list[int]:
        """Places of the examples that stand in the prompt.

        None where the model writes freely: then a task could make it repeat other tasks' examples.
        None with images either, which would be sent with every task.
        """
        if around.options.images or any(c.tag == "TextArea" for c in config.controls):
            return []
        texts = [given.shown.text() for _, given in usable]
        short = [i for i, text in enumerate(texts) if len(text) <= _LONGEST_EXAMPLE]
        labels = [labels_of(config, _known(config, usable[i][0])) for i in short]
        found = chosen([texts[i] for i in short], labels, around.options.examples, rng)
        return [short[i] for i in found]

    def _calibration(
        self,
        picked: Sequence[Given],
        others: Sequence[Example],
        config: LabelConfig,
        around: Surroundings,
    ) -> dict[str, float]:
        """What the model's sureness is worth, by asking about examples that it was not shown."""
        if not others or not around.options.url or not around.options.model:
            return {}
        text = json.dumps([[one.shown.content, one.answer] for one in picked])
        model = self.model({"examples": text, "calibration": {}}, config, around)
        sure, right = [], []
        asked = model.conversation.config
        answers = model.predict([{"id": i, "data": e.data} for i, e in enumerate(others)])
        for example, answer in zip(others, answers, strict=True):
            if isinstance(answer, Proposal):
                found = label_configs.read(asked, answer.result, example.data)
                known = _known(asked, example)
                right.append(label_configs.values_distance(asked, found, known) == 0)
                sure.append(answer.score)
        return calibrate(sure, right)


def _prompt(around: Surroundings) -> prompts.Prompt:
    folder = around.settings.config.parent if around.settings else Path()
    return prompts.load(around.options.prompt, folder)


def _given(config: LabelConfig, example: Example) -> Given | None:
    """The example as it would stand in the prompt; None where it cannot."""
    known = _known(config, example)
    if not known:
        return None
    try:
        answer: Json = spoken.said(config, known, example.data)
        # Images of examples are not shown, so none is read.
        seen = shown(config, example.data, lambda address: "")
    except Skippable:
        return None
    return Given(shown=seen, answer=answer) if fits(config, answer, example.data) else None


def _known(config: LabelConfig, example: Example) -> dict[str, Any]:
    """What people answered to the controls that are asked."""
    return {name: value for name, value in example.values.items() if name in config.by_name}


def _word(name: str) -> str:
    """The name as part of a version."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)[:40]
