"""Values of Labels on images: what the tools beside the Labels draw, with its labels.

Where a label config has bare tools, such as Rectangle, Brush and KeyPoint, beside Labels, Label
Studio stores each region twice: as the tool's, and with its labels as that of the Labels. The value
is a sorted tuple of shapes, points and masks. Those of different sorts have nothing in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from label_configs.kinds import alignment, brush, keypoints, shapes
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.regions import fail, value_of
from label_configs.parse import Control

METRIC = False
SCALE = ""

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Value = tuple[Any, ...]

#: What each sort of region is handled by, in the order in which a value has them.
_SORTS = {shapes.Shape: shapes, keypoints.Point: keypoints, brush.Mask: brush}
#: What only the values of one sort hold, looked for in turn.
_TELLING = {
    "rle": brush,
    "points": shapes,
    "radiusX": shapes,
    "height": shapes,
    "x": keypoints,
}


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    del control
    return ""


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The regions in order; None where there are none."""
    found = [_read(control, region, data) for region in regions]
    return tuple(one for sort in _SORTS for one in sorted(_of(sort, found))) or None


def _read(control: Control, region: Region, data: Data) -> Any:
    value = value_of(control, region)
    sort = next((sort for key, sort in _TELLING.items() if key in value), None)
    if sort is None:
        fail(region, "its value holds no shape, point or mask")
    return sort.read(control, [region], data)[0]


def _of(sort: type, regions: Sequence[Any]) -> list[Any]:
    return [region for region in regions if isinstance(region, sort)]


def write(control: Control, value: Value) -> list[Region]:
    """A region for each."""
    return [_SORTS[type(one)].write(control, (one,))[0] for one in value]


def distance(control: Control, a: Value, b: Value) -> float:
    """How far two values are apart; see `label_configs.kinds.alignment`."""
    return float(distances(control, [a], [b])[0])


def distances(control: Control, a: Sequence[Value], b: Sequence[Value]) -> Array:
    """How far a[k] and b[k] are apart, (n,)."""
    del control
    return alignment.distances(a, b, similarity)


def counts(control: Control, a: Value, b: Value, overlap: float) -> tuple[int, int, int]:
    """Regions matched at the same place with the same labels, at least so similar; |a|; |b|."""
    del control
    return alignment.counts(a, b, overlap, similarity)


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """Labels of regions that are similar by a half or more against each other."""
    return alignment.pairs(control, a, b, similarity)


def category(control: Control, value: Value) -> None:
    """None: regions are no categories."""
    del control, value


def similarity(regions: Sequence[Any], left: IntArray, right: IntArray) -> Array:
    """How similar regions[left[k]] and regions[right[k]] are, (n,) in [0, 1]."""
    sorts = list(_SORTS)
    sort = np.fromiter((sorts.index(type(one)) for one in regions), np.int64, len(regions))
    found = np.zeros(len(left))
    for number, each in enumerate(_SORTS.values()):
        at = np.flatnonzero((sort[left] == number) & (sort[right] == number))
        members = np.flatnonzero(sort == number)
        within = np.cumsum(sort == number) - 1
        chosen = [regions[k] for k in members]
        found[at] = each.similarity(chosen, within[left[at]], within[right[at]])
    return found
