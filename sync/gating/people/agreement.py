"""How far each answer agrees with those of the other people, and how far these agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sync.gating.people.answers import NONE, Answers, FloatArray, IntArray, similarities, sums

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """Per answer; the rows are those of the answers."""

    #: (n,) mean similarity to the others' answers to the task, in [0, 1]; NaN where there is
    #: none, and for a skip.
    score: FloatArray
    #: (n,) what those others reach without this person, in [0, 1]; NaN where that is not known.
    #: Where two or more others answered, their agreement with each other on this task. Where one
    #: did, that one's mean score on the tasks that he or she shares with others.
    expected: FloatArray
    #: (n,) code of the pair of people behind an expectation of the second kind, else `NONE`.
    pair: IntArray
    #: (P,) variance of the expectation of each such pair.
    pair_variance: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """All answers of each task beside each other; equal ones are one cell."""

    answers: Answers
    #: (m,) the answers that are no skips.
    rows: IntArray
    #: (m,) the cell of each.
    cell: IntArray
    #: (C,) the task of each cell.
    task: IntArray
    #: (L,) ordered pairs of different cells of the same task, and how alike they are.
    left: IntArray
    right: IntArray
    alike: FloatArray


def compare(answers: Answers) -> Compared:
    """Compare all answers of each task; what takes long is done here, and once."""
    rows = np.flatnonzero(answers.whole != NONE)
    size = max(len(answers.wholes), 1)
    keys, cell = np.unique(answers.task[rows] * size + answers.whole[rows], return_inverse=True)
    task, whole = keys // size, keys % size
    left, right = _pairs_within(task)
    return Compared(
        answers=answers,
        rows=rows,
        cell=cell,
        task=task,
        left=left,
        right=right,
        alike=similarities(answers, whole[left], whole[right]),
    )


def agreement(compared: Compared, least: int, trusted: BoolArray | None = None) -> Agreement:
    """Take each answer beside those of the others.

    Args:
        compared: the answers beside each other.
        least: tasks that another person must share with third people to say what to expect.
        trusted: (A,) whose answers count as those of the others; None for everybody's.
    """
    answers, rows = compared.answers, compared.rows
    task, person = answers.task[rows], answers.person[rows]
    own = np.ones(len(rows)) if trusted is None else trusted[person].astype(np.float64)
    score, expected, others = _within_tasks(compared, own)
    pair = np.full(len(rows), NONE, dtype=np.int64)
    alone = np.flatnonzero(others == 1)
    whose = sums(task, own * person, len(answers.gold))
    partner = (whose[task] - own * person)[alone].astype(np.int64)
    codes, usual, variance = _of_pairs(
        person[alone],
        partner,
        (own[alone], own[alone] * score[alone]),
        _people(person, score, len(answers.annotators)),
        least,
    )
    pair[alone], expected[alone] = codes, usual
    return Agreement(
        score=_spread(score, rows, answers),
        expected=_spread(expected, rows, answers),
        pair=_spread(pair, rows, answers, NONE).astype(np.int64),
        pair_variance=variance,
    )


def _spread(
    values: FloatArray | IntArray, rows: IntArray, answers: Answers, fill: float = np.nan
) -> FloatArray:
    found = np.full(len(answers.task), fill)
    found[rows] = values
    return found


def _within_tasks(compared: Compared, own: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Score, expectation where two or more others answered, and how many others did.

    `own` is 1 for the answers that count as those of the others, else 0.
    """
    cell, left = compared.cell, compared.left
    count = sums(cell, own, len(compared.task))
    size = len(compared.answers.gold)
    # The sum of a cell's similarities to all counted answers to its task, those in it included.
    near = count + sums(left, count[compared.right] * compared.alike, len(count))
    people = sums(compared.task, count, size)
    together = sums(compared.task, count * near, size)
    at = compared.task[cell]
    others = people[at] - own
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (near[cell] - own) / others
        rest = together[at] - people[at] - 2 * own * others * score
        expected = rest / (others * (others - 1))
    expected[others < 2] = np.nan
    return score, np.clip(expected, 0.0, 1.0), others


def _pairs_within(task: IntArray) -> tuple[IntArray, IntArray]:
    """All ordered pairs of different cells of the same task; cells are sorted by task."""
    start = np.searchsorted(task, task, side="left")
    size = np.searchsorted(task, task, side="right") - start
    left = np.repeat(np.arange(len(task)), size)
    first = np.repeat(np.cumsum(size) - size, size)
    right = np.repeat(start, size) + np.arange(len(left)) - first
    different = left != right
    return left[different], right[different]


def _people(
    person: IntArray, score: FloatArray, size: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per person: tasks with a score, sum of the scores, variance of the scores."""
    known = ~np.isnan(score)
    x, who = score[known], person[known]
    count = np.bincount(who, minlength=size).astype(np.float64)
    total, squares = sums(who, x, size), sums(who, x * x, size)
    mean = total / np.maximum(count, 1)
    return count, total, squares / np.maximum(count, 1) - mean**2


def _of_pairs(
    person: IntArray,
    partner: IntArray,
    shared: tuple[FloatArray, FloatArray],
    people: tuple[FloatArray, FloatArray, FloatArray],
    least: int,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Per row the pair's code and the partner's mean score elsewhere; per pair its variance.

    `shared` is what of the row is part of the partner's figures: a task or none, and its score.
    """
    count, total, variance = people
    keys, code = np.unique(person * len(count) + partner, return_inverse=True)
    other = keys % max(len(count), 1)
    elsewhere = count[other] - sums(code, shared[0], len(keys))
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = (total[other] - sums(code, shared[1], len(keys))) / elsewhere
        spread = variance[other] / elsewhere
    usual[elsewhere < least] = np.nan
    return code, np.clip(usual, 0.0, 1.0)[code], spread
