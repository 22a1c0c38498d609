"""The answers that show no sign of a candidate, in an order that nobody chose."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from label_configs import LabelConfig
from sync.gating.candidates.strata import strata
from sync.gating.judged import Judged, Values
from sync.gating.policy import GatePolicy
from sync.gating.report.order import place
from sync.gating.report.reading import ReadItem
from sync.gating.scores import Scored, Scores
from sync.gating.similarity import similarity
from sync.records import Evidence, Role, SampledTask


@dataclass(frozen=True, kw_only=True, eq=False)
class Blind:
    """The blind part of an export, in the form in which the gate's criteria take it."""

    #: All items, without the answers that were made from a prediction.
    items: tuple[ReadItem, ...]
    #: Its sample are the tasks with a candidate and a blind answer.
    evidence: Evidence
    scores: Scores
    #: Answers to tasks with a candidate, with and without signs that it was seen.
    shown: int
    blind: int


def blind_part(
    items: Sequence[ReadItem], config: LabelConfig, policy: GatePolicy, shown: Collection[int]
) -> Blind:
    """The tasks with a candidate in the order of a hash of their ids, scored by blind answers.

    A task's score is the mean similarity of its blind answers to the candidate; a skip counts as
    0. A candidate that cannot be read is none. The bounds of such scores hold if the tasks with a
    blind answer are like a random draw from all tasks with a candidate, which no export shows.

    Args:
        items: what was read.
        config: the label config.
        policy: for the least overlap of regions, and the slices.
        shown: annotations that were made from a prediction, by their ids.
    """
    without = tuple(_without(read, shown) for read in items)
    proposed = sorted(
        (read for read in without if read.candidate is not None),
        key=lambda read: place(read.item.task_id),
    )
    answered = [read for read in proposed if read.answers]
    counted = tuple(
        _scored(position, read, config, policy.gate.min_overlap)
        for position, read in enumerate(answered)
    )
    rows = [(read.item.task_id, read.item.candidate or [], read.item.data) for read in proposed]
    blind = sum(len(read.answers) for read in proposed)
    return Blind(
        items=without,
        evidence=Evidence(
            batch="export",
            population=len(proposed),
            overlap=1,
            sample=tuple(scored.task for scored in counted),
            queue_length=len(counted),
            strata=strata(rows, config, policy, (read.item.task_id for read in answered)),
        ),
        scores=Scores(
            counted=counted,
            waiting=0,
            asked=len(counted),
            lacking=(0,) * len(counted),
            set_aside=(),
        ),
        shown=sum(len(read.answers) for read in items if read.candidate is not None) - blind,
        blind=blind,
    )


def _without(read: ReadItem, shown: Collection[int]) -> ReadItem:
    """The item without the answers that were made from a prediction."""
    pairs = list(zip(read.item.answers, read.answers, strict=True))
    kept = [(answer, values) for answer, values in pairs if answer.annotation_id not in shown]
    if len(kept) == len(pairs):
        return read
    return replace(
        read,
        item=replace(read.item, answers=tuple(answer for answer, _ in kept)),
        answers=tuple(values for _, values in kept),
    )


def _scored(position: int, read: ReadItem, config: LabelConfig, min_overlap: float) -> Scored:
    item = read.item
    alike = [_similarity(config, read.candidate, given, min_overlap) for given in read.answers]
    return Scored(
        task=SampledTask(
            task_id=item.task_id,
            position=position,
            role=Role.BLIND,
            candidate=item.candidate or [],
            answers=item.answers,
            data=item.data,
        ),
        score=sum(alike) / len(alike),
        answers=item.answers,
        judged=Judged(
            task_id=item.task_id, candidate=read.candidate, answers=read.answers, data=item.data
        ),
    )


def _similarity(
    config: LabelConfig, candidate: Values | None, given: Values | None, min_overlap: float
) -> float:
    if candidate is None or given is None:
        return 0.0
    return similarity(config, candidate, given, min_overlap)
