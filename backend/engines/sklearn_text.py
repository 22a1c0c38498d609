"""Classification of texts by a linear model of words and characters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from backend.engines.base import (
    Abstention,
    Answer,
    Example,
    NoOptions,
    Surroundings,
    Taught,
    enough,
)
from backend.texts import head as heads
from backend.texts import shown
from backend.texts.answering import Answering
from backend.texts.features import Known, Vocabulary, Weights, features
from backend.texts.questions import answerable
from backend.texts.scorer import Scorer
from backend.texts.solver import Array
from label_configs import LabelConfig
from sync.records import Json


class TextModel:
    """What was learned from texts, at work. Threads may share it."""

    def __init__(self, learned: Any, config: LabelConfig) -> None:
        """Controls that the label config no longer has are left out."""
        self._fields: list[str] = json.loads(learned["fields"])
        self._readers = shown.readers(config)
        self._scorer = Scorer(learned, len(self._fields))
        self._answering = Answering(learned["heads"], config, answerable(config))

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """One proposal a task; it abstains where there is no text."""
        read = [shown.texts(task["data"], self._fields, self._readers) for task in tasks]
        margins = self._scorer.margins([text for text in read if text is not None])
        found = iter(self._answering.answers(margins))
        nothing = Abstention("the task has no text")
        return [nothing if text is None else next(found) for text in read]


class TextEngine(Taught):
    """Choices, Taxonomy and Rating over texts, dialogues and HTML."""

    options = NoOptions

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """The controls that ask one question about a whole task, on objects that show text."""
        return answerable(config)

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        around: Surroundings,
    ) -> dict[str, Any]:
        """Learn from the texts that can be read.

        Returns:
            Arrays by name, and two JSON texts: the fields of the data, and a head a control.
        """
        read, served = shown.readers(config), self.serves(config, None)
        fields = list(read)
        given = [(shown.texts(example.data, fields, read), example) for example in examples]
        there = [
            (text, e) for text, e in given if text and any(name in e.values for name in served)
        ]
        enough(len(there), len(examples), "a text")
        # What is held out is drawn in this order, whichever way the examples came.
        there.sort(key=lambda pair: pair[0])
        rows = [example for _, example in there]
        known, x = features([text for text, _ in there])
        found = heads.learn_each([config.by_name[name] for name in served], rows, x, rng)
        return {
            "fields": json.dumps(fields),
            "heads": json.dumps([head.as_json() for head, _ in found]),
            **_arrays(known, [columns for _, columns in found]),
        }

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> TextModel:
        """The model around what was learned."""
        return TextModel(learned, config)


def _arrays(known: Known, heads: Sequence[Weights]) -> dict[str, Any]:
    """What `Scorer` reads."""

    def rows(vocabulary: Vocabulary, weights: Sequence[Array]) -> Array:
        idf = vocabulary.idf[:, None]
        return np.concatenate([*(idf * each for each in weights), idf**2], axis=1)

    return {
        "runs_hashes": known.runs.hashes,
        "runs_rows": rows(known.runs, [each.runs for each in heads]),
        "words_hashes": known.words.hashes,
        "words_rows": rows(known.words, [each.words for each in heads]),
        "pairs_hashes": known.pairs.hashes,
        "pairs_rows": rows(known.pairs, [each.pairs for each in heads]),
        "bias": np.concatenate([each.bias for each in heads]),
        "rare": known.rare,
    }
