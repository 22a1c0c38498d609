"""When a project that looks the same is worked on all the same."""

from __future__ import annotations

from sync.labelstudio.listing import Look
from sync.worker.watch import Watched

LOOK: Look = (((1, "2026-01-01T00:00:00Z"),), 1, 0, 0)


def is_idle(watched: Watched, now: float) -> bool:
    return watched.is_idle(LOOK, now, longest=60)


def test_what_comes_late_is_looked_for_once() -> None:
    """After a change, one more pass follows when no transaction from before can be open."""
    watched = Watched(project_id=1)
    watched.passed(LOOK, began=100, took=1, settle=10)
    assert is_idle(watched, 105)
    assert not is_idle(watched, 110)
    watched.passed(LOOK, began=110, took=1, settle=10)
    assert is_idle(watched, 111)
    assert is_idle(watched, 125)


def test_nothing_is_left_alone_for_long() -> None:
    """What no look shows, such as another label config, is seen within the longest time."""
    watched = Watched(project_id=1)
    watched.passed(LOOK, began=100, took=1, settle=0)
    assert is_idle(watched, 159)
    assert not is_idle(watched, 160)
