"""How the values of each control tag are handled; the one place that knows the tags."""

from __future__ import annotations

from functools import cache

from label_configs.kinds import (
    brush,
    choices,
    date_time,
    keypoints,
    number,
    pairwise,
    ranker,
    rating,
    shapes,
    spans,
    text_area,
    video,
)
from label_configs.kinds.indexed import Indexed
from label_configs.kinds.kind import Kind
from label_configs.kinds.paths import Paths
from label_configs.kinds.per_region import PerRegion
from label_configs.kinds.relations import Relations
from label_configs.parse import Control
from sync.errors import Fatal

#: Control tag to kind.
KINDS: dict[str, Kind] = {
    "Brush": brush,
    "BrushLabels": brush,
    "Choices": choices,
    "DateTime": date_time,
    "Ellipse": shapes,
    "EllipseLabels": shapes,
    "HyperTextLabels": spans,
    "KeyPoint": keypoints,
    "KeyPointLabels": keypoints,
    "Labels": spans,
    "Number": number,
    "Pairwise": pairwise,
    "ParagraphLabels": spans,
    "Polygon": shapes,
    "PolygonLabels": shapes,
    "Ranker": ranker,
    "Rating": rating,
    "Rectangle": shapes,
    "RectangleLabels": shapes,
    "Taxonomy": Paths("taxonomy"),
    "TextArea": text_area,
    "TimeSeriesLabels": spans,
    "TimelineLabels": spans,
    "VideoRectangle": video,
}
KINDS["Relations"] = Relations(KINDS)
#: Controls that may also be answered once for each region.
_OF_WHOLE_TASKS = {"Choices", "DateTime", "Number", "Rating", "Taxonomy", "TextArea"}
#: Choices inside Choices.
_NESTED_CHOICES = Paths("choices")


def kind_of(control: Control) -> Kind:
    """How the control's values are handled.

    Raises:
        Fatal: they cannot be compared.
    """
    on = control.switched_on
    per_region = "perregion" in on and control.tag in _OF_WHOLE_TASKS
    kind = _kind(control.tag, "allownested" in on, per_region, "peritem" in on, control.is_repeated)
    if kind is None:
        raise Fatal(
            f"values of {control.tag} (control {control.name!r}) cannot be compared: Assay "
            f"compares those of {', '.join(KINDS)}"
        )
    if obstacle := kind.obstacle(control):
        raise Fatal(
            f"values of {control.tag} with {obstacle} (control {control.name!r}) cannot be compared"
        )
    return kind


@cache
def _kind(tag: str, nested: bool, per_region: bool, per_item: bool, repeated: bool) -> Kind | None:
    kind: Kind | None = _NESTED_CHOICES if tag == "Choices" and nested else KINDS.get(tag)
    if kind is not None and per_region:
        kind = PerRegion(kind, KINDS)
    if kind is not None and per_item:
        kind = Indexed(kind, named=False)
    if kind is not None and repeated:
        kind = Indexed(kind, named=True)
    return kind
