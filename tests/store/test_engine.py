"""What is set up on each connection."""

from __future__ import annotations

import pytest
from pg8000.converters import timestamptz_in

from sync.store.engine import _moment

#: What PostgreSQL writes: times with and without parts of a second, in other zones, and those that
#: Python's datetime cannot hold (its manual's chapter "Date/Time Types" has the limits).
TIMES = [
    "2026-01-01 00:00:00+00",
    "2026-01-01 00:00:00.5+00",
    "2026-01-01 00:00:00.123456+00",
    "2026-01-01 05:30:00+05:30",
    "2026-01-01 00:00:00-03",
    "infinity",
    "-infinity",
    "0044-03-15 12:00:00+00 BC",
    "294276-12-31 23:59:59.999999+00",
]


@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_read_as_the_driver_reads_it(text: str) -> None:
    """Also where it is none that Python knows."""
    assert _moment(text) == timestamptz_in(text)
