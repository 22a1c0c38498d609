"""Agreement of people on each control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

import label_configs
from label_configs import Control
from sync.gating.coefficients import (
    Coefficient,
    Ratings,
    krippendorff_alpha,
    pairwise_kappas,
    ratings,
)
from sync.gating.coefficients.control import Row, control_agreement
from sync.gating.report.reading import ReadItem

#: Intersection over union from which two regions are the same one, for f1.
OVERLAP = 0.5
#: Labels with figures of their own.
MOST_LABELS = 100
#: With more people, their pairs are not listed.
MOST_PEOPLE = 50


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure that only some kinds of labels have."""

    #: None where there is nothing to measure.
    value: float | None
    #: Pairs of answers, or answers beside gold, that it is taken over.
    n: int


@dataclass(frozen=True, kw_only=True)
class ControlReport:
    """How far people agree on one control."""

    name: str
    tag: str
    #: "nominal", "ordinal", "interval", or empty where only a distance is defined.
    scale: str
    #: Answers that are no skip.
    answers: int
    #: percent, cohen_kappa, fleiss_kappa, krippendorff_alpha, gwet_ac1; of an ordinal scale also
    #: krippendorff_alpha_nominal.
    agreement: dict[str, Coefficient]
    #: Krippendorff's alpha of whether an answer has the label, the most frequent labels first.
    labels: dict[str, Coefficient]
    #: Cohen's kappa of every two people; empty where there are many, or no categories.
    pairs: dict[tuple[Hashable, Hashable], Coefficient]
    #: Of two people each: f1 of regions, and of spans the mean character_f1 (whatever their label,
    #: as in SemEval-2021 task 5) and character_f1_labels. Of people against gold: cer and wer.
    measures: dict[str, Measure]


def control_report(control: Control, items: Sequence[ReadItem], confidence: float) -> ControlReport:
    """Agreement on a control over all answers that are no skip.

    Args:
        control: the control.
        items: what was read.
        confidence: of each interval, in (0, 1).
    """
    rows = rows_of(control, items)
    kind = label_configs.kind_of(control)
    return ControlReport(
        name=control.name,
        tag=control.tag,
        scale=kind.SCALE,
        answers=len(rows),
        agreement=_agreement(control, rows, confidence),
        labels=_per_label(control, rows, confidence),
        pairs=_per_pair(control, rows, confidence),
        measures=_measures(control, items),
    )


def rows_of(control: Control, items: Sequence[ReadItem]) -> list[Row]:
    """The answers that are no skip, in the order of the items."""
    return [
        (read.item.task_id, answer.annotator, values.get(control.name))
        for read in items
        for answer, values in zip(read.item.answers, read.answers, strict=True)
        if values is not None
    ]


def _agreement(control: Control, rows: Sequence[Row], confidence: float) -> dict[str, Coefficient]:
    """Each coefficient by its name; stars are compared as mere categories too."""
    found = control_agreement(control, rows, confidence)
    if label_configs.kind_of(control).SCALE == "ordinal":
        nominal = ratings(_categories(control, [row for row in rows if row[2] is not None]))
        found["krippendorff_alpha_nominal"] = krippendorff_alpha(nominal, confidence)
    return found


def _categories(control: Control, rows: Sequence[Row]) -> list[tuple[Hashable, Hashable, Hashable]]:
    kind = label_configs.kind_of(control)
    return [
        (item, annotator, "" if value is None else kind.category(control, value) or "")
        for item, annotator, value in rows
    ]


def _per_label(control: Control, rows: Sequence[Row], confidence: float) -> dict[str, Coefficient]:
    """Whether an answer has the label or not, the most frequent labels first."""
    values = list(dict.fromkeys(value for _, _, value in rows))
    labels = [frozenset(_labels_of(control, value)) for value in values]
    given = ratings(rows, values)
    times = np.bincount(given.values, minlength=len(values))
    frequency: Counter[str] = Counter()
    for held, count in zip(labels, times.tolist(), strict=True):
        frequency.update(dict.fromkeys(held, count))
    return {
        label: krippendorff_alpha(_having(given, [label in held for held in labels]), confidence)
        for label, _ in frequency.most_common(MOST_LABELS)
    }


def _labels_of(control: Control, value: Any | None) -> Iterator[str]:
    if value is not None:
        yield from (label for label, _ in label_configs.pairs(control, value, None) if label)


def _having(given: Ratings, has: Sequence[bool]) -> Ratings:
    """The answers by whether their value has something."""
    chosen = np.array(has, dtype=np.int64)
    return replace(given, values=chosen[given.values], categories=(False, True))


def _per_pair(
    control: Control, rows: Sequence[Row], confidence: float
) -> dict[tuple[Hashable, Hashable], Coefficient]:
    """Of what has categories, where not too many people answered."""
    if label_configs.kind_of(control).SCALE not in ("nominal", "ordinal"):
        return {}
    given = ratings(_categories(control, rows))
    few = len(given.annotator_names) <= MOST_PEOPLE
    return pairwise_kappas(given, confidence) if few else {}


def _measures(control: Control, items: Sequence[ReadItem]) -> dict[str, Measure]:
    kind = label_configs.kind_of(control)
    found: dict[str, Measure] = {}
    if hasattr(kind, "counts"):
        found["f1"] = _f1(control, items, kind.counts)
    if hasattr(kind, "character_f1") and _is_text(control):
        for name, labels in (("character_f1", False), ("character_f1_labels", True)):
            scores = [kind.character_f1(a, b, labels=labels) for a, b in _pairs(control, items)]
            found[name] = Measure(value=_mean(scores), n=len(scores))
    if hasattr(kind, "error_rates"):
        rates = [kind.error_rates(control, a, b) for a, b in _beside_gold(control, items)]
        for place, name in enumerate(("cer", "wer")):
            # Nothing can be wrong of what is known to be nothing but punctuation.
            scores = [rate[place] for rate in rates if rate[place] is not None]
            found[name] = Measure(value=_mean(scores), n=len(scores))
    return found


def _f1(
    control: Control,
    items: Sequence[ReadItem],
    counts: Callable[[Control, Any, Any, float], tuple[int, int, int]],
) -> Measure:
    """Of all regions of all pairs together: 2 matched / (regions of one + of the other)."""
    matched = regions = pairs = 0
    for a, b in _pairs(control, items):
        pairs += 1
        if a is None or b is None or a == b:
            both, left, right = (0 if a != b else len(a or ())), len(a or ()), len(b or ())
        else:
            both, left, right = counts(control, a, b, OVERLAP)
        matched, regions = matched + both, regions + left + right
    return Measure(value=2 * matched / regions if regions else None, n=pairs)


def _pairs(control: Control, items: Sequence[ReadItem]) -> Iterator[tuple[Any, Any]]:
    """The values of every two people who answered the same item."""
    for read in items:
        given = [values.get(control.name) for values in read.answers if values is not None]
        yield from combinations(given, 2)


def _beside_gold(control: Control, items: Sequence[ReadItem]) -> Iterator[tuple[Any, Any]]:
    """The known value and the value of each answer to it."""
    for read in items:
        known = None if read.gold is None else read.gold.get(control.name)
        if known is not None:
            for values in read.answers:
                if values is not None:
                    yield known, values.get(control.name)


def _is_text(control: Control) -> bool:
    return all(tag.tag in ("Text", "HyperText") for tag in control.objects)


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
