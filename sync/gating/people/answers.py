"""What people answered, read once and coded as arrays."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import label_configs
from label_configs import Control, LabelConfig
from sync.errors import Skippable
from sync.gating.similarity import control_similarity
from sync.records import Answer, Item, Result

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
#: The value of each control of the config, None where it is left empty.
Whole = tuple[Any, ...]

#: Code of a skip, and of an item without gold.
NONE = -1
#: Characters of an answer in words.
_LONGEST = 80
#: Keys of a region's value that say where it is.
_PLACE = ("start", "end", "x", "y", "width", "height", "radiusX", "radiusY")


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """One row for each person and task that can be read, in the order of submission."""

    config: LabelConfig
    #: By code; all who answered or skipped something, in ascending order.
    annotators: tuple[int, ...]
    #: The distinct answers, by code.
    wholes: tuple[Whole, ...]
    #: (n,) index of the item.
    task: IntArray
    #: (n,) code of the annotator.
    person: IntArray
    #: (n,) code of the answer, `NONE` for a skip.
    whole: IntArray
    #: (n,) seconds spent, NaN where they are not known.
    seconds: FloatArray
    #: (I,) code of each item's gold answer, or `NONE`.
    gold: IntArray


def read_answers(items: Sequence[Item], config: LabelConfig) -> Answers:
    """Each person's first answer to each item; what cannot be read is left out.

    Raises:
        Fatal: the label config has a control whose values cannot be compared.
    """
    reader = _Reader(config)
    gold = [reader.code(item, item.gold) for item in items]
    rows = sorted(reader.rows(items))
    names = sorted({row[3] for row in rows})
    code = {name: i for i, name in enumerate(names)}
    return Answers(
        config=config,
        annotators=tuple(names),
        wholes=tuple(reader.codes),
        task=np.array([row[2] for row in rows], dtype=np.int64),
        person=np.array([code[row[3]] for row in rows], dtype=np.int64),
        whole=np.array([row[4] for row in rows], dtype=np.int64),
        seconds=np.array([row[5] for row in rows], dtype=np.float64),
        gold=np.array([NONE if g is None else g for g in gold], dtype=np.int64),
    )


class _Reader:
    def __init__(self, config: LabelConfig) -> None:
        self._config = config
        self.codes: dict[Whole, int] = {}

    def rows(self, items: Sequence[Item]) -> Iterable[tuple[Any, int, int, int, int, float]]:
        """Time, annotation, item, annotator, answer and seconds of each answer."""
        for task, item in enumerate(items):
            seen: set[int] = set()
            for answer in item.answers:
                code = NONE if answer.result is None else self.code(item, answer.result)
                if code is None or answer.annotator in seen:
                    continue
                seen.add(answer.annotator)
                yield (*_when(answer), task, answer.annotator, code, _seconds(answer))

    def code(self, item: Item, result: Result | None) -> int | None:
        """The code of an answer; None where there is none or it cannot be read."""
        if result is None:
            return None
        try:
            values = label_configs.read(self._config, result, item.data or None)
        except Skippable:
            return None
        whole = tuple(values.get(control.name) for control in self._config.controls)
        return self.codes.setdefault(whole, len(self.codes))


def _when(answer: Answer) -> tuple[Any, int]:
    return answer.submitted_at, answer.annotation_id


def _seconds(answer: Answer) -> float:
    return np.nan if answer.lead_time is None else answer.lead_time


def similarities(
    answers: Answers, a: IntArray, b: IntArray, min_overlap: float = 0.0
) -> FloatArray:
    """How alike each answer of `a` is to the one of `b` in its place.

    Args:
        answers: gives the answers their codes.
        a: (n,) codes of answers.
        b: (n,) codes of answers.
        min_overlap: in [0, 1], from which on a region counts as found; with 0 the similarity is
            1 - distance.

    Returns:
        Shape (n,), in [0, 1]: the weighted mean over the controls.
    """
    size = len(answers.wholes)
    keys, inverse = np.unique(np.minimum(a, b) * size + np.maximum(a, b), return_inverse=True)
    left = [answers.wholes[code] for code in keys // max(size, 1)]
    right = [answers.wholes[code] for code in keys % max(size, 1)]
    total, alike = 0.0, np.zeros(len(keys))
    for at, control in enumerate(answers.config.controls):
        weight = answers.config.weight(control.name)
        total += weight
        alike += weight * _alike(
            control, [w[at] for w in left], [w[at] for w in right], min_overlap
        )
    found: FloatArray = (alike / total)[inverse]
    return found


def _alike(control: Control, a: Sequence[Any], b: Sequence[Any], min_overlap: float) -> FloatArray:
    if min_overlap and hasattr(label_configs.kind_of(control), "counts"):
        pairs = zip(a, b, strict=True)
        return np.array([control_similarity(control, x, y, min_overlap) for x, y in pairs])
    return 1.0 - label_configs.control_distances(control, a, b)


def sums(codes: IntArray, weights: IntArray | FloatArray, size: int) -> FloatArray:
    """(size,): the sum of the weights of each code."""
    return np.bincount(codes, weights=weights, minlength=size).astype(np.float64)


def described(answers: Answers, code: int) -> str:
    """An answer in words, at most 80 characters."""
    values = zip(answers.config.controls, answers.wholes[code], strict=True)
    several = len(answers.config.controls) > 1
    said = [
        f"{control.name}: {named(control, value)}" if several else named(control, value)
        for control, value in values
    ]
    text = ", ".join(said)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def named(control: Control, value: Any | None) -> str:
    """A control's value in words: its category, or the labels and extents of its regions."""
    if value is None:
        return "nothing"
    kind = label_configs.kind_of(control)
    category = kind.category(control, value)
    if category is not None:
        return repr(category)
    return " + ".join(map(_region, kind.write(control, value)))


def _region(region: Mapping[str, Any]) -> str:
    """Labels and place of a region, or the one thing that it holds."""
    what, value = region.get("type", ""), region.get("value", {})
    labels = value.get(what, value.get("labels"))
    place = [f"{name} {value[name]:.4g}" for name in _PLACE if _is_number(value.get(name))]
    if isinstance(labels, list):
        return " ".join(["/".join(map(str, labels)), *place])
    if place or len(value) != 1:
        return " ".join([str(what), *place])
    return repr(next(iter(value.values())))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def control_codes(answers: Answers, at: int) -> tuple[IntArray, tuple[Hashable, ...]]:
    """What control number `at` says in each distinct answer.

    Returns:
        (W,) code of the value in each answer, and the distinct values by code, None among them
        where an answer leaves the control empty.
    """
    codes: dict[Hashable, int] = {}
    found = [codes.setdefault(whole[at], len(codes)) for whole in answers.wholes]
    return np.array(found, dtype=np.int64), tuple(codes)
