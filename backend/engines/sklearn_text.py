"""Text classification: TF-IDF of words and characters, logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import FeatureUnion

from backend.engines.base import (
    Abstention,
    Answer,
    Example,
    NoOptions,
    Surroundings,
    Unfit,
    enough,
)
from backend.engines.calibrated import Calibrated, calibrate
from backend.engines.single import fields, proposal, single_choice
from label_configs import Control, LabelConfig
from sync.records import Json

#: Characters of a text that are looked at.
_LONGEST = 100_000


@dataclass(frozen=True)
class TextModel:
    """What was learned from texts."""

    vectorizer: Any
    calibrated: Calibrated
    config: LabelConfig
    control: Control

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """One proposal a task; it abstains where there is no text."""
        names = fields(self.config, "Text")
        texts = [_text(task["data"], names) for task in tasks]
        there = [i for i, text in enumerate(texts) if text is not None]
        found: list[Answer] = [Abstention("the task has no text")] * len(texts)
        if there:
            features = self.vectorizer.transform([texts[i] for i in there])
            for i, (label, score) in zip(there, self.calibrated.guesses(features), strict=True):
                found[i] = proposal(self.config, self.control, label, score)
        return found


class TextEngine:
    """One single choice over one text."""

    options = NoOptions
    learns = True

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """The one control, where all that is shown is one text.

        The words of several would be counted as one heap, and which of them said what is lost:
        nothing could be learned of a choice between two.
        """
        control = single_choice(config)
        shown = [tag.tag for tag in config.objects]
        return (control.name,) if control is not None and shown == ["Text"] else ()

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
        """Learn from the texts that can be read."""
        names = fields(config, "Text")
        name = self.serves(config, None)[0]
        rows = [
            (text, next(iter(example.values[name])))
            for example in examples
            if name in example.values and (text := _text(example.data, names))
        ]
        enough(len(rows), len(examples), "a text")
        vectorizer = FeatureUnion(
            [
                ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1)),
                (
                    "characters",
                    TfidfVectorizer(
                        analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2
                    ),
                ),
            ]
        )
        try:
            features = vectorizer.fit_transform([text for text, _ in rows])
        except ValueError:  # no term is left
            raise Unfit("the texts share no words or characters: nothing can be learned") from None
        seed = int(rng.integers(2**31))

        def make() -> Any:
            return SGDClassifier(loss="log_loss", alpha=1e-5, random_state=seed)

        calibrated = calibrate(make, features, [label for _, label in rows], rng)
        return {
            "vectorizer": vectorizer,
            "classifier": calibrated.classifier,
            "temperature": calibrated.temperature,
        }

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> TextModel:
        """The model around what was learned."""
        calibrated = Calibrated(learned["classifier"], learned["temperature"])
        control = config.by_name[self.serves(config, None)[0]]
        return TextModel(learned["vectorizer"], calibrated, config, control)


def _text(data: Json, names: Sequence[str]) -> str | None:
    parts = [data[name] for name in names if isinstance(data.get(name), str)]
    return "\n".join(parts)[:_LONGEST].strip() or None
