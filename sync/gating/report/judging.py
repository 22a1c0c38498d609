"""Candidates of an export beside the answers of people who may not have seen them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from label_configs import LabelConfig
from sync.gating.bounds import anytime_bounds
from sync.gating.candidates import Confusion, LabelFigure
from sync.gating.candidates.confusions import confused
from sync.gating.candidates.labels import figures
from sync.gating.candidates.tally import tally
from sync.gating.judged import Judged, Values
from sync.gating.policy import GatePolicy
from sync.gating.report.reading import ReadItem
from sync.gating.similarity import similarity


@dataclass(frozen=True, kw_only=True)
class CandidateReport:
    """How good candidates are, by the answers that show no sign of them."""

    #: Tasks with a candidate, and how many of them have a blind answer.
    population: int
    items: int
    #: Mean score of the latter, in [0, 1]; None where there is none.
    acceptance: float | None
    #: One-sided bounds each for the mean of all tasks with a candidate.
    lower: float | None
    upper: float | None
    #: Answers with and without signs that a candidate was seen, skips included.
    shown: int
    blind: int
    labels: tuple[LabelFigure, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    #: Scores in the order in which they count.
    scores: tuple[float, ...] = ()


def candidate_report(
    items: Sequence[ReadItem], config: LabelConfig, policy: GatePolicy, shown: Collection[int]
) -> CandidateReport:
    """Judge the candidates by the blind answers.

    Tasks count in the order of a hash of their ids, which nobody chose. A task's score is the
    mean similarity of its blind answers to the candidate; a skip and a candidate that cannot be
    read count as 0. The bounds hold if the tasks with a blind answer are like a random draw
    from all tasks with a candidate, which an export cannot show.

    Args:
        items: what was read.
        config: the label config.
        policy: for the confidence and the least overlap of regions.
        shown: annotations that were made from a prediction, by their ids.
    """
    proposed = [read for read in items if read.item.candidate is not None]
    # Without signs an annotation on a task without a candidate is as blind as one can be.
    numbers = [answer.annotation_id for read in proposed for answer in read.item.answers]
    seen = sum(number in shown for number in numbers)
    tasks = [_judged(read, shown) for read in sorted(proposed, key=_place)]
    tasks = [task for task in tasks if task.answers]
    scores = [_score(task, config, policy.gate.min_overlap) for task in tasks]
    low = high = None
    if scores:
        lower, upper = anytime_bounds(scores, len(proposed), policy.gate.confidence)
        low, high = float(lower[-1]), float(upper[-1])
    populations = {
        key: len(counted.proposing)
        for key, counted in tally([_alone(read) for read in proposed], config).items()
    }
    return CandidateReport(
        population=len(proposed),
        items=len(scores),
        acceptance=sum(scores) / len(scores) if scores else None,
        lower=low,
        upper=high,
        shown=seen,
        blind=len(numbers) - seen,
        labels=figures(tasks, config, confidence=policy.gate.confidence, populations=populations),
        confusions=confused(tasks, config),
        scores=tuple(scores),
    )


def _place(read: ReadItem) -> bytes:
    return hashlib.sha256(str(read.item.task_id).encode()).digest()


def _judged(read: ReadItem, shown: Collection[int]) -> Judged:
    """The task with its blind answers."""
    given = zip(read.item.answers, read.answers, strict=True)
    return Judged(
        task_id=read.item.task_id,
        candidate=read.candidate,
        answers=tuple(values for answer, values in given if answer.annotation_id not in shown),
        data=read.item.data,
    )


def _alone(read: ReadItem) -> Judged:
    """The candidate beside a skip, to count the tasks that have its labels."""
    return Judged(task_id=read.item.task_id, candidate=read.candidate, answers=(None,))


def _score(task: Judged, config: LabelConfig, min_overlap: float) -> float:
    alike = [_similarity(config, task.candidate, given, min_overlap) for given in task.answers]
    return sum(alike) / len(alike)


def _similarity(
    config: LabelConfig, candidate: Values | None, given: Values | None, min_overlap: float
) -> float:
    if candidate is None or given is None:
        return 0.0
    return similarity(config, candidate, given, min_overlap)
