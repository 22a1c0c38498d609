"""The server's clock is set back and forth, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta

from tests.server.edits import Edits, Meddling

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_the_clock_is_set_back(edits: Edits) -> None:
    """What is stamped an hour behind the cursor is found at once, and then pass by pass."""
    first, second = edits.add(["one", "two"])
    edits.pull()
    with Meddling(edits.site, ahead=-HOUR) as server:
        edits.answer(first, "positive")
        edits.stamp(first, edits.now() - HOUR)
        assert edits.pull(server).swept is True
        assert edits.differences() == []
        edits.answer(second, "positive")
        edits.stamp(second, edits.now() - HOUR)
        assert edits.pull(server).swept is False
    assert edits.differences() == []


def test_the_clock_was_ahead_for_a_while(edits: Edits) -> None:
    """A change stamped tomorrow is read once, and what is stamped today after it is found."""
    early, late = edits.add(["one", "two"])
    edits.pull()
    with Meddling(edits.site, ahead=DAY) as server:
        edits.answer(early, "positive")
        edits.stamp(early, edits.now() + DAY)
        edits.pull(server)
    edits.answer(late, "negative")
    assert edits.mirrored() == []
    edits.answer(late, "positive")
    # The change of today alone: the one of tomorrow is not read again.
    assert edits.pull().tasks == 1
    assert edits.differences() == []


def test_a_server_that_does_not_tell_its_time(edits: Edits) -> None:
    """Without the header Date, the order of stamps alone moves the cursor."""

    class Silent(Meddling):
        @property
        def answered_at(self) -> None:
            return None

    (task,) = edits.add(["one"])
    with Silent(edits.site) as server:
        edits.pull(server)
        edits.answer(task, "positive")
        edits.pull(server)
    assert edits.differences() == []


def test_looking_again_at_the_last_seconds_ends(edits: Edits) -> None:
    """The overlap behind the cursor is read again until it cannot change, then no more."""
    edits.add(["one", "two"])
    edits.pull()
    assert edits.pull().tasks == 2
    edits.settle()
    assert edits.pull().tasks == 0
