"""What the values of all regions on images and videos have in common: place, labels, numbers."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NoReturn

from label_configs.kinds.kind import Region
from label_configs.parse import Control
from sync.errors import Malformed, Skippable

#: The object tag's name and the number of the image or page within it, from 0. Regions of
#: different places never match.
Place = tuple[str, int]
Labels = tuple[str, ...]
#: Width and height of an image in pixels.
Size = tuple[int, int]

#: Pixels of the side of an image; PNG and JPEG allow 2**31 - 1 and 65,535.
LARGEST = 1_000_000
_NUMBERS = (int, float)


def fail(region: Region, problem: str) -> NoReturn:
    """Raise Malformed for the region."""
    raise Malformed(problem, region=region.get("id"))


def value_of(control: Control, region: Region) -> dict[str, Any]:
    """The region's value.

    Raises:
        Malformed: the region's type is not the control's, or it has no value.
    """
    kind = control.tag.lower()
    if region.get("type", kind) != kind:
        fail(region, f"it holds a region of type {region['type']!r}, not {kind}")
    value = region.get("value")
    if not isinstance(value, dict):
        fail(region, "it has no value")
    return value


def place_of(region: Region, default: str = "") -> Place:
    """Where the region lies; a region that names no page lies on the first.

    Raises:
        Malformed: the page is no count.
    """
    value = region.get("value")
    index = region.get("item_index")
    if index is None and isinstance(value, dict):
        index = value.get("item_index")
    if index is None:
        index = 0
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        fail(region, f"its item_index is {index!r}: it must be a whole number from 0")
    return _place(str(region.get("to_name", default)), index)


# Equal places and labels are mostly the same object: they take less memory, and are soon compared.
@lru_cache(maxsize=4096)
def _place(name: str, page: int) -> Place:
    return name, page


@lru_cache(maxsize=4096)
def _labels(*labels: str) -> Labels:
    return labels


def labels_of(control: Control, region: Region, value: dict[str, Any]) -> Labels:
    """The region's labels, each once, in the order of the alphabet.

    None are needed: Label Studio stores none for a bare tag, nor where it allows an empty label.
    Labels that come from the task's data or from another control, as those of tracks do, are not
    compared with a list.

    Raises:
        Malformed: they are no list of known labels.
    """
    found = value.get(_key(control))
    if found is None:
        return ()
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(label, str) for label in found):
        fail(region, f"its labels are {reprlib.repr(found)}, not a list of labels")
    listed = control.allowed and not control.attrs.get("value", "").startswith("$")
    if listed and not control.allowed.issuperset(found):
        unknown = next(label for label in found if label not in control.allowed)
        fail(region, f"it holds {unknown!r}, which the label config does not know")
    return _labels(*sorted(set(found)))


def check_labels(control: Control, labels: Labels) -> None:
    """Whether the control can hold these labels.

    Raises:
        Skippable: it cannot.
    """
    labels_of(control, {}, {_key(control): list(labels)})


def written(
    control: Control, place: Place, labels: Labels, size: Size | None, value: dict[str, Any]
) -> Region:
    """A region with this value at this place.

    Raises:
        Skippable: the control has no such object or does not know one of the labels.
    """
    name, page = place
    if name not in control.to_name and not control.is_repeated:
        raise Skippable(f"{control.name!r} labels {' or '.join(control.to_name)}, not {name!r}")
    check_labels(control, labels)
    region: Region = {"type": control.tag.lower(), "to_name": name, "value": value}
    if labels:
        value[_key(control)] = list(labels)
    if page:
        region["item_index"] = page
    if size is not None:
        region |= {"original_width": size[0], "original_height": size[1]}
    return region


def _key(control: Control) -> str:
    """Under which name the labels stand in a value, such as "rectanglelabels"."""
    kind = control.tag.lower()
    return kind if kind.endswith("labels") else "labels"


def numbers(region: Region, value: dict[str, Any], names: Sequence[str]) -> tuple[float, ...]:
    """The finite numbers under these names.

    Raises:
        Malformed: one is absent or no finite number.
    """
    return tuple(finite(region, name, value.get(name)) for name in names)


def finite(region: Region, name: str, found: object) -> float:
    """A finite number.

    Raises:
        Malformed: it is none.
    """
    if isinstance(found, _NUMBERS) and not isinstance(found, bool):
        try:
            plain = float(found)
        except OverflowError:
            plain = math.inf
        if math.isfinite(plain):
            return plain
    fail(region, f"its {name} is {reprlib.repr(found)}, not a finite number")


def size_of(region: Region) -> Size | None:
    """Width and height of the image in pixels, None where the region does not say.

    Raises:
        Malformed: they are no whole numbers above 0.
    """
    width, height = region.get("original_width"), region.get("original_height")
    if width is None or height is None:
        return None
    for name, side in (("original_width", width), ("original_height", height)):
        if not finite(region, name, side).is_integer() or not 1 <= side <= LARGEST:
            fail(region, f"its {name} is {side!r}: it must be a whole number, 1 to {LARGEST}")
    return int(width), int(height)
