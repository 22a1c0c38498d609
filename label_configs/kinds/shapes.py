"""Values of rectangles, ellipses and polygons on images: a sorted tuple of shapes.

Two shapes are as similar as their intersection over union (Jaccard 1912), whatever their forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from label_configs.kinds import geometry
from label_configs.kinds.aligned import Aligned
from label_configs.kinds.kind import Region
from label_configs.kinds.regions import (
    Labels,
    Place,
    Size,
    fail,
    finite,
    labels_of,
    numbers,
    place_of,
    size_of,
    value_of,
    written,
)
from label_configs.parse import Control
from sync.errors import Skippable

#: Percent that the corners of a polygon or of an upright box may lie outside of the image, and the
#: centre of any other shape: editors round, and models overshoot.
SLACK = 1.0
#: The same for the outline of other shapes: what is turned may reach over the edge.
REACH = 100.0
#: Percent of a side or a radius; less is no area, whatever the precision of the numbers.
THINNEST = 1e-6
#: Percent that no side or coordinate reaches, whatever the rotation of a shape on an image.
FARTHEST = 1e9
#: Corners of a polygon.
MOST_POINTS = 10_000
#: Crossings of a polygon with itself; clipping takes a microsecond and more for each.
MOST_CROSSINGS = 1_000_000

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True, slots=True)
class Shape:
    """A shape on an image, in percent of the image's sides."""

    place: Place
    #: Sorted.
    labels: Labels
    #: "rectangle", "ellipse" or "polygon".
    form: str
    #: Rectangle and ellipse: x, y, the two sides or radii, rotation in [0, 360) and, where there is
    #: one, the image's height over its width (else 1). Polygon: x and y of each corner in turn.
    numbers: tuple[float, ...]
    #: Width and height of the image in pixels where it is known; no part of what the shape says.
    size: Size | None = field(default=None, compare=False)


#: Names of the first numbers of each form that is no polygon.
_NAMES = {
    "rectangle": ("x", "y", "width", "height"),
    "ellipse": ("x", "y", "radiusX", "radiusY"),
}
_OUTLINES: dict[str, Callable[..., Array]] = {
    "rectangle": geometry.rectangle,
    "ellipse": geometry.ellipse,
}


def _shape(control: Control, region: Region) -> Shape:
    value = value_of(control, region)
    form = _form(control, region, value)
    made = _polygon(region, value) if form == "polygon" else _framed(form, region, value)
    labels = labels_of(control, region, value)
    return Shape(place_of(region, control.to_name[0]), labels, form, made, size_of(region))


def _form(control: Control, region: Region, value: dict[str, Any]) -> str:
    """The form of a region: what its control draws, or for Labels what the value holds."""
    named = control.tag.lower().removesuffix("labels")
    if named:
        return named
    for form, key in (("polygon", "points"), ("ellipse", "radiusX"), ("rectangle", "height")):
        if key in value:
            return form
    fail(region, "its value holds neither a rectangle, an ellipse nor a polygon")


def _framed(form: str, region: Region, value: dict[str, Any]) -> tuple[float, ...]:
    """The numbers of a rectangle or an ellipse."""
    x, y, first, second = numbers(region, value, _NAMES[form])
    if min(first, second) < THINNEST:
        fail(region, f"it has no area: its sides are {first:g} and {second:g} percent")
    if max(abs(x), abs(y), first, second) > FARTHEST:
        fail(region, f"it lies outside of the image: at {x:g}, {y:g} percent")
    told = value.get("rotation")
    rotation = 0.0 if told is None else finite(region, "rotation", told) % 360 % 360
    aspect = _aspect(region) if rotation % 180 else 1.0
    if form == "rectangle" and not rotation:
        _inside(region, ((x, y), (x + first, y + second)), SLACK)
    else:
        outline = _OUTLINES[form](x, y, first, second, rotation, aspect)
        _inside(region, [outline.mean(axis=0)], SLACK)
        _inside(region, outline.tolist(), REACH)
    return x, y, first, second, rotation, aspect


def _polygon(region: Region, value: dict[str, Any]) -> tuple[float, ...]:
    points = value.get("points")
    if not isinstance(points, list) or not all(
        isinstance(point, list | tuple) and len(point) == 2 for point in points
    ):
        fail(region, "its points are no list of pairs of numbers")
    if not 3 <= len(points) <= MOST_POINTS:
        fail(region, f"it has {len(points)} points: 3 to {MOST_POINTS} make a polygon")
    flat = tuple(finite(region, "point", n) for point in points for n in point)
    _inside(region, zip(flat[::2], flat[1::2], strict=True), SLACK)
    corners = np.array(flat).reshape(-1, 2)
    if geometry.crossings_at_most(corners) > MOST_CROSSINGS:
        fail(region, f"its {len(points)} sides cross each other too often")
    if not geometry.polygon_area(geometry.path(corners)):
        fail(region, "it has no area: all its points lie on one line")
    return flat


def _aspect(region: Region) -> float:
    size = size_of(region)
    if size is None:
        fail(region, "it is rotated, and neither original_width nor original_height is given")
    return size[1] / size[0]


def _inside(region: Region, points: Iterable[Sequence[float]], slack: float) -> None:
    """Whether points lie on the image, or at most so many percent outside of it."""
    for x, y in points:
        if not (-slack <= x <= 100 + slack and -slack <= y <= 100 + slack):
            fail(region, f"it lies outside of the image: at {x:g}, {y:g} percent")


def _region(control: Control, shape: Shape) -> Region:
    if not control.tag.lower().startswith((shape.form, "labels")):
        raise Skippable(f"{control.name!r} is {control.tag} and holds no {shape.form}")
    if shape.form == "polygon":
        flat = shape.numbers
        made: dict[str, Any] = {
            "points": [list(p) for p in zip(flat[::2], flat[1::2], strict=True)]
        }
    else:
        made = dict(zip((*_NAMES[shape.form], "rotation"), shape.numbers, strict=False))
    return written(control, shape.place, shape.labels, shape.size, made)


def similarity(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> Array:
    """The IoU of shapes[left[k]] and shapes[right[k]], (n,) in [0, 1]."""
    frames = _frames(shapes)
    if frames is not None and not frames[:, 4].any():
        return geometry.box_ious(frames[:, :4], left, right)
    boxes = geometry.boxes_around([_outline(s) for s in shapes])
    ious = geometry.box_ious(boxes, left, right)
    upright = np.array([s.form == "rectangle" and not s.numbers[4] for s in shapes], dtype=bool)
    for k in np.flatnonzero((ious > 0) & ~(upright[left] & upright[right])):
        ious[k] = geometry.polygon_iou(_path(shapes[left[k]]), _path(shapes[right[k]]))
    return ious


def _frames(shapes: Sequence[Shape]) -> Array | None:
    """The numbers of rectangles, (n, 6); None where there are other shapes."""
    if not {"rectangle"}.issuperset(map(attrgetter("form"), shapes)):
        return None
    flat = chain.from_iterable(map(attrgetter("numbers"), shapes))
    return np.fromiter(flat, np.float64, 6 * len(shapes)).reshape(-1, 6)


def _outline(shape: Shape) -> Array:
    """The corners of the polygon that the shape is, or that stands for it, (n, 2)."""
    if shape.form == "polygon":
        return np.array(shape.numbers).reshape(-1, 2)
    return _OUTLINES[shape.form](*shape.numbers)


@lru_cache(maxsize=4096)
def _path(shape: Shape) -> geometry.Path:
    return geometry.path(_outline(shape))


KIND = Aligned(_shape, _region, similarity)
