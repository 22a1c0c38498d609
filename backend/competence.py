"""How far each person's labels are believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import label_configs
from label_configs import Control, LabelConfig
from sync.gating.people.answers import read_answers
from sync.gating.people.gold_scores import gold_scores
from sync.records import Item

#: How many gold tasks what is known of all people counts for, beside what is known of one.
_PRIOR = 5
#: Nobody counts less: an example's weight must be above 0.
_LEAST = 0.05


@dataclass(frozen=True, kw_only=True)
class Competence:
    """Weights of annotators, in [0.05, 1]."""

    #: Of those who answered gold.
    known: Mapping[int, float] = field(default_factory=dict)
    #: Of all others.
    typical: float = 1.0

    def weight(self, annotator: int) -> float:
        """Of one person."""
        return self.known.get(annotator, self.typical)


def competence(items: Sequence[Item], config: LabelConfig, min_overlap: float) -> Competence:
    """Each person's mean score on gold, drawn towards that of all people while it rests on little.

    With n scores of sum s and m the mean of everybody's scores, the weight is (s + 5 m) / (n + 5);
    whoever answered no gold has m, and all have 1 where nobody did.

    Args:
        items: gold tasks with what people answered first; a skip scores 0.
        config: the label config.
        min_overlap: see `sync.gating.similarity`.

    Raises:
        Fatal: the label config has a control whose values cannot be compared.
    """
    answers = read_answers(items, config)
    scores = gold_scores(answers, min_overlap).scores
    if not sum(len(x) for x in scores):
        return Competence()
    typical = float(np.concatenate(scores).mean())
    known = {
        name: max(float(x.sum() + _PRIOR * typical) / (len(x) + _PRIOR), _LEAST)
        for name, x in zip(answers.annotators, scores, strict=True)
        if len(x)
    }
    return Competence(known=known, typical=max(typical, _LEAST))


def agreed(control: Control, given: Sequence[tuple[Any, float]]) -> tuple[Any, float]:
    """What several people say together, and how far it is believed.

    It is the answer that is most like all of them, each counted by its person's weight; of equals
    the first. Where two answers are the same or have nothing in common, that is the weighted vote.

    Args:
        control: the control.
        given: each person's value and weight, at least one.

    Returns:
        The value, and the mean over the people of weight times likeness to it, in (0, 1].
    """
    values, weights = [value for value, _ in given], np.array([weight for _, weight in given])
    found: dict[Any, float] = {}
    for value in dict.fromkeys(values):
        apart = label_configs.control_distances(control, [value] * len(values), values)
        found[value] = float((weights * (1.0 - apart)).mean())
    best = max(found, key=lambda value: found[value])
    return best, found[best]
