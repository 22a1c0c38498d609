"""A worker beside people who label at a steady rate: `python -m benchmarks.soak --minutes 30`.

Measured is whether its memory stays flat, how far it is behind, and whether an edit is lost.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

import label_configs
from sync.demo import people
from sync.demo.label_studio import Server, label_studio
from sync.demo.processes import Child
from sync.gating.policy import digest, from_dict, to_dict
from sync.labelstudio import LabelStudio
from sync.labelstudio.parse import data_hash
from sync.records import Batch, Candidate, Place, Project, Result, Role
from sync.settings import model_version
from sync.store import Store

#: Seconds between two passes of the worker, two looks at its store, and two at its memory.
POLL, LOOK, SAMPLE = 2.0, 0.1, 0.25
EDITORS = 4
#: Tasks whose answers are evidence.
ASKED = 200
LABELS = ("positive", "negative", "other")


@dataclass
class Soaked:
    """What was measured."""

    seconds: float
    edits: int = 0
    #: Seconds from Label Studio's answer to the mirror, of each new annotation.
    lags: list[float] = field(default_factory=list)
    #: Seconds that Label Studio took to answer each edit.
    answers: list[float] = field(default_factory=list)
    #: Mebibytes of the worker, from the time at which it had read everything once.
    memory: list[float] = field(default_factory=list)
    #: Annotations in which mirror and Label Studio differ in the end.
    lost: int = 0

    @property
    def lag(self) -> float:
        """The 95th percentile of the lags, seconds."""
        return statistics.quantiles(self.lags, n=20)[-1]

    @property
    def answer(self) -> float:
        """The 95th percentile of the times that Label Studio took to answer an edit, seconds."""
        return statistics.quantiles(self.answers, n=20)[-1]

    @property
    def peaks(self) -> tuple[float, float]:
        """The largest memory in the first and in the second half, mebibytes."""
        half = len(self.memory) // 2
        return max(self.memory[:half]), max(self.memory[half:])


class _Soak:
    def __init__(self, site: Server, crew: Sequence[people.Person], home: Path) -> None:
        self.site, self.crew, self.home = site, crew, home
        self.project_id = 0
        self.tasks: list[int] = []
        self.there: list[int] = []
        #: When Label Studio had each annotation that the mirror does not have yet.
        self.pending: dict[int, float] = {}
        self.lock = threading.Lock()
        self.done = threading.Event()
        self.faults: list[str] = []

    def prepare(self, tasks: int) -> None:
        """A project with tasks that the store knows."""
        config = label_configs.load("text_classification")
        with LabelStudio(self.site.url, self.site.account.token) as server:
            made = server.create_project(title="Soak", label_config=config)
            self.project_id = int(made["id"])
            texts = [{"data": {"text": f"text {i}", "batch": "b"}} for i in range(tasks)]
            self.tasks = server.import_tasks(self.project_id, texts)
        hashes = {
            task_id: data_hash(text["data"], "")
            for task_id, text in zip(self.tasks, texts, strict=True)
        }
        with Store.open(f"sqlite:///{self.home / 'assay.db'}") as store:
            store.save_project(
                Project(
                    project_id=self.project_id,
                    title="Soak",
                    label_config=config,
                    model_version=model_version(self.project_id),
                )
            )
            store.freeze(self.project_id, *_frozen(hashes), hashes)

    def edit(self, number: int, rate: float, until: float, found: Soaked) -> None:
        """Edit at `rate` per second until then; late edits are made up for."""
        rng = random.Random(number)
        session = requests.Session()
        session.headers["Authorization"] = f"Token {self.crew[number % len(self.crew)].token}"
        due = time.monotonic()
        while (now := time.monotonic()) < until:
            if now < due:
                self.done.wait(due - now)
            due += rng.expovariate(rate)
            began = time.monotonic()
            self._one(session, rng)
            with self.lock:
                found.edits += 1
                found.answers.append(time.monotonic() - began)

    def _one(self, session: requests.Session, rng: random.Random) -> None:
        with self.lock:
            kind = rng.random() if len(self.there) > 20 else 0.0
            old = rng.choice(self.there) if kind >= 0.7 else 0
            if old:
                # Nobody else touches it meanwhile: Label Studio fails when two do.
                self.there.remove(old)
        url = f"{self.site.url}/api"
        if kind < 0.7:
            body = {"result": _label(rng), "lead_time": 1.0}
            path = f"{url}/tasks/{rng.choice(self.tasks)}/annotations/"
            answer = session.post(path, json=body, timeout=60)
            if answer.status_code == 201:
                with self.lock:
                    self.there.append(int(answer.json()["id"]))
                    self.pending[self.there[-1]] = time.monotonic()
        elif kind < 0.9:
            body = {"result": _label(rng)}
            answer = session.patch(f"{url}/annotations/{old}/", json=body, timeout=60)
            with self.lock:
                self.there.append(old)
        else:
            answer = session.delete(f"{url}/annotations/{old}/", timeout=60)
            with self.lock:
                self.pending.pop(old, None)
        if answer.status_code >= 400:
            self.faults.append(f"{answer.status_code}: {answer.text[:200]}")

    def watch(self, found: Soaked) -> None:
        """Note how long new annotations took to come into the mirror."""
        select = "SELECT annotation_id FROM annotations WHERE project_id = ? AND annotation_id >= ?"
        while not self.done.wait(LOOK):
            with self.lock:
                oldest = min(self.pending, default=0)
            rows = _read(self.home / "assay.db", select, self.project_id, oldest) if oldest else []
            now = time.monotonic()
            with self.lock:
                for one in {row[0] for row in rows} & self.pending.keys():
                    found.lags.append(now - self.pending.pop(one))

    def measure(self, pid: int, found: Soaked) -> None:
        """Note the memory of a process."""
        status = Path(f"/proc/{pid}/status")
        while not self.done.wait(SAMPLE):
            line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
            found.memory.append(int(line.split()[1]) / 1024)

    def differing(self) -> int:
        """How many annotations mirror and Label Studio's own database do not agree on."""
        select = "SELECT id, result FROM task_completion WHERE project_id = ?"
        there = _read(self.site.data / "label_studio.sqlite3", select, self.project_id)
        select = (
            "SELECT annotation_id, result FROM annotations "
            "WHERE project_id = ? AND deleted_at IS NULL"
        )
        here = _read(self.home / "assay.db", select, self.project_id)
        truth, mirror = ({i: json.loads(text) for i, text in rows} for rows in (there, here))
        return sum(mirror.get(i) != truth.get(i) for i in mirror.keys() | truth.keys())


