"""A labelled stretch of text, sound or time, and what the reading of one may complain about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sync.errors import Malformed

#: The largest number of which lengths and sums are taken, and the largest exact whole one.
_LARGEST, _WHOLE = 1e100, 2**53


class Place(NamedTuple):
    """Where a span lies: the first three and the last field of `Span`."""

    track: str
    start: float
    end: float
    source: tuple[Any, ...] = ()


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A stretch from start to end, end not included.

    Units: characters (Unicode code points) of text, seconds of sound and of time series with a
    time format, the series' own numbers otherwise, frames of video. Only an instant of a time
    series has no length.
    """

    #: Spans of different tracks have nothing in common: a channel of sound, a node of HTML.
    track: str
    start: float
    end: float
    #: Sorted, each once; empty where the control has no labels.
    labels: tuple[str, ...] = ()
    #: What Label Studio stores beside it, such as XPaths: for writing, not for comparing.
    source: tuple[Any, ...] = field(default=(), compare=False, repr=False)

    @property
    def place(self) -> str:
        """What spans must share to have anything in common: the track."""
        return self.track


def whole(value: object, what: str) -> int:
    """The value as a whole number from 0.

    Raises:
        Malformed: it is none, or too large for one.
    """
    if type(value) is int and 0 <= value <= _WHOLE:
        return value
    found = number(value, what)
    if found < 0 or not found.is_integer() or found > _WHOLE:
        raise Malformed(f"its {what} is {value!r}, not a whole number from 0")
    return int(found)


def number(value: object, what: str) -> float:
    """The value as a number.

    Raises:
        Malformed: it is none, or so large that lengths could not be computed.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise Malformed(f"its {what} is {_short(value)}, not a number")
    return float(value)


def _short(value: object) -> str:
    return f"{value!r}"[:60]
