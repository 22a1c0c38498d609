"""What ends the process of a job when its worker has died, hangs, or has lost the job.

The worker writes into the standard input of the process until when the job is its own, in seconds
of the host's monotonic clock. At the end of the input, and at that time, the process ends itself:
another worker may begin the job then.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time

#: Seconds that a process waits for the first word.
_PATIENCE = 60.0


def hold_on() -> None:
    """From now on, end this process and its group when the worker no longer stands behind it."""
    threading.Thread(target=_watch, args=(sys.stdin.fileno(),), daemon=True, name="leash").start()


def line(until: float) -> bytes:
    """What says that the job is the worker's own until then, in seconds of `time.monotonic`."""
    return f"{until!r}\n".encode()


def _watch(stream: int) -> None:
    until, said = time.monotonic() + _PATIENCE, b""
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            _end()
        heard = os.read(stream, 4096)
        if not heard:
            _end()
        *lines, said = (said + heard).split(b"\n")
        until = float(lines[-1]) if lines else until


def _end() -> None:
    # The worker made this process the leader of its group.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
