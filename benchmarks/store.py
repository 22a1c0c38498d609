"""How fast the store takes pages of tasks, and how long the verdicts on a large project take."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import label_configs
from sync.cli.root import collect_seldom
from sync.gating.policy import digest, from_dict, to_dict
from sync.records import (
    Annotation,
    Batch,
    Candidate,
    Gold,
    Place,
    Project,
    Result,
    Role,
    Task,
)
from sync.store import Store
from sync.worker import Memory, judge
from tests.postgresql import Cluster

START = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = ("positive", "negative", "other")
PAGE, OVERLAP, TASKS, BATCHES, ASKED, GOLD = 500, 3, 100_000, 10, 1000, 100
CHANGES = 100
#: Close to what is true, so that no batch is settled by the first answers.
POLICY = from_dict({"gate": {"acceptance": {"min": 0.855}}, "sample": {"overlap": OVERLAP}})
CONFIG = label_configs.load("text_classification")


def result(label: str) -> Result:
    """One choice, as Label Studio sends it."""
    value = {"choices": [label]}
    return [{"id": "x", "from_name": "label", "to_name": "text", "type": "choices", "value": value}]


def page(number: int, rng: random.Random) -> list[tuple[Task, list[Annotation]]]:
    """Tasks of some forty words, each with three answers, of which 19 in 20 are right."""
    found = []
    for n in range(number * PAGE, (number + 1) * PAGE):
        when = START + timedelta(seconds=n)
        task = Task(
            task_id=n,
            data={"text": f"{n} " + "word " * 40},
            data_hash=f"{n:064}",
            batch=f"b{n * BATCHES // TASKS}",
            updated_at=when,
        )
        said = [LABELS[n % 3] if rng.random() < 0.95 else LABELS[(n + 1) % 3] for _ in range(3)]
        found.append((task, [_annotation(n, i, label, when) for i, label in enumerate(said)]))
    return found


def _annotation(task_id: int, person: int, label: str, when: datetime) -> Annotation:
    return Annotation(
        annotation_id=task_id * OVERLAP + person,
        task_id=task_id,
        annotator=person,
        result=result(label),
        was_cancelled=False,
        ground_truth=False,
        lead_time=5.0,
        created_at=when,
        updated_at=when,
    )


def fill(store: Store, pages: int, rng: random.Random) -> list[float]:
    """Seconds that the store took for each page."""
    store.save_project(Project(project_id=1, title="t", label_config=CONFIG, model_version="a"))
    took = []
    for number in range(pages):
        made = page(number, rng)
        began = time.perf_counter()
        store.apply(1, made, START, START)
        took.append(time.perf_counter() - began)
    return took


def freeze(store: Store, rng: random.Random) -> None:
    """Ten batches with their candidates, of which nine in ten are right, and some gold."""
    size = TASKS // BATCHES
    golden = range(size - GOLD, size)
    store.add_gold(1, [Gold(task_id=n, result=result(LABELS[n % 3])) for n in golden])
    for number in range(BATCHES):
        tasks = range(number * size, (number + 1) * size)
        drawn = rng.sample([n for n in tasks if n not in golden], ASKED)
        places = [
            Place(task_id=n, position=i, role=Role.BLIND if i % 5 else Role.SHOWN)
            for i, n in enumerate(drawn)
        ]
        batch = Batch(
            name=f"b{number}",
            frozen_at=START + timedelta(hours=number),
            sampling_key="00",
            policy=to_dict(POLICY),
            policy_digest=digest(POLICY),
            generator="g",
            generator_version=f"v{number}",
            population=size,
            queue_length=ASKED,
            complete=True,
        )
        proposed = [_candidate(n, batch.name, rng) for n in tasks]
        store.freeze(1, batch, proposed, places, {n: f"{n:064}" for n in tasks})


def _candidate(task_id: int, batch: str, rng: random.Random) -> Candidate:
    label = LABELS[task_id % 3] if rng.random() < 0.9 else LABELS[(task_id + 2) % 3]
    return Candidate(
        task_id=task_id, batch=batch, result=result(label), score=0.5, generator_version="v"
    )


def again(store: Store, project: Project) -> float:
    """Seconds of the worker's next look, after answers in one batch were changed and read."""
    memory = Memory()
    judge(store, project, START, memory)
    rng = random.Random(1)
    changed = []
    for place in store.places(1, "b0")[:CHANGES]:
        task, answers = page(place.task_id // PAGE, rng)[place.task_id % PAGE]
        changed.append((task, [replace(a, result=result(LABELS[0])) for a in answers]))
    store.apply(1, changed, START, START)
    began = time.perf_counter()
    judge(store, project, START, memory)
    return time.perf_counter() - began


def rows() -> Iterator[str]:
    """Rows of Markdown: what, Assay, the peer, the ratio."""
    collect_seldom()
    with tempfile.TemporaryDirectory() as folder, Cluster() as cluster:
        for name, url in (
            ("SQLite", f"sqlite:///{Path(folder) / 'assay.db'}"),
            ("PostgreSQL", cluster.url),
        ):
            rng = random.Random(0)
            with Store.open(url) as store:
                took = statistics.median(fill(store, TASKS // PAGE, rng))
                yield (
                    f"| Page of {PAGE} tasks with {PAGE * OVERLAP:,} annotations into the store, "
                    f"{name} | {took:.2f} s | – | – |"
                )
                freeze(store, rng)
                project = store.project(1)
                if project is None:
                    raise RuntimeError("the project is gone")
                began = time.perf_counter()
                judge(store, project, START)
                yield (
                    f"| Verdicts on all {BATCHES} batches of {TASKS:,} tasks and "
                    f"{TASKS * OVERLAP:,} annotations, {ASKED * OVERLAP:,} validation answers "
                    f"each, {name} | {time.perf_counter() - began:.1f} s | – | – |"
                )
                yield (
                    f"| The same judged again after {CHANGES} changes in one batch, {name} | "
                    f"{again(store, project):.2f} s | – | – |"
                )
