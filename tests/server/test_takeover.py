"""Two `assay run` on one project, of which the one at work is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import label_configs
from sync.pull import differences
from sync.records import Batch, Json, Role
from sync.store import Store
from sync.worker.evidence import evidence
from tests.faults.proxy import Fault, Proxy
from tests.server.edits import FIELDS

if TYPE_CHECKING:
    from conftest import Loop

#: Seconds that a killed worker keeps its project, and that the next one takes to see it.
LEASE, LOOK = 4.0, 4.0
WORKER = f"""
from sync.cli import main
from sync.worker import loop
loop.run.__kwdefaults__["lease_seconds"] = {LEASE}
main()
"""
Wait = Callable[..., None]


class Trap:
    """Lets the server act on one request, and its reply come to an end never."""

    def __init__(self) -> None:
        self.wanted: Callable[[str, str], bool] = lambda method, path: False
        self.sprung = threading.Event()

    def set(self, wanted: Callable[[str, str], bool]) -> None:
        self.sprung.clear()
        self.wanted = wanted

    def __call__(self, method: str, path: str) -> Fault:
        if self.sprung.is_set() or not self.wanted(method, path):
            return Fault.NONE
        self.sprung.set()
        return Fault.STALL_HALF_WAY


@contextmanager
def workers(folder: Path, **values: str) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts workers, and ends what is left of them."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", WORKER, "run"]
        with (folder / "workers.log").open("ab") as log:
            environment = os.environ | values
            worker = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        started.append(worker)
        return worker

    try:
        yield start
    finally:
        for worker in started:
            worker.kill()
            worker.wait()


def holder(store: Store, project_id: int) -> int:
    """The process that works on a project, or 0."""
    found = store.leases().get(project_id)
    number = re.search(r"process (\d+)", found.holder) if found else None
    return int(number[1]) if number else 0


def kill_who_works(store: Store, project_id: int, wait_until: Wait) -> None:
    """SIGKILL, and another one works within the lease."""
    pid, killed = holder(store, project_id), time.monotonic()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: holder(store, project_id) not in (0, pid))
    assert time.monotonic() - killed < LEASE + LOOK


def answers(store: Store, project_id: int, batch: Batch) -> Counter[int]:
    """How many tasks of the queue have how many answers in the evidence."""
    sample = evidence(store, project_id, batch).sample[: batch.queue_length]
    return Counter(len(task.answers) for task in sample)


@pytest.mark.slow
def test_a_killed_worker_is_followed_within_its_lease(
    loop: Loop,
    other_backend: Callable[[Callable[[Json], str]], Any],
    tmp_path: Path,
    wait_until: Wait,
) -> None:
    """Killed within a pull and within a push, it leaves nothing lost, doubled or half done."""
    other_backend(lambda data: data["text"].split()[0])
    loop.project(label_configs.load("text_classification"), "text", title="Followed")
    project_id, labels = loop.project_id, ("positive", "negative", "other")
    loop.add([({"text": f"{labels[i % 3]} {i}"}, labels[i % 3]) for i in range(80)], "b7")
    loop.assay("connect")
    loop.assay("freeze", "--batch", "b7")
    more = [({"text": f"{labels[i % 3]} more {i}"}, labels[i % 3]) for i in range(1_200)]
    loop.add(more, "rest", labelled=True)
    trap = Trap()
    with (
        Proxy(loop.site.url, trap) as proxy,
        Store.open(loop.team.store_url) as store,
        workers(tmp_path, ASSAY_LABEL_STUDIO_URL=proxy.url) as start,
    ):
        trap.set(lambda _, path: "lead_time" in path and "filter%3Atasks%3Aid%22" in path)
        start(), start()
        assert trap.sprung.wait(60)
        kill_who_works(store, project_id, wait_until)
        wait_until(lambda: len(store.annotations(project_id)) == len(more))
        start()
        trap.set(lambda method, path: method == "PATCH" and f"projects/{project_id}/" in path)
        assert loop.label("b7") > 0
        assert trap.sprung.wait(60)
        kill_who_works(store, project_id, wait_until)
        batch = store.batch(project_id, "b7")
        assert batch is not None
        wait_until(lambda: answers(store, project_id, batch) == {2: batch.queue_length})
        blind = [t for t in evidence(store, project_id, batch).sample if t.role is Role.BLIND]
        asked = sum(task.position < batch.queue_length for task in blind)
        wait_until(lambda: f"/{asked}]" in loop.lead.card(project_id)["description"])
        assert differences(loop.lead, store, project_id, FIELDS) == []
