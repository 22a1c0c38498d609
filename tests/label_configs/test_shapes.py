"""Rectangles, ellipses and polygons are read, written and compared."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from label_configs import Control
from label_configs.kinds import geometry, shapes
from sync.errors import Malformed, Skippable

IMAGE = '<Image name="image" value="$image"/><Image name="other" value="$other"/>'
LABELS = '<Label value="a"/><Label value="b"/>'


def control(tag: str, attributes: str = "") -> Control:
    inside = LABELS if tag.endswith("Labels") else ""
    config = label_configs.parse(
        f'<View>{IMAGE}<{tag} name="c" toName="image,other" {attributes}>{inside}</{tag}></View>'
    )
    return config.by_name["c"]


BOXES = control("RectangleLabels")


def region(tag: str = "RectangleLabels", labels: object = ("a",), **value: Any) -> dict[str, Any]:
    kind = tag.lower()
    plain: dict[str, Any] = {"id": "r1", "type": kind, "to_name": "image", "value": value}
    if labels is not None:
        value[kind] = list(labels) if isinstance(labels, tuple) else labels
    return plain


def box(x: float, y: float, width: float, height: float, label: str = "a") -> dict[str, Any]:
    return region(labels=(label,), x=x, y=y, width=width, height=height)


def boxes(*regions: dict[str, Any]) -> Any:
    return shapes.KIND.read(BOXES, regions, None)


ellipses = st.fixed_dictionaries(
    {"x": st.floats(0, 100), "y": st.floats(0, 100)}
    | {name: st.floats(0.01, 50) for name in ("radiusX", "radiusY")}
    | {"rotation": st.floats(0, 360)}
)
uprights = st.tuples(*[st.floats(0, 100)] * 4).filter(
    lambda at: abs(at[0] - at[2]) > 0.01 and abs(at[1] - at[3]) > 0.01
)
rectangles = uprights.map(
    lambda at: {
        "x": min(at[0], at[2]),
        "y": min(at[1], at[3]),
        "width": abs(at[0] - at[2]),
        "height": abs(at[1] - at[3]),
    }
)
points = st.tuples(st.floats(0, 100), st.floats(0, 100)).map(list)
polygons = (
    st.lists(points, min_size=3, max_size=6)
    .filter(lambda corners: geometry.polygon_area(geometry.path(np.array(corners))) > 0)
    .map(lambda corners: {"points": corners})
)
labels = st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True).map(tuple)


def values(tag: str, form: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    kind = control(tag)
    made = st.tuples(form, labels).map(lambda two: region(tag, two[1], **two[0]))
    sized = made.map(lambda one: one | {"original_width": 640, "original_height": 480})
    lists = st.lists(sized, min_size=1, max_size=4)
    return lists.map(lambda regions: shapes.KIND.read(kind, regions, None))


FORMS = {"RectangleLabels": rectangles, "EllipseLabels": ellipses, "PolygonLabels": polygons}
each_form = pytest.mark.parametrize("tag", FORMS)


@each_form
def test_what_is_written_is_read(tag: str) -> None:
    """read(write(v)) is v, at any place and with any labels."""
    kind = control(tag)

    @given(values(tag, FORMS[tag]))
    def check(value: Any) -> None:
        assert shapes.KIND.read(kind, shapes.KIND.write(kind, value), None) == value

    check()


@each_form
def test_distance_is_symmetric_and_0_for_the_same(tag: str) -> None:
    """It lies in [0, 1] whichever way round, and a value is nowhere but where it is."""
    kind = control(tag)

    @given(values(tag, FORMS[tag]), values(tag, FORMS[tag]))
    def check(a: Any, b: Any) -> None:
        there, back, same = shapes.KIND.distances(kind, [a, b, a], [b, a, a])
        assert there == back == shapes.KIND.distance(kind, a, b)
        assert 0 <= there <= 1
        assert same == 0

    check()


def test_the_distance_of_two_boxes_is_what_is_not_common() -> None:
    """Half of each box is common to both: 50 of 150 square percent."""
    assert shapes.KIND.distance(BOXES, boxes(box(0, 0, 10, 10)), boxes(box(5, 0, 10, 10))) == (
        pytest.approx(1 - 50 / 150)
    )


def test_the_box_of_none_counts() -> None:
    """One of three boxes has no partner: 2 * 1 / 3 are alike."""
    one, two = boxes(box(0, 0, 10, 10)), boxes(box(0, 0, 10, 10), box(50, 50, 9, 9))
    assert shapes.KIND.distance(BOXES, one, two) == pytest.approx(1 / 3)


@given(values("RectangleLabels", rectangles), values("RectangleLabels", rectangles))
def test_boxes_are_compared_as_by_pycocotools(a: Any, b: Any) -> None:
    """Its IoU, and scipy's matching of the boxes with the same labels."""
    from pycocotools.mask import iou
    from scipy.optimize import linear_sum_assignment

    total = 0.0
    for labels in {one.labels for one in a} & {one.labels for one in b}:
        sides = [np.array([s.numbers[:4] for s in side if s.labels == labels]) for side in (a, b)]
        ious = iou(*sides, [False] * len(sides[1]))
        total += ious[linear_sum_assignment(ious, maximize=True)].sum()
    expected = 1 - 2 * total / (len(a) + len(b))
    assert shapes.KIND.distance(BOXES, a, b) == pytest.approx(expected, abs=1e-9)


