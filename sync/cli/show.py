"""What commands print: progress lines and tables."""

from __future__ import annotations

import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Sequence

import click


class Progress:
    """One line on a terminal, rewritten as the steps go on; elsewhere only each step's end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is printed before the first call; `clock` gives seconds."""
        self._clock = clock
        #: When each step that is not finished was first told, and what was done then.
        self._began: dict[str, tuple[float, int]] = {}
        self._lines: dict[str, str] = {}
        # Steps may be told from several threads.
        self._lock = threading.Lock()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Tell that `done` of `total` is done of a step."""
        with self._lock:
            finished = done >= total
            if not sys.stderr.isatty():
                if finished:
                    click.echo(f"{step}: {done}", err=True)
                return
            self._lines[step] = f"{step}: {done} of {total}{self._speed(step, done, total)}"
            self._show()
            if finished:
                self._lines.pop(step)
                self._began.pop(step, None)
                click.echo(err=True)

    def _speed(self, step: str, done: int, total: int) -> str:
        """Tasks a second and the time that is left, once something was done."""
        now = self._clock()
        since, before = self._began.setdefault(step, (now, done))
        if done <= before or now <= since:
            return ""
        rate = (done - before) / (now - since)
        left = "" if done >= total else f", {_duration((total - done) / rate)} left"
        return f" ({rate:.{0 if rate >= 10 else 1}f}/s{left})"

    def _show(self) -> None:
        # The rest of a longer line that stood there is erased.
        click.echo(f"\r{' · '.join(self._lines.values())}\x1b[K", nl=False, err=True)

    def count(self, step: str, done: int) -> None:
        """Tell how much is done where the total is not known."""
        with self._lock:
            if sys.stderr.isatty():
                self._lines[step] = f"{step}: {done}"
                self._show()

    def close(self) -> None:
        """End an open line."""
        with self._lock:
            if self._lines:
                click.echo(err=True)
                self._lines.clear()


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h {whole % 3600 // 60} min"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns padded to their widest cell."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in cells]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)


#: Columns of a terminal that everything should fit into.
WIDTH = 80


def wrapped(text: str, first: str, others: str) -> list[str]:
    """Lines of at most 80 characters, `first` before the first one and `others` before the rest."""
    return textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
    )
