"""What the demonstration starts also ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sync.demo.processes import Child, free_port
from sync.errors import Fatal

Wait = Callable[[Callable[[], bool]], None]

#: Starts a grandchild, tells its id, and then listens to no polite request.
FAMILY = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
quiet = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
print(subprocess.Popen([sys.executable, "-c", quiet]).pid, flush=True)
time.sleep(600)
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def family(log: Path, wait_until: Wait) -> tuple[Child, int]:
    """A stubborn process, and the id of the one that it started."""
    child = Child("family", [sys.executable, "-c", FAMILY], {}, log)
    wait_until(lambda: log.read_text().endswith("\n"))
    return child, int(log.read_text())


def test_stopping_ends_the_whole_group(tmp_path: Path, wait_until: Wait) -> None:
    """A process that ignores SIGTERM goes after the grace, and its children with it."""
    child, grandchild = family(tmp_path / "log", wait_until)
    assert alive(grandchild)
    child.stop(grace=0.2)
    wait_until(lambda: not alive(grandchild))


def test_an_impatient_second_interrupt_leaves_nothing(
    tmp_path: Path, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while a stop waits ends the group at once, and is passed on."""
    child, grandchild = family(tmp_path / "log", wait_until)
    wait = subprocess.Popen.wait

    def interrupted(self: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if timeout is not None:
            raise KeyboardInterrupt
        return wait(self)

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        child.stop()
    wait_until(lambda: not alive(grandchild))


def test_a_process_that_died_is_named_with_its_log(tmp_path: Path) -> None:
    """Nobody waits for what has already failed, and the reason is in the message."""
    log = tmp_path / "log"
    command = [sys.executable, "-c", "raise SystemExit('no such database')"]
    with Child("the thing", command, {}, log) as child, pytest.raises(Fatal) as caught:
        child.wait_for(f"http://127.0.0.1:{free_port()}/", 60)
    assert "the thing ended by itself" in str(caught.value)
    assert str(log) in str(caught.value)
    assert "no such database" in str(caught.value)


def test_a_process_that_never_answers_is_given_up(tmp_path: Path) -> None:
    """The wait is limited and tells how long it has lasted."""
    told: list[float] = []
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with (
        Child("the thing", command, {}, tmp_path / "log") as child,
        pytest.raises(Fatal, match=r"did not answer within 0\.5 s"),
    ):
        child.wait_for(f"http://127.0.0.1:{free_port()}/", 0.5, told.append)
    assert told == sorted(told)
    assert told


def test_a_child_gets_no_settings_and_no_secrets_of_ours(
    tmp_path: Path, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what it is given and a few harmless variables reach it."""
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", "ours")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours")
    log = tmp_path / "log"
    command = [sys.executable, "-c", "import os; print(sorted(os.environ), flush=True)"]
    with Child("printer", command, {"ASSAY_PROJECT": "1"}, log):
        wait_until(lambda: log.read_text().endswith("]\n"))
    assert "ASSAY_PROJECT" in log.read_text()
    assert "PATH" in log.read_text()
    assert "ASSAY_LABEL_STUDIO_API_KEY" not in log.read_text()
    assert "AWS_SECRET_ACCESS_KEY" not in log.read_text()


def test_a_child_is_not_interrupted_by_the_terminal(tmp_path: Path, wait_until: Wait) -> None:
    """It has a group of its own, so that Ctrl-C reaches us alone and we end it in order."""
    child, grandchild = family(tmp_path / "log", wait_until)
    try:
        assert os.getpgid(grandchild) != os.getpgid(0)
    finally:
        child.stop(grace=0.2)
