"""Commands that run for ever, watched as operators watch them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from sync.demo.processes import free_port


def test_a_worker_of_jobs_is_watched(
    tmp_path: Path, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`assay worker` writes JSON, answers /metrics, and says when it stops."""
    port, log = free_port(), tmp_path / "log"
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("ASSAY_METRICS_PORT", str(port))

    def answers() -> bool:
        try:
            text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        except requests.ConnectionError:
            return False
        return "assay_store_up 1.0" in text and "assay_info{" in text

    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-c", "from sync.cli import main; main()", "worker"],
            stdout=out,
            stderr=out,
        )
    try:
        wait_until(answers)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["service"] for line in lines} == {"jobs"}
    assert [lines[0]["event"], lines[-1]["event"]] == ["waiting for jobs; Ctrl-C stops", "stopped"]
