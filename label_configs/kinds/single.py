"""Reading of controls that leave one region with one value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from label_configs.kinds.kind import Region
from sync.errors import Malformed


def only(regions: Sequence[Region], kind: str, key: str) -> Any:
    """What stands under the key in the control's one region.

    Args:
        regions: the control's regions, at least one.
        kind: the type that the region must have, such as "rating"; a region without one passes.
        key: where its value holds the answer.

    Raises:
        Malformed: there are several regions, or the one is of another type.
    """
    if len(regions) > 1:
        raise Malformed("it is answered twice", region=regions[1].get("id"))
    return content(regions[0], kind, key)


def content(region: Region, kind: str, key: str) -> Any:
    """What stands under the key in a region of the type `kind`; None where nothing does.

    Raises:
        Malformed: the region is of another type.
    """
    found = region.get("type", kind)
    if found != kind:
        raise Malformed(f"it holds a region of type {found!r}, not {kind}", region=region.get("id"))
    value = region.get("value")
    return value.get(key) if isinstance(value, dict) else None


def joined(names: Sequence[str]) -> str:
    """One category of several names: the one that there is, or a JSON list."""
    alone = len(names) == 1 and not names[0].startswith("[")
    return names[0] if alone else json.dumps(list(names), ensure_ascii=False)
