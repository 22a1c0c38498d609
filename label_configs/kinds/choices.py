"""Values of Choices: a set of labels, with one element where the choice is single."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from label_configs.kinds.dynamic import brought, is_dynamic
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.sets import jaccard_distance
from label_configs.kinds.single import only
from label_configs.parse import Control
from sync.errors import Malformed

Value = frozenset[str]

METRIC = True
SCALE = "nominal"


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    return "" if control.labels or is_dynamic(control) else "no choices"


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The chosen labels; None where nothing is chosen."""
    chosen = only(regions, "choices", "choices")
    if isinstance(chosen, str):
        chosen = [chosen]
    if not isinstance(chosen, list):
        raise Malformed("it holds no list of choices")
    for label in chosen:
        if not isinstance(label, str):
            what = "a nested choice" if isinstance(label, list) else repr(label)
            raise Malformed(f"it holds {what} in its list of choices")
    return _checked(control, chosen, data) or None


def write(control: Control, value: Value) -> list[Region]:
    """One region with these labels, in the order of the label config; none for no labels."""
    labels = _ordered(control, _checked(control, value, None))
    return [{"type": "choices", "value": {"choices": labels}}] if labels else []


def distance(control: Control, a: Value, b: Value) -> float:
    """The Jaccard distance of two sets of labels; for single choices 0 if equal, else 1.

    Jaccard and not MASI: it is proved to be a metric, each label counts the same whichever others
    are chosen, and regions are compared by the same ratio. `sets.masi_distance` has the other.
    """
    del control
    return jaccard_distance(a, b)


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
    known = [label for label in control.labels if label in value]
    return known + sorted(value - control.allowed)


def _checked(control: Control, chosen: Collection[str], data: Data) -> Value:
    value = frozenset(chosen)
    if not value <= control.allowed:
        _check_brought(control, chosen, data)
    if len(value) > 1 and _single(control):
        raise Malformed(f"it holds {len(value)} choices and allows one")
    return value


def _check_brought(control: Control, chosen: Collection[str], data: Data) -> None:
    more = brought(control, data)
    # Without the task's data any label may be one of those that it brings.
    if more is None:
        return
    allowed = control.allowed | {path[0] for path in more if len(path) == 1}
    unknown = [label for label in chosen if label not in allowed]
    if unknown:
        whose = "the label config or the task" if more else "the label config"
        raise Malformed(f"it holds {unknown[0]!r}, which {whose} does not know")


def _single(control: Control) -> bool:
    return (control.attribute("choice") or "single").startswith("single")
