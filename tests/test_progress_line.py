"""What commands show while they work."""

from __future__ import annotations

import sys

import pytest

from sync.cli.show import Progress


class Terminal:
    """A screen of one line at a time."""

    def __init__(self, tty: bool) -> None:
        self.text, self._tty = "", tty

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return self._tty

    def lines(self) -> list[str]:
        """What each line showed in the end."""
        shown = (line.split("\r")[-1].removesuffix("\x1b[K") for line in self.text.split("\n"))
        return [line for line in shown if line]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def screen(monkeypatch: pytest.MonkeyPatch, tty: bool = True) -> Terminal:
    """In place of standard error, which pytest changes between fixtures and tests."""
    found = Terminal(tty)
    monkeypatch.setattr(sys, "stderr", found)
    return found


def test_rate_and_time_left_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both follow from what was done since the step was first told."""
    terminal, clock = screen(monkeypatch), Clock()
    progress = Progress(clock)
    progress("candidates", 0, 1000)
    clock.now = 10.0
    progress("candidates", 200, 1000)
    assert terminal.lines() == ["candidates: 200 of 1000 (20/s, 40 s left)"]
    clock.now = 3600.0
    progress("candidates", 500, 1000)
    assert terminal.lines() == ["candidates: 500 of 1000 (0.1/s, 60 min left)"]
    progress.close()


def test_steps_that_go_on_together_share_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is finished keeps its line, and the other goes on below."""
    terminal, progress = screen(monkeypatch), Progress(Clock())
    progress("candidates", 5, 10)
    progress("placed", 2, 10)
    assert terminal.lines() == ["candidates: 5 of 10 · placed: 2 of 10"]
    progress("candidates", 10, 10)
    progress("placed", 10, 10)
    assert terminal.lines() == ["candidates: 10 of 10 · placed: 2 of 10", "placed: 10 of 10"]


def test_a_file_gets_the_ends_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody looks on, each step is one line."""
    log, progress = screen(monkeypatch, tty=False), Progress(Clock())
    for done in range(0, 11, 5):
        progress("placed", done, 10)
    progress.close()
    assert log.text == "placed: 10\n"
