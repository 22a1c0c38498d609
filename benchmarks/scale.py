"""Pulls of large projects: of a real server filled by import, and of a replay of one.

`SCALE_TASKS` and `SCALE_REPLAYED` set their sizes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import label_configs
from benchmarks.label_studio import FIELDS, LABELS, text, timed
from sync.demo.label_studio import label_studio
from sync.labelstudio import LabelStudio
from sync.labelstudio.listing import PAGE
from sync.pull import differences, pull
from sync.records import Json, Project
from sync.store import Store
from sync.worker.once import utc_now

TASKS = int(os.environ.get("SCALE_TASKS", "10000"))
REPLAYED = int(os.environ.get("SCALE_REPLAYED", "100000"))
ANSWERS, CHANGES, CHUNK = 3, 100, 1000
INCLUDE = (
    "id,updated_at,data,annotations,result,completed_by,ground_truth,was_cancelled,lead_time,"
    "created_at"
)


def answered(i: int) -> Json:
    """A task with its answers."""
    region = {"from_name": "label", "to_name": "text", "type": "choices"}
    given = [
        {
            "result": [region | {"value": {"choices": [LABELS[(i + k) % 3]]}}],
            "ground_truth": False,
            "lead_time": 2.5,
        }
        for k in range(ANSWERS)
    ]
    return {"data": text(i), "annotations": given}


def fill(server: LabelStudio) -> int:
    made = server.create_project(
        title="Scale", label_config=label_configs.load("text_classification")
    )
    project_id = int(made["id"])
    for start in range(0, TASKS, CHUNK):
        server.import_tasks(project_id, [answered(i) for i in range(start, start + CHUNK)])
    return project_id


def listed(server: LabelStudio, project_id: int) -> int:
    """Label Studio's own listing, page by page; the number of tasks."""
    found, page = 0, 1
    while found < TASKS:
        reply = server.raw(
            "api/tasks/",
            project=project_id,
            fields="all",
            include=INCLUDE,
            page_size=PAGE,
            page=page,
        )
        found, page = found + len(reply["tasks"]), page + 1
    return found


def pulled(url: str, key: str, database: str, project_id: int) -> dict[str, float]:
    """One pull by a process of its own: seconds, tasks read, and its peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.scale", url, key, database, str(project_id)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def pull_here(url: str, key: str, database: str, project_id: int) -> None:
    with LabelStudio(url, key) as server, Store.open(database) as store:
        began = time.perf_counter()
        found = pull(server, store, project_id, FIELDS, utc_now)
        took = time.perf_counter() - began
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    print(json.dumps({"seconds": took, "tasks": found.tasks, "peak": peak}))


def connect(database: str, project_id: int) -> None:
    with Store.open(database) as store:
        known: dict[str, Any] = {"title": "t", "label_config": "", "model_version": "v"}
        store.save_project(Project(project_id=project_id, **known))


def real(folder: Path) -> tuple[list[str], Json]:
    """Rows of the real server, and one task as it lists it."""
    with ExitStack() as stack:
        site = stack.enter_context(label_studio(folder / "label-studio"))
        token = site.account.token
        server = stack.enter_context(LabelStudio(site.url, token))
        project_id, database = fill(server), f"sqlite:///{folder / 'assay.db'}"
        connect(database, project_id)
        theirs = timed(lambda: listed(server, project_id))
        first = pulled(site.url, token, database, project_id)
        pulled(site.url, token, database, project_id)
        for task in server.changed_tasks(project_id, None, CHANGES):
            server.patch_task(task["id"], data=text(task["id"]) | {"batch": "later"})
        later = pulled(site.url, token, database, project_id)
        with Store.open(database) as store:
            check = timed(lambda: _equal(server, store, project_id))
        recorded = server.changed_tasks(project_id, None, 1)[0]
    size = f"{TASKS:,} tasks, {TASKS * ANSWERS:,} annotations"
    return [
        f"| First pull of {size} | {first['seconds']:.1f} s, {TASKS / first['seconds']:.0f} "
        f"tasks/s, {first['peak']:.0f} MB | Label Studio's listing, the same fields: "
        f"{theirs:.1f} s | {theirs / first['seconds']:.2f} |",
        f"| – {CHANGES} changes after it ({later['tasks']:.0f} tasks read) | "
        f"{later['seconds']:.2f} s | – | – |",
        f"| – a full comparison by `assay store check` | {check:.1f} s | – | – |",
    ], recorded


def _equal(server: LabelStudio, store: Store, project_id: int) -> None:
    if found := differences(server, store, project_id, FIELDS):
        raise RuntimeError(f"the mirror differs: {found[0]}")


def replayed(folder: Path, recorded: Json) -> list[str]:
    """The row of a project that is too large for a server here."""
    (folder / "task.json").write_text(json.dumps(recorded))
    database = f"sqlite:///{folder / 'replayed.db'}"
    connect(database, 1)
    command = [sys.executable, "-m", "benchmarks.replay", str(folder / "task.json"), str(REPLAYED)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(process.stdout.readline()) if process.stdout else 0
            found = pulled(f"http://127.0.0.1:{port}", "0" * 40, database, 1)
        finally:
            process.terminate()
    if found["tasks"] != REPLAYED:
        raise RuntimeError(f"{found['tasks']} of {REPLAYED} tasks were read")
    return [
        f"| First pull of {REPLAYED:,} replayed tasks, {REPLAYED * ANSWERS:,} annotations | "
        f"{found['seconds']:.0f} s, {REPLAYED / found['seconds']:.0f} tasks/s, "
        f"{found['peak']:.0f} MB | – | – |"
    ]


def rows() -> Iterator[str]:
    """Lines of the table of benchmarks: what, ours, theirs, ratio."""
    with tempfile.TemporaryDirectory() as name:
        lines, recorded = real(Path(name))
        yield from lines
        yield from replayed(Path(name), recorded)


if __name__ == "__main__":
    pull_here(*sys.argv[1:4], int(sys.argv[4]))
