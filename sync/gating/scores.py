"""From answers to scores: what counts, in which order."""

from __future__ import annotations

from dataclasses import dataclass

import label_configs
from label_configs import LabelConfig
from sync.errors import Skippable
from sync.gating.judged import Judged, Values
from sync.gating.similarity import similarity
from sync.records import Answer, Evidence, Json, Result, Role, SampledTask


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A blind task that counts."""

    task: SampledTask
    #: In [0, 1]: mean over its answers of their similarity to the candidate; a skip is 0.
    score: float
    #: The answers that make it up, skips included.
    answers: tuple[Answer, ...]
    #: The same, read. A deleted task's missing answers stand as skips.
    judged: Judged


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


def blind_scores(
    evidence: Evidence,
    config: LabelConfig,
    min_overlap: float = 0.0,
    reader: Reader | None = None,
) -> Scores:
    """Score the blind tasks of the queue in draw order.

    A task is complete with the first readable answers of `overlap` people. An answer that cannot
    be read counts as none: the task stays open for another annotator, so that nobody gains by
    it. A deleted task counts as 0 as it stands, and so does one whose candidate cannot be read.

    Args:
        evidence: the batch with the answers so far.
        config: the label config.
        min_overlap: of regions that count as found; see `similarity`.
        reader: one that others use too, so that nothing is read twice.
    """
    reader = reader or Reader(config)
    scorer = _Scorer(evidence.overlap, min_overlap, reader)
    blind = [
        scorer.score(task)
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
        lacking=tuple(scorer.lacking),
        set_aside=tuple(reader.bad.items()),
    )


class Reader:
    """Reads results, and remembers those that cannot be read."""

    def __init__(self, config: LabelConfig) -> None:
        """Read by this label config."""
        self.config = config
        #: The reason by the id of the annotation, or of the task where it is its candidate's.
        self.bad: dict[int, str] = {}
        self._read: dict[tuple[int, int | None], Values | None] = {}
        self._alike: dict[tuple[int, int, float], float] = {}
        self._answers: dict[int, list[tuple[Answer, Values | None]]] = {}

    def candidate(self, task: SampledTask) -> Values | None:
        """The task's candidate; None where it cannot be read."""
        return self.read(task.candidate, _data(task), task.task_id)

    def answers(self, task: SampledTask) -> list[tuple[Answer, Values | None]]:
        """Each person's first answer that can be read, with its values; None for a skip."""
        if task.task_id not in self._answers:
            self._answers[task.task_id] = self._readable(task)
        return self._answers[task.task_id]

    def _readable(self, task: SampledTask) -> list[tuple[Answer, Values | None]]:
        data, people = _data(task), set()
        found: list[tuple[Answer, Values | None]] = []
        for answer in task.answers:
            if answer.annotator in people:
                continue
            values = None
            if answer.result is not None:
                values = self.read(answer.result, data, task.task_id, answer.annotation_id)
                if values is None:
                    continue
            people.add(answer.annotator)
            found.append((answer, values))
        return found

    def similarity(
        self, task: SampledTask, answer: Answer, values: Values, min_overlap: float
    ) -> float:
        """How alike the task's candidate and an answer to it are; 0 where there is no candidate."""
        key = task.task_id, answer.annotation_id, min_overlap
        if key not in self._alike:
            candidate = self.candidate(task)
            self._alike[key] = (
                0.0
                if candidate is None
                else similarity(self.config, candidate, values, min_overlap)
            )
        return self._alike[key]

    def read(
        self, result: Result, data: Json | None, task: int, annotation: int | None = None
    ) -> Values | None:
        """The values of a result; None where it cannot be read, and `bad` says why.

        A result is known by its task and annotation: none for the task's candidate.
        """
        key = task, annotation
        if key not in self._read:
            self._read[key] = self._values(result, data, task, annotation)
        return self._read[key]

    def _values(
        self, result: Result, data: Json | None, task: int, annotation: int | None
    ) -> Values | None:
        try:
            return label_configs.read(self.config, result, data, task=task, annotation=annotation)
        except Skippable as error:
            self.bad[task if annotation is None else annotation] = str(error)
            return None


def _data(task: SampledTask) -> Json | None:
    """The data that answers are checked against; what a task says now may not be what it said."""
    return None if task.deleted else task.data or None


class _Scorer:
    def __init__(self, overlap: int, min_overlap: float, reader: Reader) -> None:
        self._overlap, self._min_overlap, self._reader = overlap, min_overlap, reader
        self.lacking: list[int] = []

    def score(self, task: SampledTask) -> Scored | None:
        """The task's score, or None while it is not complete."""
        used = self._reader.answers(task)[: self._overlap]
        missing = self._overlap - len(used)
        self.lacking.append(0 if task.deleted else missing)
        if missing and not task.deleted:
            return None
        candidate = self._reader.candidate(task)
        alike = [self._similarity(task, answer, values) for answer, values in used]
        return Scored(
            task=task,
            score=0.0 if missing else sum(alike) / len(alike),
            answers=tuple(answer for answer, _ in used),
            judged=Judged(
                task_id=task.task_id,
                candidate=candidate,
                answers=tuple(values for _, values in used) + (None,) * missing,
                data=task.data,
            ),
        )

    def _similarity(self, task: SampledTask, answer: Answer, values: Values | None) -> float:
        if values is None:
            return 0.0
        return self._reader.similarity(task, answer, values, self._min_overlap)
