"""The commands beside each other: a clean end, and who waits for whom."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from sync.cli.root import assay
from sync.errors import Retriable
from sync.lease import Leases
from sync.store import Store

if TYPE_CHECKING:
    from conftest import Site

Join = Callable[[Store, int, int], None]


@pytest.fixture
def team_store(
    small_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Store]:
    """The store of a team whose settings are in the environment."""
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_URL", small_site.url)
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", "key")
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    return lambda: Store.open(f"sqlite:///{tmp_path / 'assay.db'}")


def test_sigterm_ends_it_within_seconds(
    small_site: Site,
    join: Join,
    team_store: Callable[[], Store],
    wait_until: Callable[..., None],
) -> None:
    """In the middle of a long pull `assay run` ends with code 0 and leaves no lease behind."""
    small_site.page_seconds = 0.3
    with team_store() as store:
        join(store, 1, 5_000)
        command = [sys.executable, "-c", "from sync.cli import main; main()", "run"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
            wait_until(lambda: len(store.task_ids(1)) > 0)
            worker.send_signal(signal.SIGTERM)
            sent = time.monotonic()
            _, told = worker.communicate(timeout=30)
        assert worker.returncode == 0
        assert time.monotonic() - sent < 8
        assert json.loads(told.splitlines()[-1])["event"] == "stopped"
        assert store.leases() == {}
        assert 0 < len(store.task_ids(1)) < 5_000


def test_a_command_says_who_works_on_the_project(
    join: Join, team_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process goes on for too long, a command that would write names it."""
    monkeypatch.setattr("sync.lease.PATIENCE", 0.2)
    with team_store() as store, Leases(store, "assay freeze") as leases:
        join(store, 1, 1)
        assert leases.take(1) is not None
        for command in (["sync"], ["gate"], ["freeze"], ["promote"], ["store", "rebuild"]):
            done = CliRunner().invoke(assay, command)
            assert isinstance(done.exception, Retriable)
            assert "project 1 is being worked on by assay freeze on " in str(done.exception)
        leases.give_back(1)
        assert CliRunner().invoke(assay, ["sync"]).exit_code == 0
