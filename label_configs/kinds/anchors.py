"""Which region of a result an answer or a relation belongs to, whatever tag drew the region.

Label Studio stores the region's place again in each answer about it (the same id, the same
coordinates). Two regions are the same thing if they are drawn alike, on the same object, and their
similarity is at least `SAME`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from label_configs.kinds.kind import Data, Kind, Region
from label_configs.kinds.matching import Array
from label_configs.parse import Control, ObjectTag
from sync.errors import Malformed

#: From this similarity on, two regions are the same thing.
SAME = 0.5

#: What a region's value says of its place, for each way of drawing and bare tag that reads it.
_DRAWN = {
    "TimelineLabels": ("ranges",),
    "VideoRectangle": ("sequence",),
    "Brush": ("rle", "format"),
    "Polygon": ("points", "closed"),
    "Ellipse": ("radiusX", "radiusY", "x", "y", "rotation"),
    "Rectangle": ("height", "width", "x", "y", "rotation"),
    "KeyPoint": ("x", "y", "width"),
    "Labels": ("start", "end", "startOffset", "endOffset", "globalOffsets", "channel", "instant"),
}
_PLACE = frozenset(key for keys in _DRAWN.values() for key in keys)


class Anchor(NamedTuple):
    """A region without its labels."""

    #: The bare control tag that reads the place, such as "Rectangle"; "Labels" for spans.
    tag: str
    #: The name of the object that it lies on.
    on: str
    #: The one region, as that tag's kind reads it.
    region: Any


def anchor(
    region: Region, objects: Sequence[ObjectTag], data: Data, kinds: Mapping[str, Kind]
) -> Anchor:
    """Where the region lies.

    Args:
        region: the region, with the place in its value.
        objects: those of the label config that it may lie on.
        data: the task's data.
        kinds: control tag to kind.

    Raises:
        Malformed: its value holds no place, or one that cannot be read.
    """
    value = region.get("value")
    if not isinstance(value, dict):
        raise Malformed(f"its value is {value!r}, not a place", region=region.get("id"))
    tag = next((tag for tag, keys in _DRAWN.items() if keys[0] in value), None)
    if tag is None:
        raise Malformed("it belongs to no region", region=region.get("id"))
    if tag not in kinds:
        raise Malformed(f"it belongs to a region of {tag}", region=region.get("id"))
    on = _object(region, objects)
    place = {key: value[key] for key in _DRAWN[tag] if key in value}
    if isinstance(value.get("text"), str):
        place["text"] = value["text"]
    bare = region | {"type": tag.lower(), "value": place}
    found = kinds[tag].read(_control(tag, on), [bare], data)
    return Anchor(tag, on.name, found[0])


def similarity(a: Sequence[Anchor], b: Sequence[Anchor], kinds: Mapping[str, Kind]) -> Array:
    """How similar a[k] and b[k] are, (n,) in [0, 1]; 0 where they are drawn otherwise."""
    by_tag: defaultdict[str, list[int]] = defaultdict(list)
    for k, (x, y) in enumerate(zip(a, b, strict=True)):
        if (x.tag, x.on) == (y.tag, y.on):
            by_tag[x.tag].append(k)
    found = np.zeros(len(a))
    for tag, where in by_tag.items():
        left, right = [(a[k].region,) for k in where], [(b[k].region,) for k in where]
        control, kind = _control(tag, ObjectTag(name="", tag="", value="")), kinds[tag]
        many = getattr(kind, "distances", None)
        apart = (
            many(control, left, right)
            if many
            else [kind.distance(control, x, y) for x, y in zip(left, right, strict=True)]
        )
        found[where] = 1.0 - np.asarray(apart)
    return found


def placed(regions: Sequence[Region], result: Iterable[Region]) -> list[Region]:
    """The regions, each with the place that another region of the same id gives, if it has none."""
    places = places_by_id(result)
    return [
        region | {"value": places.get(str(region.get("id")), {}) | region["value"]}
        if isinstance(region.get("value"), dict) and not _PLACE & region["value"].keys()
        else region
        for region in regions
    ]


def places_by_id(result: Iterable[Region]) -> dict[str, dict[str, Any]]:
    """What the values of a result say of the place of each region id."""
    found: dict[str, dict[str, Any]] = {}
    for region in result:
        value = region.get("value")
        if isinstance(value, dict) and _PLACE & value.keys():
            place = {key: value[key] for key in value if key in _PLACE}
            found.setdefault(str(region.get("id")), place)
    return found


def written(
    anchors: Sequence[Anchor], objects: Sequence[ObjectTag], kinds: Mapping[str, Kind]
) -> list[Region]:
    """Regions with the anchors' places, in their order, without labels.

    Raises:
        Skippable: a place cannot be written.
    """
    by_name = {tag.name: tag for tag in objects}
    found = []
    for place in anchors:
        on = by_name.get(place.on, ObjectTag(name=place.on, tag="", value=""))
        region = kinds[place.tag].write(_control(place.tag, on), (place.region,))[0]
        found.append({"to_name": place.on} | region)
    return found


def identified(result: Sequence[Region]) -> list[Region]:
    """The regions, each with an id: the same for the same place, whichever control it is of.

    Of two regions of one control at one place, the second has an id of its own. What has no place
    gets no id.
    """
    seen: Counter[tuple[object, str]] = Counter()
    found = []
    for region in result:
        value = region.get("value")
        if "id" not in region and isinstance(value, dict) and _PLACE & value.keys():
            where = (region.get("from_name"), identity(region))
            seen[where] += 1
            region = {"id": identity(region, seen[where])} | region
        found.append(region)
    return found


def identity(region: Region, nth: int = 1) -> str:
    """The id of the nth region of a control at the region's place."""
    place = {key: value for key, value in region["value"].items() if key in _PLACE}
    text = json.dumps([region.get("to_name"), region.get("item_index"), place, nth], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _control(tag: str, on: ObjectTag) -> Control:
    return Control(name="", tag=tag, to_name=(on.name,), labels=(), objects=(on,))


def _object(region: Region, objects: Sequence[ObjectTag]) -> ObjectTag:
    for tag in objects:
        if tag.name == region.get("to_name"):
            return tag
    return ObjectTag(name=str(region.get("to_name", "")), tag="", value="")
