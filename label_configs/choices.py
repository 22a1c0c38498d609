"""Values of Choices: a set of labels, with one element where the choice is single."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from label_configs.parse import Control
from sync.errors import Skippable

Value = frozenset[str]

#: Attributes under which a control holds several sets of labels, or paths of them.
_OTHER = {"allownested": "allowNested", "perregion": "perRegion", "peritem": "perItem"}


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    for name, spelling in _OTHER.items():
        if name in control.switched_on:
            return f'{spelling}="true"'
    if control.attrs.get("value", "").startswith("$"):
        return f"choices taken from the task's data ({control.attrs['value']})"
    if "{{" in control.name:
        return "a name that a Repeater completes"
    return "" if control.labels else "no choices"


def read(control: Control, region: dict[str, Any]) -> Value | None:
    """The chosen labels of a region; None where nothing is chosen.

    Raises:
        Skippable: the value is malformed, or a label is not one of the control's.
    """
    kind = region.get("type", "choices")
    if kind != "choices":
        raise Skippable(f"control {control.name!r} holds a region of type {kind!r}, not choices")
    value = region.get("value")
    chosen = value.get("choices") if isinstance(value, dict) else None
    if isinstance(chosen, str):
        chosen = [chosen]
    if not isinstance(chosen, list):
        raise Skippable(f"control {control.name!r} holds no list of choices")
    for label in chosen:
        if not isinstance(label, str):
            what = "a nested choice" if isinstance(label, list) else repr(label)
            raise Skippable(f"control {control.name!r} holds {what} in its list of choices")
    return _checked(control, chosen) or None


def write(control: Control, value: Value) -> dict[str, Any]:
    """The region's type and value for these labels.

    Raises:
        Skippable: a label is not one of the control's, or there are several for a single choice.
    """
    return {"type": "choices", "value": {"choices": _ordered(control, _checked(control, value))}}


def distance(a: Value, b: Value) -> float:
    """The Jaccard distance of two sets of labels; for single choices 0 if equal, else 1."""
    union = a | b
    return 1.0 - len(a & b) / len(union) if union else 0.0


def category(control: Control, value: Value) -> str:
    """The value as one nominal category: the label, or a JSON list where several may be chosen.

    Labels joined by a separator could not be told from a label that holds the separator.
    """
    labels = _ordered(control, value)
    return labels[0] if _single(control) else json.dumps(labels, ensure_ascii=False)


def _ordered(control: Control, value: Value) -> list[str]:
    return [label for label in control.labels if label in value]


def _checked(control: Control, chosen: Collection[str]) -> Value:
    value = frozenset(chosen)
    if not value <= control.allowed:
        unknown = next(label for label in chosen if label not in control.allowed)
        raise Skippable(
            f"control {control.name!r} holds {unknown!r}, which the label config does not know"
        )
    if len(value) > 1 and _single(control):
        raise Skippable(f"control {control.name!r} holds {len(value)} choices and allows one")
    return value


def _single(control: Control) -> bool:
    return control.attrs.get("choice", "single").startswith("single")
