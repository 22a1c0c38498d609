"""The processes of compose.yaml on one machine: backend, `assay run` and `assay worker`."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import label_configs
from sync.demo import label_studio as servers
from sync.demo.people import submit
from sync.demo.processes import free_port, start_backend
from sync.settings import Settings
from sync.store import Store
from sync.store.jobs import JobState
from tests.jobs.workshop import RedisServer
from tests.postgresql import new_database

if TYPE_CHECKING:
    from conftest import Loop

WORDS = {"positive": "lovely", "negative": "awful", "other": "table"}


@pytest.fixture
def team(
    site: servers.Server,
    postgresql: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[..., None],
) -> Iterator[Settings]:
    """Settings of a team whose processes share a PostgreSQL and a Redis; its backend runs."""
    if shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed: apt-get install redis-server")
    redis, port = RedisServer(tmp_path), free_port()
    values = {
        "ASSAY_LABEL_STUDIO_URL": site.url,
        "ASSAY_LABEL_STUDIO_API_KEY": site.account.token,
        "ASSAY_HOME": str(tmp_path / "assay"),
        "ASSAY_BACKEND_URL": f"http://127.0.0.1:{port}",
        "ASSAY_BACKEND_PASSWORD": secrets.token_urlsafe(16),
        "ASSAY_DATABASE_URL": new_database(postgresql),
        "ASSAY_REDIS_URL": redis.url,
        "ASSAY_POLL_SECONDS": "0.5",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        stack.callback(redis.stop)
        redis.start()
        wait_until(redis.answers)
        backend = stack.enter_context(start_backend(port, values, tmp_path / "backend.log"))
        backend.wait_for(f"http://127.0.0.1:{port}/health", 60)
        yield Settings.load()


@pytest.fixture
def services(team: Settings, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """`assay run` and `assay worker`."""
    processes = []
    try:
        for name in ("run", "worker"):
            with (tmp_path / f"{name}.log").open("wb") as log:
                command = [sys.executable, "-c", "from sync.cli import main; main()", name]
                processes.append(
                    subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))
                )
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_run_and_worker_share_a_project(
    loop: Loop,
    services: list[subprocess.Popen[bytes]],
    tmp_path: Path,
    wait_until: Callable[..., None],
) -> None:
    """While `run` passes, `worker` trains and pre-fills; nothing fails, is lost or doubled."""
    labels = list(WORDS)
    loop.project(label_configs.load("text_classification"), "text", title="Together")
    known = [({"text": f"{WORDS[labels[i % 3]]} {i}"}, labels[i % 3]) for i in range(90)]
    loop.add(known, "b1", labelled=True)
    loop.add([({"text": f"{WORDS[label]} new"}, label) for label in labels], "b2")
    loop.assay("connect")
    with Store.open(loop.team.store_url) as store:
        wait_until(lambda: len(store.annotations(loop.project_id)) == 90)
        trained = loop.assay("train")
        assert "train" in trained.output
        loop.assay("prefill", "--background")
        first = loop.tasks()[0]["id"]
        region = {"from_name": "label", "to_name": "text", "type": "choices"}
        result = [region | {"value": {"choices": ["other"]}}]
        submit(loop.site.url, loop.crew[0], first, result, 1.0)
        wait_until(lambda: all(job.state is JobState.DONE for job in store.jobs()))
        assert [(job.kind, job.attempts) for job in store.jobs()] == [("prefill", 1), ("train", 1)]
        wait_until(lambda: len(store.annotations(loop.project_id)) == 91)
        state = store.pass_state(loop.project_id)
        assert state is not None
        assert (state.failures, state.error) == (0, "")
    placed = loop.lead.raw("api/predictions/", project=loop.project_id)
    assert sorted(Counter(row["task"] for row in placed).values()) == [1, 1, 1]
    for process in services:
        process.terminate()
    assert [process.wait(30) for process in services] == [0, 0]
    logs = "".join((tmp_path / f"{name}.log").read_text() for name in ("run", "worker"))
    assert "pass failed" not in logs
    assert loop.team.backend_password.get_secret_value() not in logs
