"""Values of Rating: how many stars."""

from __future__ import annotations

from collections.abc import Sequence

from label_configs.kinds import interval
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.single import only
from label_configs.parse import Control
from sync.errors import Malformed

Value = int

METRIC = True
SCALE = "ordinal"


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    stars = control.attribute("maxRating")
    if stars and not (stars.isdecimal() and 0 < int(stars) < 1_000_000):
        return f"maxRating={stars!r}"
    return ""


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """How many stars, from 1; None for 0, which the interface shows as not rated."""
    del data
    return _checked(control, only(regions, "rating", "rating")) or None


def write(control: Control, value: Value) -> list[Region]:
    """One region with the stars; none for 0."""
    stars = _checked(control, value)
    return [{"type": "rating", "value": {"rating": stars}}] if stars else []


def distance(control: Control, a: Value, b: Value) -> float:
    """The difference in stars as a share of the largest one."""
    return interval.distance(a, b, 1, _most(control))


def number(control: Control, value: Value) -> float:
    """The stars."""
    del control
    return float(value)


def category(control: Control, value: Value) -> str:
    """The stars."""
    del control
    return str(value)


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """The two ratings."""
    return [(None if a is None else str(a), None if b is None else str(b))] if a or b else []


def _most(control: Control) -> int:
    return int(control.attribute("maxRating") or 5)


def _checked(control: Control, stars: object) -> int:
    if isinstance(stars, bool) or not isinstance(stars, int | float) or stars % 1 != 0:
        raise Malformed(f"it holds the rating {stars!r}, which is no whole number")
    if not 0 <= stars <= _most(control):
        raise Malformed(f"it holds the rating {stars!r}: it lies between 0 and {_most(control)}")
    return int(stars)
