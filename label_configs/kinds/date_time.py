"""Values of DateTime: a moment, a date, or a time of the day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.single import only
from label_configs.parse import Control
from sync.errors import Malformed

METRIC = True
SCALE = "interval"

_DAY = 86_400.0
_EPOCH = datetime(1970, 1, 1)
#: What Label Studio's formats (d3-time-format) and Python's spell differently.
_TO_PYTHON = {"e": "%d", "L": "%f", "Z": "%z", "x": "%m/%d/%Y", "X": "%I:%M:%S %p"}
_TO_PYTHON["c"] = f"{_TO_PYTHON['x']}, {_TO_PYTHON['X']}"
_SAME = frozenset("aAbBdfHIjmMpSyY%")
_DIRECTIVE = re.compile(r"%[-_0]?(.?)")


@dataclass(frozen=True)
class Moment:
    """A point in time; two are equal if it is the same one, however it is written."""

    #: Since 1970 as if in UTC, or since midnight where there is no date.
    seconds: float
    #: As Label Studio stores it.
    text: str = field(compare=False)


Value = Moment


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    return "" if _is_time(control) or _python(_format(control)) else f"format={_format(control)!r}"


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The moment; None where the field was left empty."""
    del data
    text = only(regions, "datetime", "datetime")
    return None if text == "" else _checked(control, text)


def write(control: Control, value: Value) -> list[Region]:
    """One region with the moment as it is stored."""
    return [{"type": "datetime", "value": {"datetime": _checked(control, value.text).text}}]


def distance(control: Control, a: Value, b: Value) -> float:
    """How far two moments are apart, in [0, 1].

    The difference as a share of the day for times of the day, and of the time from the control's
    min to its max where it has both; elsewhere there is no scale, and it is 0 for the same moment
    and 1 for any other. A metric.
    """
    if a == b:
        return 0.0
    low, high = _bounds(control)
    span = _DAY if _is_time(control) else (high - low) if low and high else 0.0
    return min(1.0, abs(a.seconds - b.seconds) / span) if span > 0 else 1.0


def number(control: Control, value: Value) -> float:
    """The seconds since 1970 as if in UTC, or since midnight where there is no date."""
    del control
    return value.seconds


def category(control: Control, value: Value) -> str:
    """The moment in ISO 8601, so that the same ones are the same category."""
    moment = _EPOCH + timedelta(seconds=value.seconds)
    return moment.strftime("%H:%M") if _is_time(control) else moment.isoformat()


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """None: a moment is not a label."""
    del control, a, b
    return []


def _checked(control: Control, text: object) -> Moment:
    if not isinstance(text, str):
        raise Malformed(f"it holds {text!r}, which is no text of a date or time")
    form = "%H:%M" if _is_time(control) else _format(control)
    seconds = _seconds(_python(form), text)
    if seconds is None:
        raise Malformed(f"it holds {text!r}, which does not read as {form}")
    if _is_time(control):
        return Moment(seconds % _DAY, text)
    low, high = _bounds(control)
    if low is not None and seconds < low:
        raise Malformed(f"it holds {text!r}, before the least of {control.attribute('min')}")
    if high is not None and seconds >= high + _DAY:
        raise Malformed(f"it holds {text!r}, after the most of {control.attribute('max')}")
    return Moment(seconds, text)


def _is_time(control: Control) -> bool:
    return control.attribute("only") == "time"


def _format(control: Control) -> str:
    """The strftime format in which the control stores its moments."""
    shown = control.attribute("only")
    dated = "%Y-%m-%dT%H:%M" if not shown or "time" in shown else "%Y-%m-%d"
    return control.attribute("format") or dated


@lru_cache(maxsize=1_000)
def _python(form: str) -> str:
    """Label Studio's format as Python's; empty where a text could not be read back."""
    letters = _DIRECTIVE.findall(form)
    if any(letter not in _SAME and letter not in _TO_PYTHON for letter in letters):
        return ""
    return _DIRECTIVE.sub(lambda found: _TO_PYTHON.get(found[1], f"%{found[1]}"), form)


@lru_cache(maxsize=100_000)
def _seconds(form: str, text: str) -> float | None:
    try:
        moment = datetime.strptime(text, form)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return (moment - _EPOCH).total_seconds()


def _bounds(control: Control) -> tuple[float | None, float | None]:
    """The first moments of the least and of the greatest day; None where there is none."""
    low, high = control.attribute("min"), control.attribute("max")
    # "current" is the year in which somebody labels, which is not known here.
    return _day(f"{low}-01-01" if len(low) == 4 else low), _day(
        f"{high}-12-31" if len(high) == 4 else high
    )


def _day(text: str) -> float | None:
    try:
        return (date.fromisoformat(text) - _EPOCH.date()).total_seconds()
    except ValueError:
        return None
