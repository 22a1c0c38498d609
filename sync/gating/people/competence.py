"""How competent people are at each control that has categories, after Dawid & Skene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import label_configs
from label_configs import Control
from sync.gating.coefficients.ratings import Ratings
from sync.gating.people.answers import NONE, Answers, FloatArray, IntArray, control_codes
from sync.gating.people.dawid_skene import dawid_skene

#: Numbers that all annotators' tables of confusion may hold together.
_MOST = 10_000_000
#: People without whom, where no truth is known, nobody's errors can be told from another's.
_LEAST = 3


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """What a person answers at one control, by what is true."""

    control: str
    categories: tuple[str, ...]
    #: matrix[j][l] is the probability that the person answers l where j is true.
    matrix: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Competence:
    """Of all annotators, by code."""

    #: (A,): probability to be right, the mean over the controls by their weight; NaN where
    #: nothing is known.
    value: FloatArray
    confusion: tuple[tuple[Confusion, ...], ...]


def competence(answers: Answers) -> Competence:
    """Fit the model to each nominal control; the gold answers are known truths to it."""
    size = len(answers.annotators)
    total, weights = np.zeros(size), np.zeros(size)
    tables: list[list[Confusion]] = [[] for _ in range(size)]
    for at, control in enumerate(answers.config.controls):
        data = _ratings(answers, at, control)
        if data is None:
            continue
        ratings, known = data
        fit = dawid_skene(ratings, known=known)
        answered = np.bincount(ratings.annotators, minlength=size) > 0
        weight = answers.config.weight(control.name)
        total += np.where(answered, weight * fit.competence, 0.0)
        weights += weight * answered
        names = tuple(str(name) for name in ratings.categories)
        for who in np.flatnonzero(answered).tolist():
            matrix = tuple(map(tuple, fit.confusion[who].tolist()))
            tables[who].append(Confusion(control=control.name, categories=names, matrix=matrix))
    with np.errstate(invalid="ignore"):
        return Competence(value=total / weights, confusion=tuple(map(tuple, tables)))


def _ratings(answers: Answers, at: int, control: Control) -> tuple[Ratings, IntArray] | None:
    """The control's answers as ratings, and the known categories; None where it has none."""
    kind = label_configs.kind_of(control)
    if kind.SCALE != "nominal":
        return None
    of_whole, values = control_codes(answers, at)
    names = [None if v is None else kind.category(control, v) for v in values]
    categories = sorted({name for name in names if name is not None})
    if not categories or len(answers.annotators) * len(categories) ** 2 > _MOST:
        return None
    place = {name: i for i, name in enumerate(categories)}
    of_value = np.array([NONE if name is None else place[name] for name in names])
    # The code behind the last one is that of a skip, which says nothing.
    of_answer = np.append(of_value[of_whole], NONE)
    said = of_answer[answers.whole]
    rows = np.flatnonzero(said != NONE)
    if not rows.size:
        return None
    used, tasks = np.unique(answers.task[rows], return_inverse=True)
    known = of_answer[answers.gold[used]]
    if len(np.unique(answers.person[rows])) < _LEAST and (known == NONE).all():
        return None
    ratings = Ratings(
        items=tasks,
        annotators=answers.person[rows],
        values=said[rows],
        annotator_names=answers.annotators,
        item_names=tuple(used.tolist()),
        categories=tuple(categories),
    )
    return ratings, known
