"""Spans of text: names, slots, passages, by a chain of labels over words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import label_configs
from backend.engines.base import (
    Abstention,
    Answer,
    Example,
    NoOptions,
    Proposal,
    Surroundings,
    Taught,
    Unfit,
    enough,
)
from backend.tagging.documents import Document, Labelled, document
from backend.tagging.tagger import Marked, Tagger, from_plain, train
from label_configs import Control, LabelConfig
from sync.records import Json, Result

#: What each control marks.
_OBJECTS = {"Labels": "Text", "HyperTextLabels": "HyperText", "ParagraphLabels": "Paragraphs"}


@dataclass(frozen=True)
class Learner:
    """What was learned for one control."""

    control: Control
    #: The labels of each kind of span.
    kinds: tuple[tuple[str, ...], ...]
    tagger: Tagger


@dataclass(frozen=True)
class SpanModel:
    """What was learned from marked texts."""

    learners: tuple[Learner, ...]

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """One proposal a task, also where nothing is to be marked; none where there is no text."""
        found: list[dict[str, tuple[Result, float]]] = [{} for _ in tasks]
        for learner in self.learners:
            for i, answer in _answers(learner, [task["data"] for task in tasks]).items():
                found[i][learner.control.name] = answer
        return [_together(list(answers.values())) for answers in found]


class SpanEngine(Taught):
    """Labels on Text, HyperTextLabels on HyperText and ParagraphLabels on Paragraphs."""

    options = NoOptions

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """The controls that mark one text of the task's data with labels of a fixed list."""
        return tuple(control.name for control in config.controls if _is_served(control))

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        around: Surroundings,
    ) -> dict[str, Any]:
        """Learn from the texts that can be read.

        An example without a control's value is one where nothing was to be marked. Of spans that
        overlap the longest is learned.
        """
        learned = {}
        for name in self.serves(config, None):
            control = config.by_name[name]
            kinds = sorted({span.labels for e in examples for span in e.values.get(name, ())})
            given = _labelled(control, examples, {labels: i for i, labels in enumerate(kinds)})
            enough(len(given), len(examples), "a text")
            if kinds:
                trained = train(given, len(kinds), rng).plain()
                learned[name] = trained | {"labels": [list(labels) for labels in kinds]}
        if not learned:
            raise Unfit("nothing is marked in the examples: label tasks with something to mark")
        return learned

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> SpanModel:
        """The model around what was learned."""
        return SpanModel(
            tuple(
                Learner(
                    config.by_name[name],
                    tuple(tuple(labels) for labels in own["labels"]),
                    from_plain(own),
                )
                for name, own in learned.items()
                if name in config.by_name
            )
        )


def _is_served(control: Control) -> bool:
    if len(control.objects) != 1 or _OBJECTS.get(control.tag) != control.objects[0].tag:
        return False
    settings = control.objects[0].settings
    shown = settings.get("valuetype") != "url" and settings.get("encoding", "none") == "none"
    # With contextScroll, Label Studio counts paragraphs in another order than that of the data.
    in_order = settings.get("contextscroll") != "true"
    fixed = bool(control.labels) and not control.attribute("value").startswith("$")
    return shown and in_order and fixed and not control.is_repeated


def _document(control: Control, data: Json) -> Document | None:
    tag = control.objects[0]
    text = label_configs.text_of(tag, data)
    if text is None:
        return None
    starts = label_configs.parts_of(tag, data)
    found = document(text, starts, apart=tag.tag == "Paragraphs")
    return found if found.sequences else None


def _labelled(
    control: Control, examples: Sequence[Example], kinds: Mapping[tuple[str, ...], int]
) -> list[Labelled]:
    found = []
    for example in examples:
        there = _document(control, example.data)
        if there is not None:
            spans = example.values.get(control.name, ())
            marks = frozenset((int(s.start), int(s.end), kinds[s.labels]) for s in spans)
            found.append(Labelled(there, marks, example.weight))
    return found


def _answers(learner: Learner, data: Sequence[Json]) -> dict[int, tuple[Result, float]]:
    """By the number of each task with a text: what is marked in it, and how sure that is."""
    documents = {i: _document(learner.control, item) for i, item in enumerate(data)}
    there = {i: one for i, one in documents.items() if one is not None}
    marked = learner.tagger.mark(list(there.values()))
    return {
        i: (_regions(learner, data[i], found), found.score)
        for i, found in zip(there, marked, strict=True)
    }


def _regions(learner: Learner, data: Json, found: Marked) -> Result:
    control, tag = learner.control, learner.control.objects[0]
    result = []
    for (start, end, kind), score in zip(found.marks, found.scores, strict=True):
        value = label_configs.text_place(tag, data, start, end)
        value[control.tag.lower()] = list(learner.kinds[kind])
        result.append(
            {
                "id": f"{control.name}-{start}-{end}",
                "from_name": control.name,
                "to_name": tag.name,
                "type": control.tag.lower(),
                "value": value,
                "score": score,
            }
        )
    return result


def _together(answers: Sequence[tuple[Result, float]]) -> Answer:
    if not answers:
        return Abstention("the task has no text")
    result = [region for regions, _ in answers for region in regions]
    # As if controls were right or wrong by chance, each for itself.
    return Proposal(result=result, score=float(np.prod([score for _, score in answers])))
