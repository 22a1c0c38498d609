"""Trying again: how often, after which pauses, until when."""

from __future__ import annotations

import numpy as np
import pytest

from backend.llm.endpoint import Busy
from backend.llm.persistence import LONGEST, Persistence


class Time:
    """A clock that moves by sleeping alone."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def persistent(retries: int) -> tuple[Persistence, Time]:
    time = Time()
    rng = np.random.default_rng(1)
    return Persistence(retries, rng, clock=lambda: time.now, sleep=time.sleep), time


def failing(*errors: Busy) -> tuple[list[float], object]:
    left = list(errors)

    def attempt() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return [], attempt


def test_pauses_grow_and_are_bounded() -> None:
    """The n-th pause is drawn evenly from 0 to 2^n seconds, at most LONGEST (full jitter)."""
    drawn = []
    for seed in range(200):
        persistence, time = persistent(8)
        persistence.rng = np.random.default_rng(seed)
        _, attempt = failing(*[Busy("x")] * 8)
        assert persistence.tried(attempt, 1e9) == "done"  # type: ignore[arg-type]
        drawn.append(time.pauses)
    most = [min(LONGEST, 2.0**n) for n in range(8)]
    assert (np.array(drawn) <= most).all()
    np.testing.assert_allclose(np.mean(drawn, axis=0), np.array(most) / 2, rtol=0.15)


def test_the_endpoint_is_left_alone_as_long_as_it_asks() -> None:
    """By the one that it told, and by all others."""
    persistence, time = persistent(1)
    _, attempt = failing(Busy("x", wait=30.0))
    assert persistence.tried(attempt, 1e9) == "done"  # type: ignore[arg-type]
    assert time.now >= 130.0
    persistence, time = persistent(0)
    with pytest.raises(Busy):
        persistence.tried(failing(Busy("x", wait=30.0))[1], 1e9)  # type: ignore[arg-type]


def test_no_try_begins_too_late() -> None:
    """A pause that would end after the deadline is not begun."""
    persistence, time = persistent(5)
    with pytest.raises(Busy, match="longer than there is time"):
        persistence.tried(failing(Busy("x", wait=50.0))[1], 140.0)  # type: ignore[arg-type]
    assert time.pauses == []
    with pytest.raises(Busy):
        persistence.tried(lambda: "done", 100.0)
