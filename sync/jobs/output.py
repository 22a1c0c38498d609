"""What the process of a job prints, read as it comes: no more than a bounded part is kept."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from contextlib import suppress

#: Bytes read at a time, and the longest line.
_PIECE = 65_536
#: Seconds for what is still in the pipe of a process that has ended.
_PATIENCE = 5.0


class Output:
    """One stream of a process, read by a thread until its end."""

    def __init__(
        self,
        stream: io.RawIOBase,
        *,
        first: int = 0,
        last: int = 0,
        pass_on: Callable[[bytes], object] | None = None,
    ) -> None:
        """Begin to read.

        Args:
            stream: a pipe without a buffer, which is closed at its end.
            first: how many bytes to keep of its beginning.
            last: how many bytes to keep of its end.
            pass_on: told each line as it comes; longer ones than 64 kB in pieces.
        """
        self._stream, self._pass_on = io.BufferedReader(stream), pass_on
        self._first, self._last = first, last
        self._head, self._tail = bytearray(), bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True, name="output")
        self._thread.start()

    def kept(self) -> str:
        """What was kept, once the process has ended."""
        self.end()
        return bytes(self._head or self._tail).decode(errors="replace")

    def end(self) -> None:
        """Wait until all is read, once the process has ended."""
        # What it left behind may hold the pipe open for ever.
        self._thread.join(_PATIENCE)

    def _read(self) -> None:
        with self._stream:
            while piece := self._stream.readline(_PIECE):
                self._head += piece[: max(0, self._first - len(self._head))]
                self._tail += piece
                del self._tail[: max(0, len(self._tail) - self._last)]
                if self._pass_on:
                    # Whoever hears nothing any more holds nobody up.
                    with suppress(OSError):
                        self._pass_on(piece)
