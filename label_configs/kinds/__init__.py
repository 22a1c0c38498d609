"""How the values of each control tag are handled; the one place that knows the tags."""

from __future__ import annotations

from label_configs.kinds import choices, shapes
from label_configs.kinds.kind import Kind
from label_configs.parse import Control
from sync.errors import Fatal

#: Control tag to kind.
KINDS: dict[str, Kind] = {
    "Choices": choices,
    "Ellipse": shapes,
    "EllipseLabels": shapes,
    "Polygon": shapes,
    "PolygonLabels": shapes,
    "Rectangle": shapes,
    "RectangleLabels": shapes,
}


def kind_of(control: Control) -> Kind:
    """How the control's values are handled.

    Raises:
        Fatal: they cannot be compared.
    """
    kind = KINDS.get(control.tag)
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
