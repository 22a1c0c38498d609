"""Values of key points on images: a sorted tuple of points.

Two points are as similar as COCO's object keypoint similarity says (Ronchi & Perona 2017,
doi:10.1109/ICCV.2017.48): exp(-d^2 / (2 s^2 k^2)), with d their distance in pixels. Label Studio
knows of no object that a point belongs to, so its scale s is that of the image, the root of its
area, and k is the smallest of COCO's constants, that of the eyes: 2 * .025. Points 5.9% of the
image's scale apart, 33 pixels in 640 x 480, are similar by a half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

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
from label_configs.kinds.shapes import SLACK
from label_configs.parse import Control

#: k, in parts of the image's scale.
CONSTANT = 2 * 0.025
#: Percent of the image's width that a point is drawn as where nothing is known of it.
WIDTH = 0.5

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True, slots=True)
class Point:
    """A point on an image, in percent of the image's sides."""

    place: Place
    #: Sorted.
    labels: Labels
    x: float
    y: float
    #: How large it is drawn, in percent of the image's width; no part of what it says.
    width: float = field(default=WIDTH, compare=False)
    #: Width and height of the image in pixels where it is known; likewise.
    size: Size | None = field(default=None, compare=False)


def _point(control: Control, region: Region) -> Point:
    value = value_of(control, region)
    x, y = numbers(region, value, ("x", "y"))
    if not all(-SLACK <= n <= 100 + SLACK for n in (x, y)):
        fail(region, f"it lies outside of the image: at {x:g}, {y:g} percent")
    width = finite(region, "width", value.get("width", WIDTH))
    labels = labels_of(control, region, value)
    return Point(place_of(region, control.to_name[0]), labels, x, y, width, size_of(region))


def _region(control: Control, point: Point) -> Region:
    made: dict[str, Any] = {"x": point.x, "y": point.y, "width": point.width}
    return written(control, point.place, point.labels, point.size, made)


def similarity(points: Sequence[Point], left: IntArray, right: IntArray) -> Array:
    """The object keypoint similarity of points[left[k]] and points[right[k]], (n,) in [0, 1].

    Where only one of two points knows the size of the image, it is that; where none does, the
    image is taken to be square.
    """
    at = np.array([(p.x, p.y) for p in points]).reshape(-1, 2) / 100
    known = np.fromiter(map(_log_aspect, points), np.float64, len(points))
    aspect = np.where(np.isnan(known[left]), known[right], known[left])
    other = np.where(np.isnan(known[right]), known[left], known[right])
    # The mean, so that it does not matter which of two points comes first.
    stretch = np.exp(np.nan_to_num(aspect + other) / 4)
    across, down = np.abs(at[left] - at[right]).T
    squared = (across / stretch) ** 2 + (down * stretch) ** 2
    alike: Array = np.exp(-squared / (2 * CONSTANT**2))
    return alike


def _log_aspect(point: Point) -> float:
    """The logarithm of the image's height over its width, NaN where it is not known."""
    return float("nan") if point.size is None else float(np.log(point.size[1] / point.size[0]))


KIND = Aligned(_point, _region, similarity)