def soak(
    site: Server, crew: Sequence[people.Person], home: Path, seconds: float, rate: float
) -> Soaked:
    """Let people edit at `rate` per second beside `assay run`.

    Args:
        site: a Label Studio on this machine.
        crew: who edits.
        home: an empty folder for the store.
        seconds: how long.
        rate: edits per second by all together.
    """
    one, found = _Soak(site, crew, home), Soaked(seconds=seconds)
    one.prepare(tasks=max(200, int(seconds * rate / 10)))
    env = {
        "ASSAY_LABEL_STUDIO_URL": site.url,
        "ASSAY_LABEL_STUDIO_API_KEY": site.account.token,
        "ASSAY_HOME": str(home),
        "ASSAY_PROJECT": str(one.project_id),
        "ASSAY_POLL_SECONDS": str(POLL),
    }
    command = [sys.executable, "-c", "from sync.cli import main; main()", "run"]
    with ExitStack() as stack, Child("the worker", command, env, home / "worker.log") as worker:
        stack.callback(one.done.set)
        _wait(lambda: _read_all(home, one), 120)
        until = time.monotonic() + seconds
        editors = [
            threading.Thread(target=one.edit, args=(i, rate / EDITORS, until, found))
            for i in range(EDITORS)
        ]
        watchers = [
            threading.Thread(target=one.watch, args=(found,)),
            threading.Thread(target=one.measure, args=(worker.pid, found)),
        ]
        for thread in (*editors, *watchers):
            thread.start()
        for thread in editors:
            thread.join()
        _wait(lambda: not one.pending and not one.differing(), 60)
        one.done.set()
        for thread in watchers:
            thread.join()
        found.lost = one.differing()
    if one.faults:
        raise RuntimeError(f"Label Studio refused {len(one.faults)} edits: {one.faults[0]}")
    return found


def _read_all(home: Path, one: _Soak) -> bool:
    select = "SELECT 1 FROM passes WHERE project_id = ? AND ok_at IS NOT NULL"
    return bool(_read(home / "assay.db", select, one.project_id))


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    """Poll; whatever has not come true by then is told by what was measured."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(LOOK)


def _read(path: Path, select: str, *values: int) -> list[Any]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
        return list(database.execute(select, values))


def _frozen(tasks: Iterable[int]) -> tuple[Batch, list[Candidate], list[Place]]:
    """All tasks as a batch, of which the first are asked: every pass has a verdict to give."""
    rng, policy = random.Random(0), from_dict({})
    proposed = [
        Candidate(task_id=n, batch="b", result=_label(rng), score=0.5, generator_version="1")
        for n in tasks
    ]
    places = [
        Place(task_id=one.task_id, position=i, role=Role.BLIND)
        for i, one in enumerate(proposed[:ASKED])
    ]
    batch = Batch(
        name="b",
        frozen_at=datetime.now(UTC),
        sampling_key="00",
        policy=to_dict(policy),
        policy_digest=digest(policy),
        generator="g",
        generator_version="1",
        population=len(proposed),
        queue_length=len(places),
        complete=True,
    )
    return batch, proposed, places


def _label(rng: random.Random) -> Result:
    region = {"from_name": "label", "to_name": "text", "type": "choices"}
    return [region | {"value": {"choices": [rng.choice(LABELS)]}}]


def rows(seconds: float, rate: float) -> list[str]:
    """The measurements as lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        data, home = Path(folder) / "label-studio", Path(folder) / "assay"
        home.mkdir()
        with label_studio(data) as site:
            token = site.account.token
            crew = [people.join(site.url, token, f"soak{i}@example.com") for i in range(EDITORS)]
            found = soak(site, crew, home, seconds, rate)
    first, second = found.peaks
    return [
        f"| soak of {seconds / 60:g} min: edits, asked for {rate:g}/s | {found.edits} "
        f"({found.edits / seconds:.1f}/s), {found.lost} lost | – | – |",
        f"| soak: lag of new annotations, p95, polled every {POLL:g} s | {found.lag:.2f} s "
        f"| bound {POLL + 2:g} s; Label Studio answered edits in {found.answer:.2f} s, p95 | – |",
        f"| soak: peak memory of the worker, second half beside the first | {second:.1f} MiB "
        f"| {first:.1f} MiB | {second / first:.3f} |",
    ]


def main() -> None:
    """Read the length and the rate, measure, print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=20.0, help="edits per second")
    asked = parser.parse_args()
    print("\n".join(rows(asked.minutes * 60, asked.rate)))


if __name__ == "__main__":
    main()