def test_no_box_matches_two() -> None:
    """Two equal boxes of one side have one partner, not two."""
    one, two = boxes(box(0, 0, 10, 10)), boxes(box(0, 0, 10, 10), box(0, 0, 10, 10))
    assert shapes.KIND.distance(BOXES, one, two) == pytest.approx(1 / 3)
    assert shapes.KIND.counts(BOXES, one, two, 0.5) == (1, 1, 2)


def test_other_labels_do_not_match() -> None:
    """The same box with another label has nothing in common, and is told as a confusion."""
    a, b = boxes(box(0, 0, 10, 10)), boxes(box(0, 0, 10, 10, "b"))
    assert shapes.KIND.distance(BOXES, a, b) == 1
    assert shapes.KIND.pairs(BOXES, a, b) == [("a", "b")]


def test_pairs_prefer_the_same_label() -> None:
    """Of boxes that lie on each other those of one label stand against each other."""
    a = boxes(box(0, 0, 10, 10, "a"), box(0, 0, 10, 10, "b"))
    assert sorted(shapes.KIND.pairs(BOXES, a, a)) == [("a", "a"), ("b", "b")]


def test_what_lies_apart_stands_against_nothing() -> None:
    """Boxes with less than half in common are one missed and one too many."""
    a, b = boxes(box(0, 0, 10, 10)), boxes(box(5, 0, 10, 10, "b"))
    assert shapes.KIND.pairs(BOXES, a, b) == [("a", None), (None, "b")]
    assert shapes.KIND.pairs(BOXES, None, b) == [(None, "b")]


@pytest.mark.parametrize("change", [{"item_index": 1}, {"to_name": "other"}])
def test_other_places_do_not_match(change: dict[str, Any]) -> None:
    """The same box on another page or image has nothing in common."""
    here, there = boxes(box(0, 0, 10, 10)), boxes(box(0, 0, 10, 10) | change)
    assert shapes.KIND.distance(BOXES, here, there) == 1
    assert shapes.KIND.pairs(BOXES, here, there) == [("a", None), (None, "a")]
    assert shapes.KIND.read(BOXES, shapes.KIND.write(BOXES, there), None) == there


def test_a_turned_box_is_where_the_editor_draws_it() -> None:
    """90 degrees clockwise about its top left corner, on an image twice as wide as high."""
    size = {"original_width": 200, "original_height": 100}
    # 20 x 10 pixels at (100, 50): turned, it reaches 10 to the left and 20 down.
    turned = boxes(region(x=50, y=50, width=10, height=10, rotation=90) | size)
    upright = boxes(region(x=45, y=50, width=5, height=20) | size)
    assert shapes.KIND.distance(BOXES, turned, upright) == pytest.approx(0, abs=1e-6)


