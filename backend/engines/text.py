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
    Calibrated,
    Example,
    Guess,
    Unfit,
    calibrate,
    enough,
    fields,
    single_choice,
)
from backend.pixels import Fetch
from label_configs import LabelConfig
from sync.records import Json

#: Characters of a text that are looked at.
_LONGEST = 100_000


@dataclass(frozen=True)
class TextModel:
    """What was learned from texts."""

    vectorizer: Any
    calibrated: Calibrated
    fields: tuple[str, ...]

    def predict(self, data: Sequence[Json]) -> list[Guess | None]:
        """One guess a task, None where it has no text."""
        texts = [_text(item, self.fields) for item in data]
        there = [i for i, text in enumerate(texts) if text is not None]
        found: list[Guess | None] = [None] * len(texts)
        if there:
            features = self.vectorizer.transform([texts[i] for i in there])
            for i, guess in zip(there, self.calibrated.guesses(features), strict=True):
                found[i] = guess
        return found


class TextEngine:
    """One single choice over texts."""

    def fits(self, config: LabelConfig) -> bool:
        """Whether all that is shown is one text.

        The words of several would be counted as one heap, and which of them said what is lost:
        nothing could be learned of a choice between two.
        """
        shown = [tag.tag for tag in config.objects]
        return single_choice(config) is not None and shown == ["Text"]

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        fetch: Fetch,
    ) -> dict[str, Any]:
        """Learn from the texts that can be read."""
        names = tuple(fields(config, "Text"))
        rows = [(text, label) for data, label in examples if (text := _text(data, names))]
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

    def model(self, learned: Any, config: LabelConfig, fetch: Fetch) -> TextModel:
        """The model around what was learned."""
        calibrated = Calibrated(learned["classifier"], learned["temperature"])
        return TextModel(learned["vectorizer"], calibrated, tuple(fields(config, "Text")))


def _text(data: Json, names: Sequence[str]) -> str | None:
    parts = [data[name] for name in names if isinstance(data.get(name), str)]
    return "\n".join(parts)[:_LONGEST].strip() or None
