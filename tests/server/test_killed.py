"""A worker that is killed at any moment leaves nothing broken."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import label_configs
from sync.demo.people import submit
from sync.records import Json
from sync.store import Store

if TYPE_CHECKING:
    from conftest import Loop

TASKS = 2000


def contents(url: str, project_id: int) -> tuple[list[Any], list[Any]]:
    """All of the mirror, without the moments at which we saw a deletion."""
    with Store.open(url) as store:
        return store.tasks(project_id), store.annotations(project_id)


def start(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", "from sync.cli import main; main()", "run"],
            stdout=log,
            stderr=log,
        )


def read_so_far(url: str, project_id: int) -> int:
    with Store.open(url) as store:
        return len(store.task_ids(project_id))


@pytest.mark.slow
def test_the_mirror_survives_sigkill(
    loop: Loop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """Ten SIGKILLs during a sync of 2,000 tasks; then the mirror equals a rebuild."""
    loop.project(label_configs.load("text_classification"), "text", title="Killed")
    labels = ("positive", "negative", "other")
    items: list[tuple[Json, str]] = [({"text": f"text {i}"}, labels[i % 3]) for i in range(TASKS)]
    loop.add(items, "b7", labelled=True)
    loop.assay("connect")
    monkeypatch.setenv("ASSAY_PROJECT", str(loop.project_id))
    rng = random.Random(5)
    ids = [task["id"] for task in loop.tasks()[:60]]
    url = loop.team.store_url
    for kill in range(10):
        worker = start(tmp_path)
        time.sleep(rng.uniform(0.8, 3.5))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        # People go on meanwhile: a new answer and a deletion between any two lives.
        result = [
            {
                "from_name": "label",
                "to_name": "text",
                "type": "choices",
                "value": {"choices": ["other"]},
            }
        ]
        submit(loop.site.url, loop.crew[kill % 5], ids[kill], result, 1.0)
        loop.lead.delete_task(ids[-1 - kill])
        if kill == 4:
            # Begin anew half way, so that later kills hit the long first read as well.
            with Store.open(url) as store:
                store.update_project(loop.project_id, cursor=None)
    worker = start(tmp_path)
    wait_until(lambda: read_so_far(url, loop.project_id) == TASKS - 10)
    wait_until(lambda: len(contents(url, loop.project_id)[1]) == TASKS)
    worker.terminate()
    assert worker.wait(30) == 0
    loop.assay("sync")
    survived = contents(url, loop.project_id)
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    with Store.open(url) as store, Store.open(fresh) as rebuilt:
        project = store.project(loop.project_id)
        assert project is not None
        rebuilt.save_project(project)
    monkeypatch.setenv("ASSAY_DATABASE_URL", fresh)
    loop.assay("sync", "--rebuild")
    assert contents(fresh, loop.project_id) == survived
