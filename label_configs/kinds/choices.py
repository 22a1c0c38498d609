"""Values of Choices: a set of labels, with one element where the choice is single."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from label_configs.kinds.kind import Data, Pair, Region
from label_configs.parse import Control
from sync.errors import Malformed

Value = frozenset[str]

METRIC = True
SCALE = "nominal"

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


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The chosen labels; None where nothing is chosen."""
    del data
    if len(regions) > 1:
        raise Malformed("it is answered twice", region=regions[1].get("id"))
    region = regions[0]
    kind = region.get("type", "choices")
    if kind != "choices":
        raise Malformed(f"it holds a region of type {kind!r}, not choices")
    value = region.get("value")
    chosen = value.get("choices") if isinstance(value, dict) else None
    if isinstance(chosen, str):
        chosen = [chosen]
    if not isinstance(chosen, list):
        raise Malformed("it holds no list of choices")
    for label in chosen:
        if not isinstance(label, str):
            what = "a nested choice" if isinstance(label, list) else repr(label)
            raise Malformed(f"it holds {what} in its list of choices")
    return _checked(control, chosen) or None


def write(control: Control, value: Value) -> list[Region]:
    """One region with these labels, in the order of the label config."""
    return [{"type": "choices", "value": {"choices": _ordered(control, _checked(control, value))}}]


def distance(control: Control, a: Value, b: Value) -> float:
    """The Jaccard distance of two sets of labels; for single choices 0 if equal, else 1."""
    del control
    union = a | b
    return 1.0 - len(a & b) / len(union) if union else 0.0


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """Labels in common with themselves; for a single choice also the two that differ."""
    left, right = a or frozenset(), b or frozenset()
    if _single(control):
        return [(next(iter(left), None), next(iter(right), None))] if left or right else []
    found: list[Pair] = [(label, label) for label in _ordered(control, left & right)]
    found += [(label, None) for label in _ordered(control, left - right)]
    return found + [(None, label) for label in _ordered(control, right - left)]


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
        raise Malformed(f"it holds {unknown!r}, which the label config does not know")
    if len(value) > 1 and _single(control):
        raise Malformed(f"it holds {len(value)} choices and allows one")
    return value


def _single(control: Control) -> bool:
    return control.attrs.get("choice", "single").startswith("single")
