"""Processes that the demonstration starts, and surely ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import requests

from sync.errors import Fatal

#: Variables of our own environment that a child gets; the rest is none of its business.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Child:
    """A process in a group of its own, so that its children end with it."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path
    ) -> None:
        """Start it; its output goes to the log."""
        self.name, self.log = name, log
        passed = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                list(command),
                env={**passed, **env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def wait_for(
        self, url: str, seconds: float, tell: Callable[[float], object] = lambda waited: None
    ) -> None:
        """Wait until the address answers.

        Raises:
            Fatal: the process died, or did not answer in time; the text names its log.
        """
        began = time.monotonic()
        while (waited := time.monotonic() - began) < seconds:
            if self._process.poll() is not None:
                raise Fatal(f"{self.name} ended by itself; its log is {self.log}:\n{self.tail()}")
            with suppress(requests.RequestException):
                if requests.get(url, timeout=2).status_code < 500:
                    return
            tell(waited)
            time.sleep(0.2)
        raise Fatal(f"{self.name} did not answer within {seconds:g} s; its log is {self.log}")

    @property
    def pid(self) -> int:
        """Its process id, which is that of its group too."""
        return self._process.pid

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def stop(self, grace: float = 10.0) -> None:
        """End the whole group, first kindly; at once if this is interrupted."""
        try:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        finally:
            # Whatever of the group has outlived its leader too.
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def start_backend(port: int, env: Mapping[str, str], log: Path) -> Child:
    """Assay's ML backend; `env` is all that it gets of ASSAY_*."""
    command = [sys.executable, "-m", "backend", "--host", "127.0.0.1", "--port", str(port)]
    return Child("the ML backend", [*command, "--threads", "16"], env, log)
