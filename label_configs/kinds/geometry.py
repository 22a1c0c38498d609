"""Overlap of plane shapes: boxes by arithmetic, all others by exact clipping of polygons.

All lengths are percent of the image's width (x) and height (y), as Label Studio stores them. How
much of two shapes is common to both does not change when the axes are scaled, so only rotation
needs to know how high the image is for its width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyclipper  # type: ignore[import-untyped]

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
#: Corners on the clipper's grid of integers.
Path = list[tuple[int, int]]

#: Grid points for each percent. Corners move by at most 1.2e-7 percent, and what lies within 256
#: percent of the origin is clipped in 64-bit arithmetic; beyond, the clipper takes 128 bits.
GRID = 2**22
#: Corners of the polygon that stands for an ellipse.
CORNERS = 128
#: An inscribed polygon of so many corners has 1/_SWELL**2 of the ellipse's area: with its radii
#: larger by _SWELL the areas are equal, and the outline is off by at most 0.03% of the radius.
_SWELL = math.sqrt((2 * math.pi / CORNERS) / math.sin(2 * math.pi / CORNERS))
#: (CORNERS, 2), on a circle.
_CIRCLE = np.stack([f(2 * np.pi * np.arange(CORNERS) / CORNERS) for f in (np.cos, np.sin)], axis=1)
_UNIT = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def box_ious(boxes: Array, left: IntArray, right: IntArray) -> Array:
    """Intersection over union of boxes[left[k]] and boxes[right[k]], which are not rotated.

    Args:
        boxes: (m, 4) left, top, width and height, the last two above 0.
        left: (n,) numbers of boxes.
        right: (n,) likewise.

    Returns:
        (n,) in [0, 1]; 1 exactly for equal boxes.
    """
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    area = _areas(high - low)
    ends, starts = np.minimum(high[left], high[right]), np.maximum(low[left], low[right])
    common = _areas(np.maximum(ends - starts, 0.0))
    ious: Array = common / (area[left] + area[right] - common)
    return ious


def box_intersections(a: Array, b: Array) -> Array:
    """The area common to a[k] and b[k], boxes that are not rotated, (n,) in square percent."""
    ends, starts = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:]), np.maximum(a, b)[:, :2]
    return _areas(np.maximum(ends - starts, 0.0))


def _areas(sides: Array) -> Array:
    areas: Array = sides[:, 0] * sides[:, 1]
    return areas


def rectangle(
    x: float, y: float, width: float, height: float, rotation: float = 0.0, aspect: float = 1.0
) -> Array:
    """The corners of a rectangle, (4, 2).

    Args:
        x: left edge before it is rotated.
        y: top edge before it is rotated.
        width: above 0.
        height: above 0.
        rotation: degrees, clockwise, about the top left corner (x, y).
        aspect: height of the image over its width, in pixels.
    """
    return _placed(_UNIT * (width, height), x, y, rotation, aspect)


def ellipse(
    x: float,
    y: float,
    radius_x: float,
    radius_y: float,
    rotation: float = 0.0,
    aspect: float = 1.0,
) -> Array:
    """The corners of a polygon of an ellipse's area that stands for it, (CORNERS, 2).

    Args:
        x: centre.
        y: centre.
        radius_x: above 0.
        radius_y: above 0.
        rotation: degrees, clockwise, about the centre.
        aspect: height of the image over its width, in pixels.
    """
    radii = (radius_x * _SWELL, radius_y * _SWELL)
    return _placed(_CIRCLE * radii, x, y, rotation, aspect)


def _placed(points: Array, x: float, y: float, rotation: float, aspect: float) -> Array:
    """Points (n, 2) turned clockwise about the origin, in pixels, and moved to (x, y).

    As y points downwards, this is the usual matrix of a turn the other way round.
    """
    if rotation:
        cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
        across, down = points[:, 0], points[:, 1] * aspect
        points = np.stack([across * cos - down * sin, (across * sin + down * cos) / aspect], axis=1)
    placed: Array = points + np.array([x, y])
    return placed


def crossings_at_most(corners: Array) -> int:
    """A number that a polygon's crossings with itself do not exceed, from its corners (n, 2).

    Pairs of sides that overlap in x, or in y where those are fewer: few in an outline however fine,
    about n**2 / 3 where corners follow each other at random.
    """
    ends, n = np.stack([corners, np.roll(corners, 1, axis=0)]), len(corners)
    low, high = np.sort(ends.min(axis=0), axis=0), np.sort(ends.max(axis=0), axis=0)
    apart = [int(np.searchsorted(high[:, k], low[:, k]).sum()) for k in (0, 1)]
    return n * (n - 1) // 2 - max(apart)


def path(corners: Array) -> Path:
    """The corners (n, 2) of a polygon on the grid."""
    return [(int(x), int(y)) for x, y in np.rint(corners * GRID)]


def polygon_intersection(a: Path, b: Path) -> float:
    """The area common to two polygons, in square percent.

    A polygon that crosses itself is filled by the non-zero rule, as the browser's canvas fills
    what people see while they draw it (HTML Living Standard, canvas fill rules).
    """
    return _clip(pyclipper.CT_INTERSECTION, a, b)


def polygon_area(a: Path) -> float:
    """The area that a polygon fills, in square percent, by the same rule."""
    return _clip(pyclipper.CT_UNION, a)


def polygon_iou(a: Path, b: Path) -> float:
    """Intersection over union of two polygons, in [0, 1]; 1 exactly for equal ones.

    It is 0 where both are too thin for the grid to give them an area.
    """
    if a == b:
        return 1.0
    # The clipper rounds by the order that it is given.
    a, b = min(a, b), max(a, b)
    common = polygon_intersection(a, b)
    union = polygon_area(a) + polygon_area(b) - common
    return min(common / union, 1.0) if union > 0 else 0.0


def _clip(how: int, subject: Path, clip: Path | None = None) -> float:
    clipper = pyclipper.Pyclipper()
    try:
        clipper.AddPath(subject, pyclipper.PT_SUBJECT, True)
        if clip is not None:
            clipper.AddPath(clip, pyclipper.PT_CLIP, True)
    except pyclipper.ClipperException:  # all its corners lie on one line
        return 0.0
    found = clipper.Execute(how, pyclipper.PFT_NONZERO, pyclipper.PFT_NONZERO)
    # Holes run the other way round, so their areas are negative.
    return math.fsum(pyclipper.Area(one) for one in found) / GRID**2


def boxes_around(corners: Sequence[Array]) -> Array:
    """The box around each polygon, (n, 4): left, top, width, height."""
    low = np.array([c.min(axis=0) for c in corners]).reshape(-1, 2)
    high = np.array([c.max(axis=0) for c in corners]).reshape(-1, 2)
    return np.concatenate([low, high - low], axis=1)
