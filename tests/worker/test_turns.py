"""Turns: bounded, in order, and given away by those who take long."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from sync.worker.turns import SLICE, Stopped, Turns

Wait = Callable[..., None]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_long_pass_lets_those_go_that_wait(wait_until: Wait) -> None:
    """It goes on after the one that waited, not before its time, and not where nobody waits."""
    clock, order = Clock(), []
    turns = Turns(1, clock)

    def short() -> None:
        with turns.turn():
            order.append("short")

    with turns.turn() as long:
        clock.now = 2 * SLICE
        long.give_way()
        thread = threading.Thread(target=short)
        thread.start()
        wait_until(lambda: turns.waiting == 1)
        clock.now = 0.5 * SLICE
        long.give_way()
        order.append("long")
        clock.now = 2 * SLICE
        long.give_way()
        order.append("long")
    thread.join()
    assert order == ["long", "short", "long"]


def test_no_more_at_once_than_there_are_turns(wait_until: Wait) -> None:
    """The third of two waits, and comes when one has ended."""
    turns, inside, go = Turns(2), [], threading.Event()

    def work(number: int) -> None:
        with turns.turn():
            inside.append(number)
            go.wait(30)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(inside) == 2 and turns.waiting == 1)
    go.set()
    for thread in threads:
        thread.join()
    assert sorted(inside) == [0, 1, 2]


def test_a_stop_ends_those_who_wait_and_those_who_may_be_cut_off(wait_until: Wait) -> None:
    """Both are told by Stopped."""
    turns, ended = Turns(1), []

    def wait() -> None:
        with pytest.raises(Stopped), turns.turn():
            pass
        ended.append(True)

    with turns.turn() as mine:
        thread = threading.Thread(target=wait)
        thread.start()
        wait_until(lambda: turns.waiting == 1)
        turns.stop()
        with pytest.raises(Stopped):
            mine.give_way()
    thread.join()
    assert ended == [True]
