"""Values of Choices: a set of labels, with one element where the choice is single."""

from __future__ import annotations

from typing import Any

from label_configs.parse import Control
from sync.errors import Skippable

Value = frozenset[str]


def read(control: Control, region: dict[str, Any]) -> Value:
    """The chosen labels of a region.

    Raises:
        Skippable: the value is malformed, or a label is not one of the control's.
    """
    value = region.get("value")
    chosen = value.get("choices") if isinstance(value, dict) else None
    if isinstance(chosen, str):
        chosen = [chosen]
    if not isinstance(chosen, list) or not all(isinstance(label, str) for label in chosen):
        raise Skippable(f"control {control.name!r} holds no list of choices")
    unknown = [label for label in chosen if label not in control.allowed]
    if unknown:
        raise Skippable(
            f"control {control.name!r} holds {unknown[0]!r}, which the label config does not know"
        )
    if len(chosen) > 1 and control.attrs.get("choice", "single").startswith("single"):
        raise Skippable(f"control {control.name!r} holds {len(chosen)} choices and allows one")
    return frozenset(chosen)


def write(control: Control, value: Value) -> dict[str, Any]:
    """The region's type and value for these labels."""
    ordered = [label for label in control.labels if label in value]
    return {"type": "choices", "value": {"choices": ordered}}


def distance(a: Value, b: Value) -> float:
    """The Jaccard distance of two sets of labels; for single choices 0 if equal, else 1."""
    union = a | b
    return 1.0 - len(a & b) / len(union) if union else 0.0


def category(control: Control, value: Value) -> str:
    """The value as one nominal category."""
    return " + ".join(label for label in control.labels if label in value)
