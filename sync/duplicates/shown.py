"""What a task says, as one text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from label_configs import LabelConfig
from sync.records import Json


def shown(data: Json, config: LabelConfig) -> str:
    """All that the label config shows of a task's data, as one text.

    Ids and other fields that nobody sees would make copies look different. Images and other media
    are told apart by their addresses.
    """
    fields = dict.fromkeys(tag.field for tag in config.objects)
    return "\n".join(text for field in fields for text in _texts(data.get(field)))


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value of any depth, in their order."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            left.extend(reversed(list(item.values())))
        elif isinstance(item, (list, tuple)):
            left.extend(reversed(item))
        elif isinstance(item, (str, int, float)):
            yield str(item)
