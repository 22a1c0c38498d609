"""Moments of a time series: numbers, or dates in the format of the TimeSeries tag."""

from __future__ import annotations

from datetime import UTC, datetime

from label_configs.kinds.span import number
from sync.errors import Malformed

#: Directives of d3-time-format, in which Label Studio's timeFormat is written, that Python spells
#: otherwise: milliseconds, and the day padded by a space.
_SPELLING = {"%L": "%f", "%e": "%d"}


def seconds(value: object, time_format: str, what: str) -> float:
    """Where a moment lies on its axis.

    Args:
        value: as Label Studio stores it: text in the time format, or a number.
        time_format: the timeFormat of the TimeSeries tag; empty where times are plain numbers.
        what: "start" or "end", for the message of an error.

    Returns:
        Seconds since 1970 in UTC where there is a time format (a number then means milliseconds,
        as in JavaScript), else the number.

    Raises:
        Malformed: it cannot be read.
    """
    if not isinstance(value, str):
        return number(value, what) / (1000.0 if time_format else 1.0)
    try:
        found = _date(value, time_format) if time_format else float(value)
        return number(found, what)
    except ValueError:
        expected = f"a time like {time_format!r}" if time_format else "a number"
        raise Malformed(f"its {what} is {value!r}, not {expected}") from None


def _date(text: str, time_format: str) -> float:
    if time_format in ("%s", "%Q"):
        return float(text) / (1000.0 if time_format == "%Q" else 1.0)
    for ours, theirs in _SPELLING.items():
        time_format = time_format.replace(ours, theirs)
    try:
        moment = datetime.strptime(text.strip(), time_format)
    except ValueError:
        moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
