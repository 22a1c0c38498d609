"""What jobs write into the log of their worker."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from sync.demo.processes import Child
from sync.records import Json
from sync.store import Store
from tests.jobs.workshop import ROOT, new

ASSAY = [sys.executable, "-c", "from sync.cli.root import main; main()"]


def is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def log_of(form: str, folder: Path, wait_until: Callable[..., None]) -> list[str]:
    """The log of a worker that fails to train and to pre-fill a project that there is not."""
    url = f"sqlite:///{folder / 'assay.db'}"
    settings = {"ASSAY_LOG_FORMAT": form, "ASSAY_HOME": str(folder), "ASSAY_DATABASE_URL": url}
    settings |= {"ASSAY_LOG_LEVEL": "INFO", "PYTHONPATH": str(ROOT)}
    with Store.open(url) as store:
        store.add_job(new("t", "train"))
        store.add_job(new("p", "prefill"))
        with Child("worker", [*ASSAY, "worker"], settings, folder / "log") as worker:
            wait_until(lambda: all(job.ended_at for job in store.jobs()))
    return worker.log.read_text().splitlines()


def test_each_line_of_a_worker_that_logs_json_is_json(
    tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    """Sentences of its jobs for people are fields of an object, with the job's name."""
    lines = log_of("json", tmp_path, wait_until)
    assert [line for line in lines if not is_json(line)] == []
    told: list[Json] = [json.loads(line) for line in lines]
    said = {line["job"]: line["text"] for line in told if line["event"] == "output"}
    assert sorted(said) == ["p", "t"]
    assert said["t"] == "assay training: Assay is not connected to project 1"
    assert {line.get("service") for line in told} == {"jobs", "training"}


def test_no_line_of_a_worker_that_logs_text_is_json(
    tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    """Its jobs write as it does, though their errors are no terminal."""
    lines = log_of("text", tmp_path, wait_until)
    assert [line for line in lines if is_json(line)] == []
    assert "assay training: Assay is not connected to project 1" in lines
