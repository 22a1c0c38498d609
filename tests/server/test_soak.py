"""A worker beside people who label without a pause."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import POLL, soak
from sync.demo.label_studio import Server
from sync.demo.people import Person


@pytest.mark.slow
def test_a_minute_of_labelling_is_mirrored(
    site: Server, annotators: list[Person], tmp_path: Path
) -> None:
    """No edit is lost, memory is flat, and the lag is an interval, 2 s and Label Studio's own."""
    found = soak(site, annotators, tmp_path, seconds=60, rate=3)
    first, second = found.peaks
    print(f"{found.edits} edits, lag p95 {found.lag:.2f} s, edits answered in {found.answer:.2f} s")
    assert found.edits > 120
    assert found.lost == 0
    # A pass asks Label Studio four times; it may be busy with what other tests left behind.
    assert found.lag < POLL + 2 + 4 * found.answer
    assert second < 1.05 * first
