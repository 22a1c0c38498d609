"""One task of an export: its answers, gold, predictions, and what cannot be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sync.errors import ConfigurationError, Skippable
from sync.labelstudio import parse
from sync.records import Answer, Json, Result

#: Stands for a time that the export does not tell; the order of the file decides then.
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
#: What reading raises where something of another type or size stands.
_MALFORMED = (TypeError, ValueError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """An annotation or prediction that cannot be read, and why."""

    task: int
    #: The annotation's id; None for a prediction or a gold answer.
    annotation: int | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a model proposed."""

    prediction_id: int
    result: Result
    #: Empty where the prediction names none.
    version: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class ExportedTask:
    """A task of an export."""

    task_id: int
    data: Json
    #: One a person, oldest first, without those that are marked as ground truth.
    answers: tuple[Answer, ...] = ()
    #: Answers that were made from a prediction, by their annotation's id.
    shown: tuple[int, ...] = ()
    #: The newest annotation that is marked as ground truth.
    gold: Result | None = None
    predictions: tuple[Prediction, ...] = ()
    #: Whether predictions stand here by their ids only.
    without_results: bool = False
    repeats: int = 0
    set_aside: tuple[SetAside, ...] = ()


@dataclass
class People:
    """Numbers for whoever labelled: Label Studio's own, or made up where there is none."""

    #: Number to what the export calls the person: an id or an e-mail address.
    names: dict[int, int | str] = field(default_factory=dict)
    emails: dict[int, str] = field(default_factory=dict)
    _numbers: dict[int | str, int] = field(default_factory=dict)

    def number(self, completed_by: Any) -> int:
        """The person's number; 0 for an account that was deleted, which the export leaves out.

        Raises:
            Skippable: what stands there names no person.
        """
        email = completed_by.get("email") if isinstance(completed_by, dict) else None
        named = completed_by.get("id") if isinstance(completed_by, dict) else completed_by
        named = email if named is None else named
        named = 0 if named is None else named
        if isinstance(named, bool) or not isinstance(named, (int, str)):
            raise Skippable(f"completed_by is {named!r}: allowed are an id and an e-mail address")
        if named not in self._numbers:
            # Below 0 no id of Label Studio lies.
            number = named if isinstance(named, int) else -1 - len(self._numbers)
            self._numbers[named], self.names[number] = number, named
        if isinstance(email, str):
            self.emails[self._numbers[named]] = email
        return self._numbers[named]


def exported_task(raw: Json, people: People) -> ExportedTask:
    """A task of an export, with all that cannot be read set aside.

    Raises:
        ConfigurationError: the task has no id.
    """
    task_id = raw.get("id")
    if not isinstance(task_id, int) or isinstance(task_id, bool):
        raise ConfigurationError(
            f"a task of the export has the id {task_id!r}: Label Studio's ids are whole numbers"
        )
    builder = _Builder(task_id, people)
    for annotation in _listed(raw.get("annotations")):
        builder.annotation(annotation)
    for prediction in _listed(raw.get("predictions")):
        builder.prediction(prediction)
    return builder.task(raw["data"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class _Builder:
    """Collects what a task holds."""

    def __init__(self, task_id: int, people: People) -> None:
        self._task_id, self._people = task_id, people
        self._answers: list[Answer] = []
        self._gold: list[tuple[datetime, int, Result]] = []
        self._shown: list[int] = []
        self._predictions: list[Prediction] = []
        self._without_results = False
        self._set_aside: list[SetAside] = []

    def annotation(self, raw: Any) -> None:
        """Take an annotation in."""
        number = raw.get("id") if isinstance(raw, dict) else None
        number = number if isinstance(number, int) else None
        try:
            self._take(raw, number)
        except (Skippable, *_MALFORMED) as error:
            reason = str(error) if isinstance(error, Skippable) else f"it is malformed: {error}"
            self._set_aside.append(SetAside(task=self._task_id, annotation=number, reason=reason))

    def _take(self, raw: Json, number: int | None) -> None:
        result, cancelled = _result(raw.get("result")), bool(raw.get("was_cancelled"))
        when = _time(raw.get("created_at"))
        if raw.get("ground_truth") is True and not cancelled:
            self._gold.append((when, len(self._gold), result))
            return
        # A made-up id, where the export has none, is unique and no id of Label Studio.
        number = -(self._task_id * 1000 + len(self._answers) + 1) if number is None else number
        seconds = float(raw.get("lead_time") or 0)
        self._answers.append(
            Answer(
                annotation_id=number,
                annotator=self._people.number(raw.get("completed_by")),
                result=None if cancelled else result,
                submitted_at=when,
                lead_time=seconds if 0 < seconds < math.inf else None,
            )
        )
        if _was_shown(raw, result):
            self._shown.append(number)

    def prediction(self, raw: Any) -> None:
        """Take a prediction in."""
        if not isinstance(raw, dict):
            self._without_results = True
            return
        try:
            number = raw.get("id")
            self._predictions.append(
                Prediction(
                    prediction_id=number if isinstance(number, int) else len(self._predictions),
                    result=_result(raw.get("result")),
                    version=str(raw.get("model_version") or ""),
                    created_at=_time(raw.get("created_at")),
                )
            )
        except (Skippable, *_MALFORMED) as error:
            reason = f"its prediction {raw.get('id')!r} is malformed: {error}"
            self._set_aside.append(SetAside(task=self._task_id, annotation=None, reason=reason))

    def task(self, data: Json) -> ExportedTask:
        """All of it."""
        first: dict[int, Answer] = {}
        for answer in sorted(self._answers, key=lambda a: a.submitted_at):
            first.setdefault(answer.annotator, answer)
        return ExportedTask(
            task_id=self._task_id,
            data=data,
            answers=tuple(first.values()),
            shown=tuple(self._shown),
            gold=max(self._gold, key=lambda g: g[:2])[2] if self._gold else None,
            predictions=tuple(self._predictions),
            without_results=self._without_results and not self._predictions,
            repeats=len(self._answers) - len(first),
            set_aside=tuple(self._set_aside),
        )


def _result(value: Any) -> Result:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(region, dict) for region in value):
        raise Skippable("its result is not a list of regions")
    return value


def _time(value: Any) -> datetime:
    return _UNKNOWN if value is None else parse.time(value)


def _was_shown(raw: Json, result: Sequence[Json]) -> bool:
    """Whether the export shows that the annotation was made from a prediction.

    Label Studio notes the prediction that an annotation was created from, the prediction that
    was on the screen, and for each region whether it came from a prediction. None of it stands
    there where a prediction was only looked at.
    """
    return (
        raw.get("parent_prediction") is not None
        or bool(raw.get("prediction"))
        or any(str(region.get("origin", "")).startswith("prediction") for region in result)
    )
