"""How the values of each control tag are handled; the one place that knows the tags."""

from __future__ import annotations

from label_configs.kinds import choices
from label_configs.kinds.kind import Kind
from label_configs.parse import Control
from sync.errors import Fatal

#: Control tag to kind.
KINDS: dict[str, Kind] = {
    "Choices": choices,
}


def kind_of(control: Control) -> Kind:
    """How the control's values are handled.

    Raises:
        Fatal: they cannot be compared.
    """
    kind = KINDS.get(control.tag)
    obstacle = kind.obstacle(control) if kind else ""
    if kind is None or obstacle:
        what = f"{control.tag} with {obstacle}" if obstacle else control.tag
        raise Fatal(
            f"values of {what} (control {control.name!r}) cannot be compared yet: Assay "
            f"judges {', '.join(KINDS)} of a fixed set of labels"
        )
    return kind
