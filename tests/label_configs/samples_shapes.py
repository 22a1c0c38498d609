"""Results of the controls that label regions of images and videos."""

from __future__ import annotations

from typing import Any

from tests.label_configs.samples import Json, Sample

IMAGE = '<Image name="i" value="$image"/>'
LABELS = '<Label value="a"/><Label value="b"/>'
DATA = {"image": "http://localhost/1.png"}
SIZE = {"original_width": 640, "original_height": 480, "image_rotation": 0}


def region(tag: str, labels: list[str] | None = None, index: int = 0, **value: Any) -> Json:
    """A region as the image editor stores it, but for its id."""
    kind = tag.lower()
    if labels is not None:
        value |= {kind: labels}
    page = {"item_index": index} if index else {}
    place = {"from_name": "c", "to_name": "i", "type": kind}
    return place | {"value": value} | SIZE | page


def on_image(tag: str, *results: list[Json], name: str = "", **more: Any) -> Sample:
    """A sample of a control of the name c on an image."""
    inside = LABELS if tag.endswith("Labels") else ""
    xml = f'<View>{IMAGE}<{tag} name="c" toName="i">{inside}</{tag}></View>'
    result, *others = results
    data, name = more.pop("data", DATA), name or tag
    return Sample(name=name, xml=xml, data=data, result=result, others=others, **more)


BOX = {"x": 12.5, "y": 20.0, "width": 30.25, "height": 40.0, "rotation": 0}
TURNED = {"x": 50.0, "y": 20.0, "width": 20.0, "height": 30.0, "rotation": 33.5}
ELLIPSE = {"x": 50.0, "y": 50.0, "radiusX": 20.0, "radiusY": 10.0, "rotation": 0}
TRIANGLE = [[10.0, 10.0], [60.5, 20.0], [30.0, 80.25]]
POINT = {"x": 12.5, "y": 20.0, "width": 0.75}

IMAGES = [
    on_image(
        "RectangleLabels",
        [region("RectangleLabels", ["a"], **BOX), region("RectangleLabels", ["b"], **TURNED)],
        [region("RectangleLabels", ["b"], **BOX)],
        [region("RectangleLabels", ["a"], **BOX)],
        [region("RectangleLabels", ["a"], 1, **BOX)],
        [region("RectangleLabels", ["a", "b"], **BOX)],
    ),
    on_image("Rectangle", [region("Rectangle", **BOX)], [region("Rectangle", **TURNED)]),
    on_image(
        "EllipseLabels",
        [region("EllipseLabels", ["a"], **ELLIPSE)],
        [region("EllipseLabels", ["a"], **ELLIPSE | {"rotation": 20})],
        [region("EllipseLabels", ["b"], **ELLIPSE)],
    ),
    on_image(
        "Ellipse", [region("Ellipse", **ELLIPSE)], [region("Ellipse", **ELLIPSE | {"x": 55.0})]
    ),
    on_image(
        "PolygonLabels",
        [region("PolygonLabels", ["a"], points=TRIANGLE, closed=True)],
        [region("PolygonLabels", ["a"], points=[*TRIANGLE, [20.0, 40.0]], closed=True)],
    ),
    on_image(
        "Polygon",
        [region("Polygon", points=TRIANGLE, closed=True)],
        [region("Polygon", points=TRIANGLE, closed=True)] * 2,
    ),
    on_image(
        "KeyPointLabels",
        [region("KeyPointLabels", ["a"], **POINT), region("KeyPointLabels", ["b"], **POINT)],
        [region("KeyPointLabels", ["a"], **POINT)],
        [region("KeyPointLabels", ["a"], **POINT | {"x": 80.0})],
    ),
    on_image("KeyPoint", [region("KeyPoint", **POINT)], [region("KeyPoint", **POINT | {"y": 1.0})]),
]
