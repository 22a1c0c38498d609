"""Values of Pairwise: which of two objects was chosen."""

from __future__ import annotations

from collections.abc import Sequence

from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.single import only
from label_configs.parse import Control
from sync.errors import Malformed

#: "left" or "right": the first or the second object of `toName`.
Value = str

METRIC = True
SCALE = "nominal"


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    return "" if len(control.to_name) == 2 else f"toName={','.join(control.to_name)!r}"


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The chosen side; Label Studio stores no region where neither is chosen."""
    del control, data
    return _checked(only(regions, "pairwise", "selected"))


def write(control: Control, value: Value) -> list[Region]:
    """One region with the chosen side."""
    del control
    return [{"type": "pairwise", "value": {"selected": _checked(value)}}]


def distance(control: Control, a: Value, b: Value) -> float:
    """0 for the same side, else 1."""
    del control
    return float(a != b)


def category(control: Control, value: Value) -> str:
    """The side."""
    del control
    return value


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """The two sides."""
    del control
    return [(a, b)] if a or b else []


def _checked(side: object) -> str:
    if side != "left" and side != "right":
        raise Malformed(f"it holds {side!r}, not left or right")
    return str(side)
