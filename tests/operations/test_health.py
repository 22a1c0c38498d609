"""`assay health`, as containers ask it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from click.testing import CliRunner

from sync.cli.health import worker
from sync.cli.root import assay
from sync.records import Project
from sync.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: Three polling intervals of 5 s and three minutes.
LIMIT = 195.0


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        yield opened


def connected(store: Store, *project_ids: int) -> None:
    for project_id in project_ids:
        store.save_project(
            Project(project_id=project_id, title="t", label_config="", model_version="assay")
        )


def test_without_projects_there_is_nothing_to_do(store: Store) -> None:
    """A fresh installation is healthy before anything is connected."""
    assert worker(store, NOW, 5.0) == (True, "no project is connected: run assay connect")


@pytest.mark.parametrize(
    ("noted", "alive", "told"),
    [
        ({}, False, "no pass has ended yet"),
        ({"ended_at": ago(LIMIT - 1)}, True, "the last pass ended 194 s ago"),
        ({"ended_at": ago(LIMIT + 1)}, False, "196 s ago, more than 195 s: start assay run again"),
        ({"ended_at": ago(5), "failures": 9, "error": "down"}, True, "ended 5 s ago"),
        ({"started_at": ago(5000), "ended_at": ago(5005)}, False, "5005 s ago"),
    ],
)
def test_a_worker_is_alive_while_passes_end(
    store: Store, noted: dict[str, Any], alive: bool, told: str
) -> None:
    """However they end: starting a worker again mends no Label Studio."""
    connected(store, 1)
    if noted:
        store.note_pass(1, **noted)
    found = worker(store, NOW, 5.0)
    assert found[0] is alive
    assert told in found[1]


def test_a_long_pass_is_alive_as_long_as_its_lease(store: Store) -> None:
    """The first pull of a large project takes long; of a worker that died nothing is left."""
    connected(store, 1)
    store.note_pass(1, started_at=ago(5000))
    assert not worker(store, NOW, 5.0)[0]
    store.lease(1, "somebody", ago(10), 60)
    assert worker(store, NOW, 5.0) == (True, "a pass is under way")


def test_one_live_project_is_enough(store: Store) -> None:
    """A project that waits is seen in the status; a disconnected one says nothing."""
    connected(store, 1, 2)
    store.note_pass(1, ended_at=ago(9000))
    store.note_pass(3, ended_at=ago(1))
    assert not worker(store, NOW, 5.0)[0]
    store.note_pass(2, ended_at=ago(1))
    assert worker(store, NOW, 5.0)[0]


def test_the_command_exits_by_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """0 while the worker is alive, 1 when it is not, with the sentence on stdout."""
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    assert CliRunner().invoke(assay, ["health"]).exit_code == 0
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as store:
        connected(store, 1)
    dead = CliRunner().invoke(assay, ["health", "worker"])
    assert dead.exit_code == 1
    assert dead.output.startswith("no pass has ended yet")


def test_the_backend_is_asked(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """0 where it answers 200, 1 where it answers something else or nobody listens."""
    monkeypatch.setenv("ASSAY_BACKEND_URL", f"http://127.0.0.1:{port}")
    nobody = CliRunner().invoke(assay, ["health", "backend"])
    assert nobody.exit_code == 1
    assert "does not answer" in nobody.output
    with responses.RequestsMock() as faults:
        faults.get(f"http://127.0.0.1:{port}/health", status=200)
        assert CliRunner().invoke(assay, ["health", "backend"]).exit_code == 0
        faults.get(f"http://127.0.0.1:{port}/health", status=502)
        assert "answers 502" in CliRunner().invoke(assay, ["health", "backend"]).output
