"""Values of Number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from label_configs.kinds import interval
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.single import only
from label_configs.parse import Control
from sync.errors import Malformed

Value = float

METRIC = True
SCALE = "interval"


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    low, high = _bounds(control)
    if low is not None and high is not None and low > high:
        return f"min={control.attribute('min')!r} above max={control.attribute('max')!r}"
    return ""


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The number, finite and within the control's min and max."""
    del data
    return _checked(control, only(regions, "number", "number"))


def write(control: Control, value: Value) -> list[Region]:
    """One region with the number."""
    number_ = _checked(control, value)
    exact = int(number_) if number_.is_integer() else number_
    return [{"type": "number", "value": {"number": exact}}]


def distance(control: Control, a: Value, b: Value) -> float:
    """The share of the way from min to max, or the relative distance: see `interval.distance`."""
    return interval.distance(a, b, *_bounds(control))


def number(control: Control, value: Value) -> float:
    """The number."""
    del control
    return value


def category(control: Control, value: Value) -> str:
    """The number, so that the same ones are the same category."""
    del control
    return repr(value).removesuffix(".0")


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """None: a number is not a label."""
    del control, a, b
    return []


def _bounds(control: Control) -> tuple[float | None, float | None]:
    return _bound(control.attribute("min")), _bound(control.attribute("max"))


def _bound(text: str) -> float | None:
    # Label Studio compares with what is no number, which nothing violates.
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _checked(control: Control, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(f"it holds {value!r}, which is no number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    low, high = _bounds(control)
    if not math.isfinite(found):
        raise Malformed("it holds a number that is not finite")
    if low is not None and found < low:
        raise Malformed(f"it holds {value!r}, which is below the least of {low:g}")
    if high is not None and found > high:
        raise Malformed(f"it holds {value!r}, which is above the most of {high:g}")
    # -0 is 0.
    return found + 0.0