def test_forms_are_compared_with_each_other() -> None:
    """A polygon that is a box is as far from another box as the box is."""
    kind = label_configs.parse(
        f"<View>{IMAGE}<Labels name='c' toName='image'>{LABELS}</Labels></View>"
    )
    corners = [[0, 0], [10, 0], [10, 10], [0, 10]]
    polygon = shapes.KIND.read(kind.by_name["c"], [region("Labels", points=corners)], None)
    other = shapes.KIND.read(
        kind.by_name["c"], [region("Labels", x=5, y=0, width=10, height=10)], None
    )
    assert shapes.KIND.distance(kind.by_name["c"], polygon, other) == pytest.approx(1 - 50 / 150)


SIDES = {"x": 1, "y": 1, "width": 5, "height": 5}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (region(**SIDES) | {"type": "choices"}, "type 'choices', not rectanglelabels"),
        (region() | {"value": None}, "no value"),
        (region(**SIDES | {"width": 0}), "no area"),
        (region(**SIDES | {"height": -5}), "no area"),
        (region(**SIDES | {"x": math.nan}), "x is nan"),
        (region(**SIDES | {"x": "1"}), "x is '1'"),
        (region(**SIDES | {"x": True}), "x is True"),
        (region(**SIDES | {"y": None}), "y is None"),
        (region(**SIDES | {"y": 10**400}), "not a finite number"),
        (region(**SIDES | {"x": 97.5}), "outside of the image: at 102.5"),
        (region(**SIDES | {"y": -2}), "outside of the image: at 1, -2"),
        (region(**SIDES, rotation=30), "neither original_width nor original_height"),
        (region(**SIDES, rotation=math.inf), "rotation is inf"),
        (region(labels=("c",), **SIDES), "'c', which the label config does not know"),
        (region(labels=([],), **SIDES), "not a list of labels"),
        (region(labels=3, **SIDES), "not a list of labels"),
        (region(**SIDES) | {"item_index": -1}, "item_index is -1"),
        (region(**SIDES) | {"item_index": "x"}, "item_index is 'x'"),
        (region(**SIDES) | {"original_width": 0, "original_height": 5}, "original_width is 0"),
        (region(points=[[0, 0], [1, 1], [0, 1]]), "x is None"),
    ],
)
def test_what_cannot_be_read_is_named(wrong: dict[str, Any], message: str) -> None:
    """Each malformed region says what is wrong, and which it is."""
    with pytest.raises(Malformed, match=message) as caught:
        boxes(box(1, 1, 5, 5), wrong)
    assert caught.value.region == "r1"


@pytest.mark.parametrize(
    ("tag", "value", "message"),
    [
        ("PolygonLabels", {"points": [[0, 0], [1, 1]]}, "2 points"),
        ("PolygonLabels", {"points": [[0, 0], [1, 1], [2, 2]]}, "no area"),
        ("PolygonLabels", {"points": [[0, 0], [1, 1], [2]]}, "no list of pairs"),
        ("PolygonLabels", {"points": [[0, 0], [9, math.inf], [2, 0]]}, "point is inf"),
        ("PolygonLabels", {"points": [[0, 0], [9, 120], [2, 0]]}, "outside"),
        ("PolygonLabels", {"points": "abc"}, "no list of pairs"),
        ("PolygonLabels", {"points": [[0, 1]] * 10_001}, "10001 points"),
        ("EllipseLabels", {"x": 5, "y": 5, "radiusX": 0, "radiusY": 2}, "no area"),
        ("EllipseLabels", {"x": 5, "y": 5, "radiusX": 1e300, "radiusY": 2}, "outside"),
        ("EllipseLabels", {"x": 105, "y": 5, "radiusX": 3, "radiusY": 2}, "outside"),
        ("Labels", {"start": 5, "end": 9}, "neither a rectangle"),
    ],
)
def test_other_forms_are_checked_too(tag: str, value: dict[str, Any], message: str) -> None:
    """No area, no numbers, or outside of the image."""
    with pytest.raises(Malformed, match=message):
        shapes.KIND.read(control(tag), [region(tag, **value)], None)


