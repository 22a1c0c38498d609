"""Values of Labels on text and sound, and of their kin on HTML, dialogues, time series and video.

A value is a sorted tuple of spans. Spans may overlap and repeat. Two values are compared by the
one-to-one matching of their spans that makes the sum of similarities the largest. The similarity
of two spans is their intersection over union if they have the same set of labels, else 0. How
places are read, and what is forgiven in them, is said in `positions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

import numpy as np

from label_configs.kinds import positions
from label_configs.kinds.alignment import pairs as region_pairs
from label_configs.kinds.intervals import intersection_over_union, overlaps
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.matching import Array, IntArray, best_sums, matched
from label_configs.kinds.span import Span
from label_configs.parse import Control, ObjectTag
from sync.errors import Malformed, Skippable

Value = tuple[Span, ...]

#: Like that of Sørensen and Dice, the distance is none: a detour can be shorter.
METRIC = False
SCALE = ""

#: What each control tag labels where the config does not say so, as in a control made by hand.
_OBJECTS = {
    "HyperTextLabels": "HyperText",
    "ParagraphLabels": "Paragraphs",
    "TimeSeriesLabels": "TimeSeries",
    "TimelineLabels": "Video",
}


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    for tag in control.objects:
        if control.tag != "TimelineLabels" and tag.tag not in positions.READERS:
            return f"regions on {tag.tag}"
    return ""


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The labelled spans, sorted; None where there are none."""
    return tuple(sorted(_span(control, region, data) for region in regions)) or None


def write(control: Control, value: Value) -> list[Region]:
    """One region a span."""
    return [_region(control, span) for span in value]


def distance(control: Control, a: Value, b: Value) -> float:
    """1 − 2 Σ similarity of the matched / (spans of a + spans of b)."""
    return float(distances(control, [a], [b])[0])


def distances(control: Control, a: Sequence[Value], b: Sequence[Value]) -> Array:
    """The distance of each value of `a` to the value of `b` in its place.

    Returns:
        (n,) in [0, 1].
    """
    del control
    found = overlaps(a, b)
    sums = best_sums(found.left, found.right, found.pair, found.iou, len(a))
    total = found.sizes[0] + found.sizes[1]
    return np.where(total > 0, 1.0 - 2.0 * sums / np.maximum(total, 1), 0.0)


def counts(control: Control, a: Value, b: Value, overlap: float) -> tuple[int, int, int]:
    """How many spans match, and how many there are.

    Args:
        control: the control.
        a: one side.
        b: the other side.
        overlap: the least intersection over union of a match, in (0, 1]: 1 is strict (the same
            bounds and labels), 0.5 is usual for partial matches.

    Returns:
        The most spans that can be matched one to one with the same labels, those of a, of b.

    Raises:
        ValueError: the least overlap is out of range.
    """
    del control
    if not 0 < overlap <= 1:
        raise ValueError(f"the overlap is {overlap}: it must lie above 0 and be at most 1")
    found = overlaps([a], [b])
    enough = (found.iou >= overlap).astype(np.float64)
    return int(matched(found.left, found.right, enough).sum()), len(a), len(b)


def category(control: Control, value: Value) -> None:
    """Several spans make no one category."""
    del control, value


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """Labels of spans at the same place, whatever they are, and of those that are alone.

    Spans stand for the same thing from an intersection over union of one half on; how they are
    matched, and what stands for a span without a label, is said in `alignment`.
    """
    return region_pairs(control, a, b, _similarity)


def character_f1(a: Value | None, b: Value | None, *, labels: bool = True) -> float:
    """F1 of the labelled characters: 2 |a ∩ b| / (|a| + |b|); 1 where both label none.

    As in SemEval-2021 task 5 (Pavlopoulos et al. 2021, doi:10.18653/v1/2021.semeval-1.6), which
    does not look at labels.

    Args:
        a: spans in whole units, such as characters.
        b: the same of the other side.
        labels: whether a character must have the same label in both.
    """
    left, right = a or (), b or ()
    total = _characters(left, labels) + _characters(right, labels)
    common = total - _characters((*left, *right), labels)
    return 2.0 * common / total if total else 1.0


def _span(control: Control, region: Region, data: Data) -> Span:
    """One region.

    Raises:
        Malformed: with the region's id.
    """
    key, value, tag = control.tag.lower(), region.get("value"), _object(control, region)
    try:
        if region.get("type", key) != key:
            raise Malformed(f"it holds a region of type {region['type']!r}, not {key}")
        if not isinstance(value, dict):
            raise Malformed(f"its value is {value!r}, not a place with labels")
        place = _reader(control, tag)(value, tag, data)
        labels = _labels(control, value.get(key))
    except Malformed as error:
        raise Malformed(error.problem, region=region.get("id")) from None
    track = f"{tag.name}\n{place.track}" if len(control.objects) > 1 else place.track
    return Span(track, place.start, place.end, labels, place.source)


def _region(control: Control, span: Span) -> Region:
    key, name = control.tag.lower(), ""
    if len(control.objects) > 1:
        name, _, track = span.track.partition("\n")
        span = replace(span, track=track)
    tag = "Video" if control.tag == "TimelineLabels" else _object(control, {"to_name": name}).tag
    place = positions.written(span, tag)
    if place is None:
        raise Skippable(f"a span of {control.name!r} does not say where in the {tag} it lies")
    if span.labels:
        place[key] = list(span.labels)
    return {"type": key, "value": place} | ({"to_name": name} if name else {})


def _labels(control: Control, labels: object) -> tuple[str, ...]:
    if labels is None and not control.labels:
        return ()
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise Malformed(f"its labels are {labels!r}, not a list of labels")
    if not labels and control.labels and "allowempty" not in control.switched_on:
        raise Malformed("it has no label")
    from_data = control.attrs.get("value", "").startswith("$")
    for label in labels:
        if label not in control.allowed and not from_data:
            raise Malformed(f"it holds {label!r}, which the label config does not know")
    return tuple(sorted(set(labels)))


def _object(control: Control, region: Region) -> ObjectTag:
    """The object that the region lies on."""
    for tag in control.objects:
        if len(control.objects) == 1 or tag.name == region.get("to_name"):
            return tag
    return ObjectTag(name="", tag=_OBJECTS.get(control.tag, "Text"), value="")


def _reader(control: Control, tag: ObjectTag) -> positions.Reader:
    if control.tag == "TimelineLabels":
        return positions.frames
    if tag.tag not in positions.READERS:
        raise Malformed(f"it is a stretch of {tag.tag or 'nothing'}, which has none")
    return positions.READERS[tag.tag]


def _similarity(spans: Sequence[Span], left: IntArray, right: IntArray) -> Array:
    ends = np.array([(span.start, span.end) for span in spans]).reshape(-1, 2)
    return intersection_over_union(*ends[left].T, *ends[right].T)


def _characters(value: Value, labels: bool) -> int:
    """How many different characters are labelled; with labels, one counts for each of its own."""
    # Stretches are added up, as an offset that no text bounds may be of any size.
    reached: dict[tuple[str, str], int] = {}
    covered = 0
    for span in sorted(value, key=attrgetter("start")):
        for label in (span.labels or ("",)) if labels else ("",):
            key, end = (span.track, label), int(span.end)
            start = max(int(span.start), reached.get(key, 0))
            covered += max(end - start, 0)
            reached[key] = max(end, reached.get(key, 0))
    return covered
