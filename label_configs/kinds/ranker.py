"""Values of Ranker: items in an order, or items in buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from label_configs.kinds.dynamic import lookup
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.single import only
from label_configs.parse import Control
from sync.errors import Malformed

#: Each bucket that holds something, by name, with its items in their order. A control without
#: buckets has one, of its own name.
Value = tuple[tuple[str, tuple[str, ...]], ...]

METRIC = False
SCALE = ""

#: Where Label Studio keeps the items that are in no bucket.
_REST = "_"


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    if len(set(control.buckets)) < len(control.buckets) or "" in control.buckets:
        return "buckets that share a name or have none"
    return ""


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The buckets that hold something; None where no item is in one."""
    found = only(regions, "ranker", "ranker")
    if not isinstance(found, dict):
        raise Malformed("it holds no buckets under 'ranker'")
    return _checked(control, found, data) or None


def write(control: Control, value: Value) -> list[Region]:
    """One region with these buckets; none where all are empty."""
    buckets = {name: list(items) for name, items in _checked(control, dict(value), None)}
    return [{"type": "ranker", "value": {"ranker": buckets}}] if buckets else []


def distance(control: Control, a: Value, b: Value) -> float:
    """How far two rankings are apart, in [0, 1].

    With r(i) the place of item i, and items that one side does not list behind all that it lists
    and tied there, a pair of items counts |sign(r_a(i) - r_a(j)) - sign(r_b(i) - r_b(j))| / 2:
    1 where the sides order it differently, 1/2 where one leaves it open. The distance is the mean
    over the pairs of all items that either side lists.
    For two orders of the same items it is Kendall's distance; with items lacking it is that of
    Fagin, Kumar and Sivakumar with p = 1/2 ("Comparing top k lists", SIAM Journal on Discrete
    Mathematics 17, 2003, section 3.1), divided by the number of pairs: no metric, and 0 too where
    one list lacks just the last item of the other.

    With buckets, an item counts 1 where it is not in the same bucket on both sides, and otherwise
    the distance of the orders of those that are in this bucket on both sides.
    """
    if not control.buckets:
        return _kendall(a[0][1], b[0][1])
    left, right = _bucket_of(a), _bucket_of(b)
    together = {item for item, bucket in left.items() if right.get(item) == bucket}
    moved: float = len(left.keys() | right.keys()) - len(together)
    mine, other = dict(a), dict(b)
    for bucket in mine.keys() & other.keys():
        first = [item for item in mine[bucket] if item in together]
        second = [item for item in other[bucket] if item in together]
        moved += len(first) * _kendall(first, second)
    return moved / len(left.keys() | right.keys())


def category(control: Control, value: Value) -> None:
    """None: there are about as many rankings as answers."""
    del control, value


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """For each item its two buckets; nothing where there are no buckets."""
    if not control.buckets:
        return []
    left, right = _bucket_of(a or ()), _bucket_of(b or ())
    return [(left.get(item), right.get(item)) for item in sorted(left.keys() | right.keys())]


def _bucket_of(value: Value) -> dict[str, str]:
    return {item: bucket for bucket, items in value for item in items}


def _kendall(a: Sequence[str], b: Sequence[str]) -> float:
    items = sorted(set(a) | set(b))
    if len(items) < 2:
        return 0.0
    left, right = _places(a, items), _places(b, items)
    # Row by row: all pairs at once would take the square of the memory.
    apart = sum(
        float(np.abs(np.sign(left[i] - left[i + 1 :]) - np.sign(right[i] - right[i + 1 :])).sum())
        for i in range(len(items) - 1)
    )
    return apart / 2 / (len(items) * (len(items) - 1) / 2)


def _places(order: Sequence[str], items: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    place = {item: i for i, item in enumerate(order)}
    return np.array([place.get(item, len(order)) for item in items], np.int64)


def _checked(control: Control, buckets: Mapping[str, Any], data: Data) -> Value:
    names = control.buckets or (control.name,)
    unknown = [name for name in buckets if name not in names and name != _REST]
    if unknown:
        raise Malformed(f"it holds the bucket {unknown[0]!r}, which the label config does not know")
    known, seen = _items(control, data), set[str]()
    for items in buckets.values():
        if not isinstance(items, list | tuple) or not all(isinstance(x, str) for x in items):
            raise Malformed("it holds a bucket that is no list of item ids")
        for item in items:
            if item in seen:
                raise Malformed(f"it holds the item {item!r} twice")
            if known is not None and item not in known:
                raise Malformed(f"it holds the item {item!r}, which the task does not have")
            seen.add(item)
    return tuple((name, tuple(buckets[name])) for name in names if buckets.get(name))


def _items(control: Control, data: Data) -> frozenset[str] | None:
    """The ids of the items that the task's List shows; None where they are not known."""
    lists = [shown for shown in control.objects if shown.tag == "List"]
    items = lookup(data, lists[0].value) if data is not None and lists else None
    if not isinstance(items, list):
        return None
    return frozenset(str(item["id"]) for item in items if isinstance(item, dict) and "id" in item)