@pytest.mark.parametrize("tag", ["Rectangle", "Ellipse", "Polygon"])
def test_bare_tags_have_shapes_without_labels(tag: str) -> None:
    """They are compared likewise, and count under the name of their tag."""
    value = SIDES | {"radiusX": 2, "radiusY": 3, "points": [[0, 0], [5, 0], [5, 5]]}
    kind = control(tag)
    found = shapes.KIND.read(kind, [region(tag, None, **value)], None)
    assert shapes.KIND.pairs(kind, found, found) == [(tag, tag)]
    assert shapes.KIND.distance(kind, found, found) == 0


def test_what_a_control_cannot_hold_is_not_written() -> None:
    """Another form, an unknown label or an object that it does not label."""
    for wrong in (
        boxes(box(1, 1, 5, 5)),
        (shapes.Shape(("image", 0), ("c",), "ellipse", (5.0, 5.0, 1.0, 1.0, 0.0, 1.0)),),
        (shapes.Shape(("sound", 0), ("a",), "ellipse", (5.0, 5.0, 1.0, 1.0, 0.0, 1.0)),),
    ):
        with pytest.raises(Skippable):
            shapes.KIND.write(control("EllipseLabels"), wrong)


def cells(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in answer["value"] if one["label"] == "RBC"]


def drawn(answer: dict[str, Any], data: dict[str, Any]) -> Any:
    """The red blood cells of an annotator, from pixels to percent, but for those without area."""
    across, down = data["width"] / 100, data["height"] / 100
    return boxes(
        *(
            box(one["x"] / across, one["y"] / down, one["width"] / across, one["height"] / down)
            for one in cells(answer)
            if one["width"]
        )
    )


@pytest.mark.parametrize(("how", "f1"), [("independent", 0.737), ("pass2_edits_pass1", 0.996)])
def test_people_agree_on_cells_as_was_measured(datasets: Path, how: str, f1: float) -> None:
    """F1 at an IoU of .5 where both drew on their own, and where one edited the other's boxes."""
    lines = (datasets / "bccd_boxes" / "items.jsonl").read_text().splitlines()
    items = [item for item in map(json.loads, lines) if item["slice"]["passes"] == how]
    sides = [[drawn(answer, item["data"]) for answer in item["labels"]] for item in items]
    hits = sum(shapes.KIND.counts(BOXES, one, two, 0.5)[0] for one, two in sides)
    told = sum(len(cells(answer)) for item in items for answer in item["labels"])
    assert 2 * hits / told == pytest.approx(f1, abs=0.0005)


def test_labels_beside_tools_hold_all_that_is_drawn() -> None:
    """Shapes, points and masks are compared with their own sort, and the tools' copies likewise."""
    config = label_configs.parse(
        f'<View>{IMAGE}<Rectangle name="r" toName="image"/><KeyPoint name="k" toName="image"/>'
        f'<Labels name="c" toName="image">{LABELS}</Labels></View>'
    )
    places: dict[str, Any] = {"r": SIDES, "k": {"x": 1, "y": 1, "width": 5}}
    tools = {"r": "rectangle", "k": "keypoint"}
    result = [
        {"id": name, "from_name": control, "to_name": "image", "type": kind, "value": place | more}
        for name, place in places.items()
        for control, kind, more in (
            (name, tools[name], {}),
            ("c", "labels", {"labels": ["a"]}),
        )
    ]
    values = label_configs.read(config, result)
    assert {name: len(value) for name, value in values.items()} == {"r": 1, "k": 1, "c": 2}
    box, point = (values["c"][k : k + 1] for k in (0, 1))
    labels = config.by_name["c"]
    assert label_configs.control_distance(labels, box, point) == 1
    assert label_configs.control_distance(labels, values["c"], box) == pytest.approx(1 / 3)
    assert label_configs.pairs(labels, values["c"], box) == [("a", "a"), ("a", None)]
