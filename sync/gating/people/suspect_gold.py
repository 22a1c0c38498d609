"""Gold that good people contradict.

A person contradicts a gold answer that has less than half in common with his or her own. Either
the gold answer is right and those who contradict it err, or it is wrong and the others do. With
e_a the rate at which person a contradicts the *other* gold answers of its kind, the odds that it
is wrong are

    π / (1 - π) · ∏_a ((1 - e_a) / e_a)^(±1/d),

+ for those who contradict it and - for the others. π = 0.03 is what is usual: Northcutt, Athalye
& Mueller, "Pervasive label errors in test sets" (2021) found 3.3% in ten benchmarks. People err
together on hard tasks, so they count for fewer than they are: d = 1 + (m - 1) ρ is Kish's design
effect for the m people of the task, with ρ the correlation of contradictions within a task. Both
e_a and ρ are taken from the gold answers that at most half of the people contradict. An answer
that is gold for twenty tasks is a kind, and all others are one: to miss something is another
error than to see what is not there. A rate is drawn towards that of all people as if two tasks
more had been seen, and taken as at least 1%: nobody is that sure of a single task.

Only people without a flag count. A gold answer is suspect where at least two people contradict
it, whose answers have half or more in common with each other, and the probability that it is
wrong reaches the policy's confidence. Wrong parts of an answer that is mostly right are not
found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from label_configs import LabelConfig
from sync.gating.people.agreement import compare
from sync.gating.people.answers import (
    NONE,
    Answers,
    FloatArray,
    IntArray,
    described,
    read_answers,
    similarities,
    sums,
)
from sync.gating.people.flags import flags
from sync.gating.people.gold_scores import gold_scores
from sync.gating.policy import GatePolicy
from sync.records import Item

Array = npt.NDArray[Any]

#: Probability π that a gold answer is wrong, before people are asked.
_PRIOR = 0.03
#: Similarity below which an answer contradicts the gold answer.
_IN_COMMON = 0.5
#: People who must contradict it.
_LEAST = 2
#: Tasks' worth of the rate of all people that is added to each person's.
_SHRINKAGE = 2.0
#: Gold tasks with one and the same answer from which on it is a kind of its own.
_FREQUENT = 20
#: The least rate of contradiction that is believed.
_FLOOR = 0.01


@dataclass(frozen=True, kw_only=True)
class SuspectGold:
    """A gold answer that is probably wrong."""

    task_id: int
    #: The gold answer, and what most of those who contradict it say, in words.
    gold: str
    answer: str
    #: Who contradict it, of how many good people who answered.
    against: tuple[int, ...]
    people: int
    #: That it is wrong, in [0, 1].
    probability: float
    sentence: str


def suspect_gold(
    items: Sequence[Item], config: LabelConfig, policy: GatePolicy
) -> tuple[SuspectGold, ...]:
    """The gold answers that good people contradict, the most probably wrong ones first.

    Raises:
        Fatal: the label config has a control whose values cannot be compared.
    """
    return suspects(read_answers(items, config), [item.task_id for item in items], policy)


def suspects(
    answers: Answers, task_ids: Sequence[int], policy: GatePolicy
) -> tuple[SuspectGold, ...]:
    """The same from answers that were read; `task_ids` are those of the items."""
    rows = _good_rows(answers, policy)
    task, person = answers.task[rows], answers.person[rows]
    against = similarities(answers, answers.whole[rows], answers.gold[task]) < _IN_COMMON
    kind = _kinds(answers.gold)
    probability = _probability(task, person, kind, against.astype(np.float64))
    likely = np.flatnonzero(probability >= policy.gate.confidence)
    found = []
    for at in likely[np.argsort(-probability[likely], kind="stable")].tolist():
        here = np.flatnonzero(task == at)
        opposed = rows[here[against[here]]]
        central, alike = _central(answers, answers.whole[opposed])
        if len(opposed) >= _LEAST and alike >= _IN_COMMON:
            people = tuple(answers.annotators[who] for who in answers.person[opposed])
            gold, said = described(answers, int(answers.gold[at])), described(answers, central)
            found.append(
                SuspectGold(
                    task_id=task_ids[at],
                    gold=gold,
                    answer=said,
                    against=tuple(sorted(people)),
                    people=len(here),
                    probability=float(probability[at]),
                    sentence=(
                        f"task {task_ids[at]}: the gold answer is {gold}, but {len(opposed)} of "
                        f"{len(here)} good annotators say otherwise, mostly {said}; it is wrong "
                        f"with probability {probability[at]:.2f}"
                    ),
                )
            )
    return tuple(found)


def _good_rows(answers: Answers, policy: GatePolicy) -> IntArray:
    """The answers to gold tasks, no skips, of people without a flag."""
    flagged = flags(compare(answers), gold_scores(answers, policy.gate.min_overlap), policy)
    good = np.array([not f for f in flagged], dtype=bool)[answers.person]
    on_gold = answers.gold[answers.task] != NONE
    found: IntArray = np.flatnonzero(good & on_gold & (answers.whole != NONE))
    return found


def _kinds(gold: IntArray) -> IntArray:
    """(I,): a code of the gold answer, one and the same for all that are rare."""
    answers, code, count = np.unique(gold, return_inverse=True, return_counts=True)
    found: IntArray = np.where(count[code] >= _FREQUENT, code, len(answers))
    return found


def _probability(
    task: IntArray, person: IntArray, kind: IntArray, against: FloatArray
) -> FloatArray:
    """(I,): that the gold answer of each task is wrong, given who contradicts it.

    Args:
        task: (n,) tasks of the answers.
        person: (n,) who gave them.
        kind: (I,) kind of each task's gold answer.
        against: (n,) 1 where the answer contradicts it, else 0.
    """
    people = np.bincount(task, minlength=len(kind))
    opposed = sums(task, against, len(kind))
    right = 2 * opposed <= people
    rate = _rates(person, kind[task], against, right[task])
    evidence = np.where(against > 0, 1, -1) * np.log((1 - rate) / rate)
    rho = _correlation(people[right], opposed[right], kind[right])
    effect = 1 + np.maximum(people - 1, 0) * rho
    log_odds = np.log(_PRIOR / (1 - _PRIOR)) + sums(task, evidence, len(kind)) / effect
    return np.where(people > 0, expit(log_odds), 0.0)


def _rates(person: IntArray, kind: IntArray, against: FloatArray, right: Array) -> FloatArray:
    """Per answer e_a: how often the person contradicts the other such answers that seem right."""
    counted = right * against
    usual = (sums(kind, counted, 0) / np.maximum(sums(kind, right, 0), 1))[kind]
    _, both = np.unique(person * (kind.max(initial=0) + 1) + kind, return_inverse=True)
    opposed = sums(both, counted, 0)[both] - counted + _SHRINKAGE * usual
    tasks = sums(both, right, 0)[both] - right + _SHRINKAGE
    found: FloatArray = np.clip(opposed / tasks, _FLOOR, 0.5)
    return found


def _correlation(people: IntArray, opposed: FloatArray, kind: IntArray) -> float:
    """ρ: of two people's contradictions of a gold answer, given its kind; in [0, 1]."""
    several = people > 1
    m, k, of = people[several], opposed[several], kind[several]
    rate = (sums(of, k, 0) / np.maximum(sums(of, m, 0), 1))[of]
    pairs = m * (m - 1)
    by_chance = float((pairs * rate**2).sum())
    most = float((pairs * rate * (1 - rate)).sum())
    return min(max(((k * (k - 1)).sum() - by_chance) / most, 0.0), 1.0) if most > 0 else 0.0


def _central(answers: Answers, wholes: IntArray) -> tuple[int, float]:
    """The answer nearest to the others among these, and how alike they are, in [0, 1]."""
    if len(wholes) < _LEAST:
        return NONE, 0.0
    n = len(wholes)
    alike = similarities(answers, np.repeat(wholes, n), np.tile(wholes, n)).reshape(n, n)
    near = (alike.sum(axis=1) - 1) / (n - 1)
    return int(wholes[near.argmax()]), float(near.mean())
