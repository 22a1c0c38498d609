"""From answers to scores: what counts, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import label_configs
from label_configs import LabelConfig
from sync.errors import Skippable
from sync.records import Answer, Evidence, Result, Role, SampledTask


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A blind task that counts."""

    task: SampledTask
    #: In [0, 1]: mean over its answers of 1 - distance to the candidate; a skip is 0.
    score: float
    #: The answers that make it up, skips included.
    answers: tuple[Answer, ...]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The blind part of the evidence."""

    #: In draw order, up to the first task that is not complete.
    counted: tuple[Scored, ...]
    #: Complete tasks behind that one.
    waiting: int
    #: Blind tasks in the queue so far.
    asked: int
    #: Answers that each blind task of the queue so far still lacks, in draw order.
    lacking: tuple[int, ...]
    #: Annotations, and tasks by their candidate, that could not be read, and why.
    set_aside: tuple[tuple[int, str], ...]


def blind_scores(evidence: Evidence, config: LabelConfig) -> Scores:
    """Score the blind tasks of the queue in draw order.

    A task is complete with the first readable answers of `overlap` people. An answer that cannot
    be read counts as none: the task stays open for another annotator, so that nobody gains by
    it. A deleted task counts as 0 as it stands, and so does one whose candidate cannot be read.
    """
    reader = _Reader(evidence.overlap, config)
    blind = [
        reader.score(task)
        for task in evidence.sample
        if task.role is Role.BLIND and task.position < evidence.queue_length
    ]
    counted: list[Scored] = []
    for scored in blind:
        if scored is None:
            break
        counted.append(scored)
    waiting = sum(scored is not None for scored in blind[len(counted) :])
    return Scores(
        counted=tuple(counted),
        waiting=waiting,
        asked=len(blind),
        lacking=tuple(reader.lacking),
        set_aside=tuple(reader.bad.items()),
    )


class _Reader:
    def __init__(self, overlap: int, config: LabelConfig) -> None:
        self._overlap, self._config = overlap, config
        self.bad: dict[int, str] = {}
        self.lacking: list[int] = []

    def score(self, task: SampledTask) -> Scored | None:
        """The task's score, or None while it is not complete."""
        used = self._first_of_each_person(task)
        lacking = 0 if task.deleted else self._overlap - len(used)
        self.lacking.append(lacking)
        if lacking:
            return None
        readable = self._is_readable(task.candidate, task.task_id)
        if not readable or len(used) < self._overlap:
            return Scored(task=task, score=0.0, answers=used)
        score = sum(self._similarity(task.candidate, answer) for answer in used) / len(used)
        return Scored(task=task, score=score, answers=used)

    def _first_of_each_person(self, task: SampledTask) -> tuple[Answer, ...]:
        first: dict[int, Answer] = {}
        for answer in task.answers:
            if answer.result is None or self._is_readable(answer.result, answer.annotation_id):
                first.setdefault(answer.annotator, answer)
        return tuple(first.values())[: self._overlap]

    def _is_readable(self, result: Result, number: int) -> bool:
        try:
            label_configs.read(self._config, result)
        except Skippable as error:
            self.bad[number] = str(error)
            return False
        return True

    def _similarity(self, candidate: Result, answer: Answer) -> float:
        if answer.result is None:
            return 0.0
        return 1.0 - label_configs.distance(self._config, candidate, answer.result)


def values(answers: Sequence[Answer], config: LabelConfig) -> list[dict[str, str]]:
    """Each answer that is no skip as its nominal value per control."""
    return [
        label_configs.categories(config, answer.result)
        for answer in answers
        if answer.result is not None
    ]
