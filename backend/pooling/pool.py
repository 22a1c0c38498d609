"""The answer that several engines agree on, or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from backend.filled import Filled, marks, takes_several
from backend.pooling.opinions import Opinion, Terms
from backend.pooling.regions import pool_regions
from label_configs import Control


def pool(control: Control, opinions: Sequence[Opinion], terms: Terms) -> Filled | None:
    """One answer; None where the engines differ too much.

    Scores are those of the linear opinion pool (Stone 1961, "The opinion pool", Annals of
    Mathematical Statistics 32): the mean of the engines' probabilities of the answer, by weight. An
    engine that says something else with probability p leaves 1 - p to all the other labels.

    Args:
        control: the control.
        opinions: at least one.
        terms: what it takes to agree.
    """
    if marks(control):
        return pool_regions(control, opinions, terms)
    if takes_several(control):
        return _labels(opinions, terms)
    return _whole(control, opinions, terms)


def _whole(control: Control, opinions: Sequence[Opinion], terms: Terms) -> Filled | None:
    """The value with the most weight behind it; a tie is none."""
    behind: defaultdict[Any, float] = defaultdict(float)
    for opinion in opinions:
        behind[opinion.value] += terms.weight(opinion.weight, opinion.score)
    value, *others = sorted(behind, key=lambda value: -behind[value])
    share = behind[value] / (sum(behind.values()) or 1.0)
    if share < terms.agree or (others and behind[others[0]] == behind[value]):
        return None
    labels = len(control.labels)
    left = 1 / (labels - 1) if labels > 1 else 0.0
    return Filled(value, (_mean(opinions, [_of(o, o.value == value, left) for o in opinions]),))


def _labels(opinions: Sequence[Opinion], terms: Terms) -> Filled | None:
    """Each label that enough weight is behind."""
    chosen, scores = set(), []
    for label in sorted({label for opinion in opinions for label in opinion.value}):
        has = [label in opinion.value for opinion in opinions]
        mean = _mean(opinions, [_of(o, h, 1.0) for o, h in zip(opinions, has, strict=True)])
        agreed = _share(opinions, has, terms) >= terms.agree
        scores.append(mean if agreed else 1 - mean)
        chosen |= {label} if agreed else set()
    return Filled(frozenset(chosen), (min(scores),)) if chosen else None


def _of(opinion: Opinion, shared: bool, left: float) -> float:
    """The probability that an opinion leaves to an answer: a part of the rest if it is another."""
    return opinion.score if shared else (1 - opinion.score) * left


def _mean(opinions: Sequence[Opinion], probabilities: Sequence[float]) -> float:
    return float(np.average(probabilities, weights=[opinion.weight for opinion in opinions]))


def _share(opinions: Sequence[Opinion], has: Sequence[bool], terms: Terms) -> float:
    weights = [terms.weight(opinion.weight, opinion.score) for opinion in opinions]
    return float(np.dot(weights, has)) / (sum(weights) or 1.0)
