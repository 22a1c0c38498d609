"""Pre-fill beside Label Studio's own retrieve action, in turns on one server."""

from __future__ import annotations

import statistics
import time

import label_configs
from benchmarks.label_studio import TASKS, Bench, bench_of_its_own, text, timed
from sync.connect import connect
from sync.generator import Generator
from sync.prefill import prefill
from sync.pull import Fields, connected, pull
from sync.worker.once import utc_now

#: Tasks that the retrieve action is given, the most that one request to our backend may have; and
#: how often each side is measured.
RETRIEVED, ROUNDS = 5_000, 2


def ours(bench: Bench) -> tuple[float, float, float, float]:
    """Seconds of a first pull, of the pre-fill, of its import alone and of a second pre-fill."""
    made = bench.server.create_project(
        title="Pre-filled", label_config=label_configs.load("text_classification")
    )
    project_id = int(made["id"])
    connect(bench.server, bench.store, bench.settings, project_id)
    models = bench.settings.home / "models"
    (models / str(project_id)).symlink_to(models / str(bench.project_id))
    bench.server.import_tasks(project_id, [{"data": text(i)} for i in range(TASKS)])
    fields = Fields(batch="batch", queue="queue_id")
    pulled = timed(lambda: pull(bench.server, bench.store, project_id, fields, utc_now))
    project = connected(bench.store, project_id)
    ends: dict[str, float] = {}

    def note(step: str, done: int, total: int) -> None:
        ends[step] = time.perf_counter()

    def fill() -> None:
        with Generator(bench.settings.backend_url, *bench.auth) as generator:
            prefill(bench.server, bench.store, generator, project, progress=note)

    took = timed(fill)
    imported = ends["placed"] - ends["candidates"]
    again = timed(fill)
    held = len(bench.server.raw("api/predictions/", project=project_id))
    if held != TASKS:
        raise RuntimeError(f"{held} predictions stand on {TASKS} tasks")
    return pulled, took, imported, again


def rows() -> list[str]:
    """Lines of the table of benchmarks: what, ours, theirs, ratio."""
    with bench_of_its_own() as bench:
        mine, theirs = [], []
        for _ in range(ROUNDS):
            mine.append(ours(bench))
            theirs.append(bench.retrieve(RETRIEVED))
            print(f"  {mine[-1]} s; retrieve {theirs[-1]:.1f} tasks/s", flush=True)
    pulled, took, imported, again = (statistics.mean(parts) for parts in zip(*mine, strict=True))
    peer = statistics.mean(theirs)
    of = f"Label Studio's retrieve action, {RETRIEVED:,} tasks: {peer:.1f} tasks/s"
    lines = [
        (f"Pre-fill of {TASKS:,} text tasks that the mirror has: {took:.1f} s", TASKS / took),
        ("– with the first pull of the mirror before it", TASKS / (took + pulled)),
        (f"– of it, Label Studio's import of them: {imported:.1f} s", TASKS / imported),
    ]
    found = [f"| {what} | {rate:.0f} tasks/s | {of} | {rate / peer:.0f} |" for what, rate in lines]
    return [*found, f"| – the same again, which places nothing | {again:.1f} s | – | – |"]
