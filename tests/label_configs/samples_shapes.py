"""Results of the controls that label regions of images and videos."""

from __future__ import annotations

from typing import Any

import numpy as np
from label_studio_sdk.converter.brush import encode_rle

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


def painted(rows: slice, columns: slice) -> Json:
    """A brush mask as the SDK encodes it."""
    alpha = np.zeros((480, 640), dtype=np.uint8)
    alpha[rows, columns] = 255
    data = encode_rle(np.repeat(alpha.ravel(), 4))
    return {"format": "rle", "rle": [int(byte) for byte in data]}


SQUARE, STRIPE = painted(slice(9, 99), slice(9, 99)), painted(slice(50, 60), slice(0, 640))


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
    on_image(
        "BrushLabels",
        [region("BrushLabels", ["a"], **SQUARE), region("BrushLabels", ["b"], **STRIPE)],
        [region("BrushLabels", ["b"], **SQUARE)],
        [region("BrushLabels", ["a"], **SQUARE)],
    ),
    on_image("Brush", [region("Brush", **SQUARE)], [region("Brush", **STRIPE)]),
]

TOOLS = "".join(f'<{tag} name="{tag}" toName="i"/>' for tag in ("Rectangle", "Brush", "KeyPoint"))
IMAGES.append(
    Sample(
        name="Labels on images",
        xml=f'<View>{IMAGE}{TOOLS}<Labels name="c" toName="i">{LABELS}</Labels></View>',
        data=DATA,
        result=[
            region("Labels", ["a"], **BOX),
            region("Labels", ["a"], **POINT),
            region("Labels", ["b"], **SQUARE),
            region("Labels", ["b"], points=TRIANGLE),
        ],
        others=[
            [region("Labels", ["a"], **BOX), region("Labels", ["b"], **SQUARE)],
            [region("Labels", ["b"], **BOX), region("Labels", ["a"], **SQUARE)],
            [region("Labels", ["b"], **POINT)],
        ],
        # Its validator wants each region beside that of the tool that drew it.
        sdk=False,
    )
)


def keyframe(frame: int, x: float, enabled: bool = True) -> Json:
    """A keyframe as the video editor stores it, at 25 frames a second."""
    box = {"x": x, "y": 20.5, "width": 10.0, "height": 25.0, "rotation": 0}
    return box | {"frame": frame, "enabled": enabled, "time": frame / 25}


def track(label: str, *sequence: Json) -> Json:
    """A region of VideoRectangle, which holds the labels of the Labels beside it."""
    value = {"framesCount": 100, "duration": 4.0, "sequence": list(sequence), "labels": [label]}
    return {"from_name": "c", "to_name": "v", "type": "videorectangle", "value": value}


VIDEOS = [
    Sample(
        name="VideoRectangle",
        xml='<View><Video name="v" value="$video"/><VideoRectangle name="c" toName="v"/>'
        f'<Labels name="l" toName="v">{LABELS}</Labels></View>',
        data={"video": "http://localhost/1.mp4"},
        result=[
            track("a", keyframe(1, 5.0), keyframe(50, 60.0, enabled=False)),
            track("b", keyframe(10, 40.0)),
        ],
        others=[[track("a", keyframe(10, 40.0))], [track("b", keyframe(10, 40.0))]],
    ),
]
