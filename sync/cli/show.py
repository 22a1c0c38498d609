"""What commands print: progress lines and tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import click


class Progress:
    """One line a step on a terminal, rewritten as it goes; elsewhere only each step's end."""

    def __init__(self) -> None:
        """Nothing is printed before the first call."""
        self._open = False

    def __call__(self, step: str, done: int, total: int) -> None:
        """Tell that `done` of `total` is done of a step."""
        finished = done >= total
        if sys.stderr.isatty():
            click.echo(f"\r{step}: {done} of {total} ", nl=finished, err=True)
            self._open = not finished
        elif finished:
            click.echo(f"{step}: {done}", err=True)

    def count(self, step: str, done: int) -> None:
        """Tell how much is done where the total is not known."""
        if sys.stderr.isatty():
            click.echo(f"\r{step}: {done} ", nl=False, err=True)
            self._open = True

    def close(self) -> None:
        """End an open line."""
        if self._open:
            click.echo(err=True)
            self._open = False


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns padded to their widest cell."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in cells]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)
