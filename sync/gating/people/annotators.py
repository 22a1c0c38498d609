"""What is known of each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from label_configs import LabelConfig
from sync.gating.bounds import anytime_bounds
from sync.gating.people.agreement import agreement, compare
from sync.gating.people.answers import NONE, Answers, FloatArray, read_answers
from sync.gating.people.competence import Confusion, competence
from sync.gating.people.flag import Flag
from sync.gating.people.flags import flags
from sync.gating.people.gold_scores import gold_scores
from sync.gating.policy import GatePolicy
from sync.records import Item


@dataclass(frozen=True, kw_only=True)
class AnnotatorReport:
    """One person; None stands for what cannot be known yet."""

    annotator: int
    #: Tasks that the person answered, skips not counted.
    items: int
    #: Gold tasks among them, and skipped ones.
    gold_tasks: int
    #: Mean score on gold, in [0, 1], where a skip is 0, with its anytime bounds, each by itself
    #: at the policy's confidence.
    gold_score: float | None
    gold_lower: float | None
    gold_upper: float | None
    #: Mean similarity to the others' answers, in [0, 1], over the tasks that others answered.
    agreement: float | None
    #: Probability to be right by the model of Dawid & Skene, in [0, 1]; see `competence`.
    competence: float | None
    confusion: tuple[Confusion, ...]
    #: Median over the tasks whose time is known.
    seconds_per_task: float | None
    skips: int
    flags: tuple[Flag, ...]


def annotator_reports(
    items: Sequence[Item], config: LabelConfig, policy: GatePolicy
) -> tuple[AnnotatorReport, ...]:
    """A report on everyone who answered or skipped, in ascending order of the annotator.

    Args:
        items: tasks with all their answers; those with gold judge people as well.
        config: the label config.
        policy: gives confidence, the gold threshold and the least numbers of tasks.

    Raises:
        Fatal: the label config has a control whose values cannot be compared.
    """
    return reports(read_answers(items, config), policy)


def reports(answers: Answers, policy: GatePolicy) -> tuple[AnnotatorReport, ...]:
    """The same from answers that were read."""
    compared = compare(answers)
    gold = gold_scores(answers, policy.gate.min_overlap)
    found = flags(compared, gold, policy)
    skill = competence(answers)
    given = answers.whole != NONE
    size = len(answers.annotators)
    tasks = np.bincount(answers.person[given], minlength=size)
    skips = np.bincount(answers.person[~given], minlength=size)
    agreed = _by_person(answers, agreement(compared, policy.gate.annotators.min_tasks).score)
    seconds = _by_person(answers, answers.seconds)
    means = gold.means()
    # Many people have the same few scores.
    distinct = {x.tobytes(): x for x in gold.scores}
    bounds = {key: _bounds(x, policy.gate.confidence) for key, x in distinct.items()}
    return tuple(
        AnnotatorReport(
            annotator=name,
            items=int(tasks[who]),
            gold_tasks=len(gold.scores[who]),
            gold_score=_number(means[who]),
            gold_lower=bounds[gold.scores[who].tobytes()][0],
            gold_upper=bounds[gold.scores[who].tobytes()][1],
            agreement=float(agreed[who].mean()) if agreed[who].size else None,
            competence=_number(skill.value[who]),
            confusion=skill.confusion[who],
            seconds_per_task=float(np.median(seconds[who])) if seconds[who].size else None,
            skips=int(skips[who]),
            flags=found[who],
        )
        for who, name in enumerate(answers.annotators)
    )


def _by_person(answers: Answers, values: FloatArray) -> list[FloatArray]:
    """The known values of each person's answers, skips not counted."""
    rows = np.flatnonzero((answers.whole != NONE) & ~np.isnan(values))
    person = answers.person[rows]
    order = np.argsort(person, kind="stable")
    ends = np.cumsum(np.bincount(person, minlength=len(answers.annotators)))[:-1]
    return np.split(values[rows][order], ends)


def _bounds(scores: FloatArray, confidence: float) -> tuple[float | None, float | None]:
    if not scores.size:
        return None, None
    lower, upper = anytime_bounds(scores, None, confidence)
    return float(lower[-1]), float(upper[-1])


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
