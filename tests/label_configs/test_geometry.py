"""Overlap of shapes is that of shapely, which is built on another library (GEOS)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from label_configs.kinds import geometry

places = st.floats(-20, 120)
sides = st.floats(0.1, 80)
angles = st.floats(0, 360)
aspects = st.floats(0.25, 4)
frames = st.tuples(places, places, sides, sides, angles)


def iou(a: shapely.Polygon, b: shapely.Polygon) -> float:
    return float(a.intersection(b).area / a.union(b).area)


def pixels(shape: shapely.Polygon, aspect: float) -> shapely.Polygon:
    """From percent to pixels of an image that is 100 wide."""
    return affinity.scale(shape, 1, aspect, origin=(0, 0))


def rectangle(frame: tuple[float, ...], aspect: float) -> shapely.Polygon:
    """A rectangle in pixels, turned clockwise about its top left corner, y downwards."""
    x, y, width, height, rotation = frame
    box = pixels(shapely.box(x, y, x + width, y + height), aspect)
    return affinity.rotate(box, rotation, origin=(x, y * aspect))


def ellipse(frame: tuple[float, ...], aspect: float) -> shapely.Polygon:
    x, y, radius_x, radius_y, rotation = frame
    circle = shapely.Point(0, 0).buffer(1, quad_segs=500)
    drawn = affinity.scale(circle, radius_x, radius_y * aspect, origin=(0, 0))
    return affinity.translate(affinity.rotate(drawn, rotation, origin=(0, 0)), x, y * aspect)


@given(st.lists(st.tuples(frames, frames), min_size=1, max_size=5))
def test_upright_boxes_overlap_as_in_shapely(chosen: list[tuple[tuple[float, ...], ...]]) -> None:
    """Intersection over union of pairs of boxes, all at once."""
    a, b = (np.array([pair[side][:4] for pair in chosen]) for side in (0, 1))
    at = np.arange(len(a))
    boxes = [[shapely.box(x, y, x + w, y + h) for x, y, w, h in side] for side in (a, b)]
    expected = [iou(one, other) for one, other in zip(*boxes, strict=True)]
    assert geometry.box_ious(np.concatenate([a, b]), at, at + len(a)) == pytest.approx(
        expected, abs=1e-9
    )


@given(frames, frames, aspects)
def test_turned_rectangles_overlap_as_in_shapely(
    a: tuple[float, ...], b: tuple[float, ...], aspect: float
) -> None:
    """The same overlap in percent as shapely finds in pixels."""
    ours = geometry.polygon_iou(
        geometry.path(geometry.rectangle(*a, aspect)), geometry.path(geometry.rectangle(*b, aspect))
    )
    assert ours == pytest.approx(iou(rectangle(a, aspect), rectangle(b, aspect)), abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(frames, frames, aspects)
def test_ellipses_overlap_as_in_shapely(
    a: tuple[float, ...], b: tuple[float, ...], aspect: float
) -> None:
    """Within 0.001 of ellipses drawn with 2,000 corners."""
    ours = geometry.polygon_iou(
        geometry.path(geometry.ellipse(*a, aspect)), geometry.path(geometry.ellipse(*b, aspect))
    )
    assert ours == pytest.approx(iou(ellipse(a, aspect), ellipse(b, aspect)), abs=1e-3)


def test_an_ellipse_has_its_area() -> None:
    """Pi times both radii, however it is turned."""
    drawn = geometry.path(geometry.ellipse(40, 60, 30, 5, 25, 0.75))
    assert geometry.polygon_area(drawn) == pytest.approx(math.pi * 30 * 5, rel=1e-6)


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=3, max_size=12),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=3, max_size=12),
)
def test_polygons_overlap_as_in_shapely(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    """Any corners: what a non-zero fill paints is made of the loops around each point."""
    one, other = nonzero(a), nonzero(b)
    paths = [geometry.path(np.array(corners, dtype=float)) for corners in (a, b)]
    assert geometry.polygon_area(paths[0]) == pytest.approx(one.area, abs=1e-4)
    common = one.intersection(other).area
    assert geometry.polygon_intersection(*paths) == pytest.approx(common, abs=1e-4)


def nonzero(corners: list[tuple[int, int]]) -> shapely.Geometry:
    """The union of the faces that the outline runs around a number of times other than 0."""
    lines = shapely.LineString([*corners, corners[0]])
    faces = shapely.polygonize([shapely.unary_union(lines)])
    inside = [face for face in faces.geoms if winding(corners, face.representative_point()) != 0]
    return shapely.union_all(inside)


def winding(corners: list[tuple[int, int]], point: shapely.Point) -> int:
    """How often the outline runs around the point, by the angles that it passes (Hormann 2001)."""
    angles = [math.atan2(y - point.y, x - point.x) for x, y in corners]
    turns = zip(angles, [*angles[1:], angles[0]], strict=True)
    return round(sum(math.remainder(b - a, math.tau) for a, b in turns) / math.tau)


def test_a_pentagram_is_filled_in_the_middle() -> None:
    """The pentagon inside belongs to it: the area is that of the ten-sided outline."""
    tips = [
        (50 + 40 * math.sin(k * 0.8 * math.pi), 50 - 40 * math.cos(k * 0.8 * math.pi))
        for k in range(5)
    ]
    inner = 40 * math.cos(math.radians(72)) / math.cos(math.radians(36))
    outline = 5 * 40 * inner * math.sin(math.radians(36))
    assert geometry.polygon_area(geometry.path(np.array(tips))) == pytest.approx(outline)


@given(frames, aspects)
def test_a_shape_overlaps_itself_entirely(frame: tuple[float, ...], aspect: float) -> None:
    """1 exactly."""
    box = np.array([frame[:4]])
    assert geometry.box_ious(box, np.array([0]), np.array([0])) == 1
    drawn = geometry.path(geometry.rectangle(*frame, aspect))
    assert geometry.polygon_iou(drawn, list(drawn)) == 1
    assert geometry.polygon_iou(drawn, drawn[1:] + drawn[:1]) == pytest.approx(1)


@pytest.mark.parametrize("corners", [[(0, 0), (1, 1), (2, 2)], [(3, 3)] * 3, [(0, 0), (9, 9)]])
def test_a_line_has_no_area(corners: list[tuple[float, float]]) -> None:
    """Nothing is common to it and a square."""
    line = geometry.path(np.array(corners, dtype=float))
    square = geometry.path(geometry.rectangle(0, 0, 10, 10))
    assert geometry.polygon_area(line) == 0
    assert geometry.polygon_intersection(line, square) == 0
    assert geometry.polygon_intersection(square, line) == 0
