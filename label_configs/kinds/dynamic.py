"""Choices that a task's data brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from label_configs.kinds.kind import Data
from label_configs.parse import Control

_STEP = re.compile(r"[^.\[\]]+")


def is_dynamic(control: Control) -> bool:
    """Whether the task's data brings (more) choices."""
    return control.attribute("value").startswith("$")


def brought(control: Control, data: Data) -> frozenset[tuple[str, ...]] | None:
    """The way from the topmost choice to each that the task's data brings.

    Label Studio takes them from the field that `value` names: a list of objects with `value`,
    `alias` (which is stored in its place), and `children` of the same form.

    Returns:
        None where the data, or this place in it, is not known.
    """
    if not is_dynamic(control):
        return frozenset()
    found = lookup(data, control.attribute("value"))
    return None if found is None else frozenset(_paths(found))


def lookup(data: Data, place: str) -> Any:
    """What stands in the task's data under an expression such as "$options" or "$a.b[0]".

    Returns:
        None where nothing does.
    """
    key = place.lstrip("$")
    if data is not None and key in data:
        return data[key]
    found: Any = data
    for step in _STEP.findall(key):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def _paths(options: Any) -> Iterator[tuple[str, ...]]:
    waiting: list[tuple[Any, tuple[str, ...]]] = [(options, ())]
    while waiting:
        some, above = waiting.pop()
        for option in some if isinstance(some, list) else []:
            value = option.get("alias") or option.get("value") if isinstance(option, dict) else None
            if isinstance(value, str):
                yield (*above, value)
                waiting.append((option.get("children"), (*above, value)))
