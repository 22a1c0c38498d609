"""What a worker tells of its passes: in its log, and to whoever looks at its metrics."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests

from sync.gating.verdict import State
from sync.metrics import Counted
from sync.store import Store
from sync.worker import Pass, Told

if TYPE_CHECKING:
    from conftest import Site

KEY = "0123456789abcdef0123456789abcdef01234567"


def outcome(tasks: int = 0, state: State = State.MORE, pushed: bool = False) -> Pass:
    """What a pass came to, as far as it is told."""
    pulled = SimpleNamespace(tasks=tasks, deleted=0, annotations=2 * tasks)
    verdicts = {"b1": SimpleNamespace(state=state)}
    found = SimpleNamespace(pulled=pulled, verdicts=verdicts, extended={}, pushed=pushed)
    return cast(Pass, found)


def levels(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{one.levelname} {one.getMessage()}" for one in caplog.records]


def test_a_pass_is_one_line_with_its_counts(caplog: pytest.LogCaptureFixture) -> None:
    """Project, counts, verdicts, whether it wrote, seconds and lag stand in fields of their own."""
    caplog.set_level(logging.INFO)
    Told().passed(3, outcome(7, pushed=True), 0.51234, 1.5)
    (line,) = caplog.records
    found: dict[str, Any] = vars(line)
    expected = {
        "project": 3,
        "tasks": 7,
        "annotations": 14,
        "deleted": 0,
        "verdicts": {"b1": "MORE"},
        "extended": 0,
        "pushed": True,
        "seconds": 0.512,
        "lag": 1.5,
    }
    assert {name: found[name] for name in expected} == expected


def test_passes_without_news_are_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """They are told at DEBUG; a change, another verdict and the end of failures at INFO."""
    caplog.set_level(logging.DEBUG)
    told = Told()
    told.passed(1, outcome(), 0.1, None)
    told.passed(1, outcome(), 0.1, None)
    told.passed(1, outcome(1), 0.1, None)
    told.passed(1, outcome(state=State.PASS), 0.1, None)
    told.passed(2, outcome(), 0.1, None)
    told.idle(1)
    assert levels(caplog) == [f"{x} pass" for x in ("INFO", "DEBUG", "INFO", "INFO", "INFO")]
    caplog.clear()
    told.failed(1, "retriable", "a sentence")
    told.idle(1)
    told.failed(2, "fatal", "a sentence")
    told.passed(2, outcome(), 0.1, None)
    expected = ["WARNING pass failed", "INFO works again", "WARNING pass failed", "INFO pass"]
    assert levels(caplog) == expected


def test_each_end_of_a_pass_is_counted() -> None:
    """Passes by outcome, and how many projects wait."""
    counted = Counted()
    told = Told(counted)
    told.passed(1, outcome(4), 0.1, None)
    told.idle(1)
    told.failed(1, "retriable", "a sentence")
    told.queue(3)
    value = counted.registry.get_sample_value
    for ended in ("ok", "idle", "retriable"):
        assert value("assay_passes_total", {"project": "1", "outcome": ended}) == 1
    assert value("assay_changed_tasks_total", {"project": "1"}) == 4
    assert value("assay_projects_waiting") == 3


def test_a_running_worker_is_watched(
    small_site: Site,
    join: Callable[[Store, int, int], None],
    wait_until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    port: int,
) -> None:
    """`assay run` writes JSON, answers /metrics and health, and says when it stops."""
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_URL", small_site.url)
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", KEY)
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("ASSAY_METRICS_PORT", str(port))
    monkeypatch.setenv("ASSAY_POLL_SECONDS", "0.2")
    small_site.broken[2] = 403
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as store:
        join(store, 1, 3)
        join(store, 2, 3)

    def metrics() -> str:
        try:
            return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        except requests.ConnectionError:
            return ""

    command = [sys.executable, "-c", "from sync.cli import main; main()"]
    log = tmp_path / "log"
    with log.open("wb") as out:
        worker = subprocess.Popen([*command, "run"], stdout=out, stderr=out)
    try:
        wait_until(lambda: 'assay_passes_total{outcome="ok",project="1"} 1.0' in metrics())
        wait_until(lambda: 'assay_errors_total{kind="fatal"}' in metrics())
        told = metrics()
        health = subprocess.run([*command, "health"], capture_output=True, check=False)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    assert health.returncode == 0, health.stdout
    for line in (
        'assay_label_studio_requests_total{method="GET",route="/api/tasks",status="200"}',
        'assay_label_studio_requests_total{method="GET",route="/api/tasks",status="403"}',
        'assay_project_failures{project="2"}',
        "assay_projects 2.0",
        "assay_store_up 1.0",
    ):
        assert line in told
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    events = [line["event"] for line in lines]
    assert events[0] == "watching all connected projects; Ctrl-C stops"
    assert events[-1] == "stopped"
    read = next(line for line in lines if line["event"] == "pass" and line["tasks"])
    assert (read["project"], read["tasks"], read["service"]) == (1, 3, "worker")
    failed = next(line for line in lines if line["event"] == "pass failed")
    assert (failed["project"], failed["kind"]) == (2, "fatal")
    assert KEY not in told + log.read_text()
