"""How far each answer agrees with those of the other people, and how far these agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sync.gating.people.answers import NONE, Answers, FloatArray, IntArray, similarities, sums


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


def agreement(answers: Answers, least: int) -> Agreement:
    """Compare all answers of each task with each other.

    Args:
        answers: the answers.
        least: tasks that another person must share with third people to say what to expect.
    """
    rows = np.flatnonzero(answers.whole != NONE)
    task, person = answers.task[rows], answers.person[rows]
    score, expected, others = _within_tasks(answers, rows)
    pair = np.full(len(rows), NONE, dtype=np.int64)
    alone = np.flatnonzero(others == 1)
    partner = _partner(task[alone], person[alone])
    codes, usual, variance = _of_pairs(
        person[alone], partner, score[alone], _people(person, score, len(answers.annotators)), least
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


def _within_tasks(answers: Answers, rows: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Score, expectation where two or more others answered, and how many others did.

    Equal answers to a task are one cell, so that a task of many people costs little.
    """
    size = max(len(answers.wholes), 1)
    keys, cell, count = np.unique(
        answers.task[rows] * size + answers.whole[rows], return_inverse=True, return_counts=True
    )
    task, whole = keys // size, keys % size
    left, right = _pairs_within(task)
    alike = similarities(answers, whole[left], whole[right])
    # The sum of an answer's similarities to all answers to its task, with itself.
    near = count + sums(left, count[right] * alike, len(keys))
    people = sums(task, count, len(answers.gold))
    whole_sums = sums(task, count * near, len(answers.gold))
    at = answers.task[rows]
    others = people[at] - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (near[cell] - 1) / others
        rest = whole_sums[at] - people[at] - 2 * others * score
        expected = rest / (others * (others - 1))
    expected[others < 2] = np.nan
    return score, np.clip(expected, 0.0, 1.0), others.astype(np.int64)


def _pairs_within(task: IntArray) -> tuple[IntArray, IntArray]:
    """All ordered pairs of different cells of the same task; cells are sorted by task."""
    start = np.searchsorted(task, task, side="left")
    size = np.searchsorted(task, task, side="right") - start
    left = np.repeat(np.arange(len(task)), size)
    first = np.repeat(np.cumsum(size) - size, size)
    right = np.repeat(start, size) + np.arange(len(left)) - first
    different = left != right
    return left[different], right[different]


def _partner(task: IntArray, person: IntArray) -> IntArray:
    """The other person of each row, where each task has two rows."""
    order = np.argsort(task, kind="stable")
    swapped = order.reshape(-1, 2)[:, ::-1].ravel()
    partner = np.empty_like(person)
    partner[order] = person[swapped]
    return partner


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
    score: FloatArray,
    people: tuple[FloatArray, FloatArray, FloatArray],
    least: int,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Per row the pair's code and the partner's mean score elsewhere; per pair its variance."""
    count, total, variance = people
    keys, code = np.unique(person * len(count) + partner, return_inverse=True)
    other = keys % max(len(count), 1)
    elsewhere = count[other] - np.bincount(code, minlength=len(keys))
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = (total[other] - sums(code, score, len(keys))) / elsewhere
        spread = variance[other] / elsewhere
    usual[elsewhere < least] = np.nan
    return code, np.clip(usual, 0.0, 1.0)[code], spread
