"""The process that does a job, as its worker sees it."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import RawIOBase
from typing import Self, cast

from sync.jobs.leash import line
from sync.jobs.output import Output
from sync.records import Json

#: With this code a process says that the same job may work later.
PASSING = os.EX_TEMPFAIL
#: With this one, that another process works on the project.
HELD = os.EX_UNAVAILABLE
#: Exit codes of a job that is done: audits end with that of their verdict.
_DONE = (0, 10, 11)
#: Bytes of what a job prints that are kept.
LARGEST_RESULT = 1_000_000
#: Bytes at the end of its errors among which its sentence is looked for.
_LAST_WORDS = 20_000
#: The file descriptor of the worker's log.
_LOG = 2
#: What the sentences of our commands begin with.
_OURS = "assay"
#: In its form the process writes its log.
_FORMAT = "ASSAY_LOG_FORMAT"
#: On one core: the others are for those who wait for predictions.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a process ended."""

    done: bool
    #: Whether the same may work later.
    passing: bool = False
    #: Whether it could not begin, for as long as another process works on the project.
    held: bool = False
    #: Why it is not done: one sentence.
    error: str = ""
    result: Json | None = None


class Child:
    """A process in a group of its own, which ends when its worker does."""

    def __init__(self, command: Sequence[str], say: Callable[[str], object] | None = None) -> None:
        """Start it.

        Args:
            command: what to run.
            say: told what it writes into its log that is no JSON; None: all that it writes there
                is text, and goes into the worker's log as it is.

        Raises:
            OSError: it cannot be started.
        """
        self._until = math.inf
        process = subprocess.Popen(  # noqa: S603 - of our own table, without a shell
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
            env={**_ENVIRONMENT, **os.environ, _FORMAT: "json" if say else "text"},
        )
        self._process, pipes = process, (process.stdin, process.stdout, process.stderr)
        self._words, out, errors = (cast(RawIOBase, pipe) for pipe in pipes)
        self._out = Output(out, first=LARGEST_RESULT)
        self._errors = Output(errors, last=_LAST_WORDS, pass_on=partial(_to_log, say))
        # A process that stands still reads nothing: the worker must not wait for it. A line is
        # written as a whole or not at all.
        os.set_blocking(self._words.fileno(), False)

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it at once, if it still runs."""
        self.end(0)
        self._words.close()
        self._out.end()
        self._errors.end()

    def hold(self, until: float) -> None:
        """Let it run until this second of the monotonic clock."""
        self._until = until
        with suppress(OSError):
            self._words.write(line(until))

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            return True
        return False

    def end(self, grace: float) -> None:
        """End it and all that it started, after so many seconds at once."""
        try:
            if grace:
                self._signal(signal.SIGTERM)
                self.wait(grace)
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def outcome(self) -> Outcome:
        """How it ended; it must have."""
        code = self._process.returncode
        if code in _DONE:
            return Outcome(done=True, result={"exit_code": code, "output": self._printed()})
        sentence = self._sentence()
        if code < 0:
            how = f"the job was ended by signal {-code}, perhaps for lack of memory"
            if time.monotonic() >= self._until:
                how = "the job ended itself, since the store was out of reach for too long"
            return Outcome(done=False, passing=True, error=sentence or how)
        how = f"the job ended with exit code {code} and without a word"
        passing, held = code in (PASSING, HELD), code == HELD
        return Outcome(done=False, passing=passing, held=held, error=sentence or how)

    def _printed(self) -> object:
        text = self._out.kept()
        with suppress(ValueError):
            return json.loads(text)
        return text

    def _sentence(self) -> str:
        """The last sentence of ours; what others print may quote data."""
        ours = [text for text in self._errors.kept().splitlines() if text.startswith(_OURS)]
        return ours[-1].partition(": ")[2] if ours else ""


def _to_log(say: Callable[[str], object] | None, line: bytes) -> None:
    """Put a line of its log into that of the worker."""
    if say is None or _is_json(line):
        os.write(_LOG, line)
    elif text := line.decode(errors="replace").strip():
        say(text)


def _is_json(line: bytes) -> bool:
    """Whether it is a whole line with an object."""
    with suppress(ValueError):
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    return False
