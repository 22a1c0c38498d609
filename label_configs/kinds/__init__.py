"""How the values of each control tag are handled; the one place that knows the tags."""

from __future__ import annotations

from functools import cache
from typing import Any

from label_configs.kinds import (
    brush,
    choices,
    date_time,
    image_labels,
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
from label_configs.parse import Control, LabelConfig
from sync.errors import Fatal

#: Control tag to kind.
KINDS: dict[str, Kind] = {
    "Brush": brush.KIND,
    "BrushLabels": brush.KIND,
    "Choices": choices,
    "DateTime": date_time,
    "Ellipse": shapes.KIND,
    "EllipseLabels": shapes.KIND,
    "HyperTextLabels": spans,
    "KeyPoint": keypoints.KIND,
    "KeyPointLabels": keypoints.KIND,
    "Labels": spans,
    "Number": number,
    "Pairwise": pairwise,
    "ParagraphLabels": spans,
    "Polygon": shapes.KIND,
    "PolygonLabels": shapes.KIND,
    "Ranker": ranker,
    "Rating": rating,
    "Rectangle": shapes.KIND,
    "RectangleLabels": shapes.KIND,
    "Taxonomy": Paths("taxonomy"),
    "TextArea": text_area,
    "TimeSeriesLabels": spans,
    "TimelineLabels": spans,
    "VideoRectangle": video.KIND,
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
    # Asked for with every value, so each control remembers its own.
    kept = vars(control)
    found: Kind | None = kept.get("kind")
    if found is None:
        found = kept["kind"] = _kind_of(control)
    return found


def kinds_of(config: LabelConfig) -> dict[str, Kind]:
    """How the values of each control are handled, by its name.

    Raises:
        Fatal: those of one cannot be compared.
    """
    kept = vars(config)
    found: dict[str, Kind] | None = kept.get("kinds")
    if found is None:
        found = kept["kinds"] = {control.name: kind_of(control) for control in config.controls}
    return found


def _kind_of(control: Control) -> Kind:
    plain: Any = _plain(control)
    on = control.switched_on
    if plain is None:
        raise Fatal(
            f"values of {control.tag} (control {control.name!r}) cannot be compared: Assay "
            f"compares those of {', '.join(KINDS)}"
        )
    per_region = "perregion" in on and control.tag in _OF_WHOLE_TASKS
    kind = _wrapped(plain, per_region, "peritem" in on, control.is_repeated)
    if obstacle := kind.obstacle(control):
        raise Fatal(
            f"values of {control.tag} with {obstacle} (control {control.name!r}) cannot be compared"
        )
    return kind


def _plain(control: Control) -> Kind | None:
    """The kind of one answer about a whole task."""
    if control.tag == "Choices" and "allownested" in control.switched_on:
        return _NESTED_CHOICES
    if control.tag == "Labels" and {tag.tag for tag in control.objects} == {"Image"}:
        return image_labels.KIND
    return KINDS.get(control.tag)


@cache
def _wrapped(kind: Any, per_region: bool, per_item: bool, repeated: bool) -> Kind:
    """The kind of several such answers, where the control is answered several times."""
    found: Kind = PerRegion(kind, KINDS) if per_region else kind
    found = Indexed(found, named=False) if per_item else found
    return Indexed(found, named=True) if repeated else found
