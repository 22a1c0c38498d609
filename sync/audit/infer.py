"""A label config from the regions of an export, which does not contain one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import quoteattr

from label_configs.catalogue import NOT_XML
from sync.errors import ConfigurationError
from sync.records import Item, Json, Result

_WHERE = (
    "give the project's label config with --config (in Label Studio: project › Settings › "
    "Labeling Interface › Code)"
)


@dataclass(frozen=True)
class _Tags:
    """The tags that stand behind a type of region."""

    control: str
    #: The tag of its object.
    shown: str
    #: The tag of one of its labels; empty where it has none.
    label: str = ""


#: Type of a region to its tags. What is not here cannot be told from regions alone.
_TYPES = {
    "choices": _Tags("Choices", "Text", "Choice"),
    "labels": _Tags("Labels", "Text", "Label"),
    "hypertextlabels": _Tags("HyperTextLabels", "HyperText", "Label"),
    "paragraphlabels": _Tags("ParagraphLabels", "Paragraphs", "Label"),
    "timeserieslabels": _Tags("TimeSeriesLabels", "TimeSeries", "Label"),
    "rectanglelabels": _Tags("RectangleLabels", "Image", "Label"),
    "ellipselabels": _Tags("EllipseLabels", "Image", "Label"),
    "polygonlabels": _Tags("PolygonLabels", "Image", "Label"),
    "keypointlabels": _Tags("KeyPointLabels", "Image", "Label"),
    "brushlabels": _Tags("BrushLabels", "Image", "Label"),
    "rectangle": _Tags("Rectangle", "Image"),
    "ellipse": _Tags("Ellipse", "Image"),
    "polygon": _Tags("Polygon", "Image"),
    "taxonomy": _Tags("Taxonomy", "Text", "Choice"),
    "textarea": _Tags("TextArea", "Text"),
    "rating": _Tags("Rating", "Text"),
    "number": _Tags("Number", "Text"),
    "datetime": _Tags("DateTime", "Text"),
}
#: Types of answers about a whole task, or about a region that another control draws.
_ANSWERS = {"choices", "taxonomy", "textarea", "rating", "number", "datetime"}
#: Labels of a path within each other; no label config can nest more than some 250 tags.
_DEEPEST = 100
#: More stars than that are a mistake.
_MOST_STARS = 1000
#: Stars that Label Studio offers where the config does not say how many.
_STARS = 5


@dataclass
class _Seen:
    """What the regions of one control show."""

    name: str
    to_name: str
    kind: str
    #: Labels, or paths of them, in the order of their first appearance.
    labels: dict[tuple[str, ...], None] = field(default_factory=dict)
    several: bool = False
    per_region: bool = False
    audio: bool = False
    most: float = 0.0
    #: How many of its spans fit into each text field of the data.
    fields: Counter[str] = field(default_factory=Counter)


def infer(items: Iterable[Item]) -> str:
    """The XML of a label config under which the results of the items can be read.

    Its labels are those that occur, a choice is single unless several are chosen somewhere, and
    its objects show the field of the data into which their spans fit. So it cannot tell an
    unknown label from a known one, and says nothing of labels that nobody gave.

    Raises:
        ConfigurationError: a control cannot be told from its regions, or there is no region.
    """
    kept = list(items)
    seen: dict[str, _Seen] = {}
    for item in kept:
        for result in _results(item):
            _look(result, item.data, seen)
    if not seen:
        raise ConfigurationError(f"the export holds no label, so its config is unknown: {_WHERE}")
    return _xml(seen, kept[0].data)


def _results(item: Item) -> Iterator[Result]:
    yield from (answer.result for answer in item.answers if answer.result)
    yield from (result for result in (item.candidate, item.gold) if result)


def _look(result: Result, data: Json, seen: dict[str, _Seen]) -> None:
    drawn = {_id(region) for region in result if region.get("type") not in _ANSWERS} - {None}
    for region in result:
        name, to_name, kind = (region.get(key) for key in ("from_name", "to_name", "type"))
        # What names no control is set aside when it is read.
        if not (isinstance(name, str) and isinstance(to_name, str) and isinstance(kind, str)):
            continue
        if kind not in _TYPES:
            raise ConfigurationError(f"regions of type {kind!r} need their label config: {_WHERE}")
        found = seen.setdefault(name, _Seen(name, to_name, kind))
        if (found.to_name, found.kind) != (to_name, kind):
            raise ConfigurationError(
                f"the regions of {name!r} are of several types or objects: {_WHERE}"
            )
        found.per_region |= kind in _ANSWERS and _id(region) in drawn
        value = region.get("value")
        if isinstance(value, dict):
            _look_at_value(region, value, found)
            found.fields.update(_fitting(value, data))


def _id(region: Json) -> str | None:
    found = region.get("id")
    return found if isinstance(found, str) else None


def _look_at_value(region: Json, value: Mapping[str, Any], found: _Seen) -> None:
    listed = value.get(found.kind)
    if found.kind == "labels" and "x" in value:
        raise ConfigurationError(f"the labels of {found.name!r} stand on shapes: {_WHERE}")
    if found.kind == "rating" and isinstance(listed, (int, float)) and listed <= _MOST_STARS:
        found.most = max(found.most, listed)
    found.audio |= "channel" in value or "original_length" in region
    if _TYPES[found.kind].label and isinstance(listed, list):
        found.several |= len(listed) > 1
        for label in listed:
            path = tuple(label) if isinstance(label, list) else (label,)
            if len(path) <= _DEEPEST and all(isinstance(part, str) for part in path):
                found.labels[path] = None


def _fitting(value: Mapping[str, Any], data: Json) -> list[str]:
    """The fields of the data whose text has the span where it says."""
    start, end, text = (value.get(key) for key in ("start", "end", "text"))
    if not (isinstance(start, int) and isinstance(end, int)):
        return []
    return [
        key
        for key, content in data.items()
        if isinstance(content, str)
        and (content[start:end] == text if isinstance(text, str) else end <= len(content))
    ]


def _xml(seen: Mapping[str, _Seen], data: Json) -> str:
    # What is drawn tells more of the object than an answer, so it comes last.
    kept = sorted(seen.values(), key=lambda found: found.kind not in _ANSWERS)
    objects = {found.to_name: _object(found, data) for found in kept}
    controls = (_control(found) for found in seen.values())
    text = "".join(["<View>", *objects.values(), *controls, "</View>"])
    if NOT_XML.search(text):
        raise ConfigurationError(
            f"the export's labels hold control characters or half ones: {_WHERE}"
        )
    return text


def _object(found: _Seen, data: Json) -> str:
    tag = _TYPES[found.kind].shown
    tag = "Audio" if found.audio and tag == "Text" else tag
    fitting = found.fields.most_common(1)
    if fitting:
        shown = fitting[0][0]
    else:
        shown = found.to_name if found.to_name in data else next(iter(data), "data")
    return f"<{tag} name={quoteattr(found.to_name)} value={quoteattr(f'${shown}')}/>"


def _control(found: _Seen) -> str:
    tags = _TYPES[found.kind]
    attrs = {"name": found.name, "toName": found.to_name}
    if found.kind == "choices" and found.several:
        attrs["choice"] = "multiple"
    if found.per_region:
        attrs["perRegion"] = "true"
    if found.kind == "rating":
        attrs["maxRating"] = f"{max(found.most, _STARS):.0f}"
    listed = "".join(f" {name}={quoteattr(value)}" for name, value in attrs.items())
    return f"<{tags.control}{listed}>{_labels(found.labels, tags.label)}</{tags.control}>"


def _labels(paths: Iterable[tuple[str, ...]], tag: str) -> str:
    """The labels, those of a taxonomy within each other."""
    below: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        if path:
            below.setdefault(path[0], []).append(path[1:])
    return "".join(
        f"<{tag} value={quoteattr(label)}>{_labels(rest, tag)}</{tag}>"
        for label, rest in below.items()
    )
