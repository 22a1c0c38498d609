"""Which answers people could give, beside the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from label_configs.compare import Value
from label_configs.nesting import Condition
from label_configs.parse import LabelConfig


def visible(config: LabelConfig, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values without those of controls that Label Studio would not show beside the others.

    Where a condition looks at regions, or a control is answered once a region, it is taken to be
    shown.
    """
    found = dict(values)
    while hidden := [name for name in found if not _is_shown(config, name, found)]:
        for name in hidden:
            del found[name]
    return found


def _is_shown(config: LabelConfig, name: str, values: Mapping[str, Value]) -> bool:
    control = config.by_name[name]
    if "perregion" in control.switched_on:
        return True
    return all(_holds(condition, values) for condition in control.conditions)


def _holds(condition: Condition, values: Mapping[str, Value]) -> bool:
    if condition.when not in ("choice-selected", "choice-unselected"):
        return True
    said = _words(values.get(condition.control))
    wanted = set(condition.choices)
    selected = bool(said & wanted if wanted else said)
    return selected is (condition.when == "choice-selected")


def _words(value: Any) -> set[str]:
    """The labels that a value holds; the deepest ones of paths."""
    if value is None:
        return set()
    if not isinstance(value, frozenset):
        return {str(value)}
    return {one[-1] if isinstance(one, tuple) else one for one in value}
