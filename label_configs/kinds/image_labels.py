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

from label_configs.kinds import brush, keypoints, shapes
from label_configs.kinds.aligned import Aligned
from label_configs.kinds.kind import Region
from label_configs.kinds.regions import fail, value_of
from label_configs.parse import Control

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: What each sort of region is handled by, in the order in which a value has them.
_SORTS: dict[type, Aligned] = {
    shapes.Shape: shapes.KIND,
    keypoints.Point: keypoints.KIND,
    brush.Mask: brush.KIND,
}
#: What only the values of one sort hold, looked for in turn.
_TELLING = {
    "rle": brush.KIND,
    "points": shapes.KIND,
    "radiusX": shapes.KIND,
    "height": shapes.KIND,
    "x": keypoints.KIND,
}


def _read(control: Control, region: Region) -> Any:
    value = value_of(control, region)
    sort = next((sort for key, sort in _TELLING.items() if key in value), None)
    if sort is None:
        fail(region, "its value holds no shape, point or mask")
    return sort.read_one(control, region)


def _write(control: Control, one: Any) -> Region:
    return _SORTS[type(one)].write_one(control, one)


def _order(one: Any) -> tuple[int, Any]:
    return list(_SORTS).index(type(one)), one


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


KIND = Aligned(_read, _write, similarity, order=_order)
