"""How fast the backend answers, beside the published recipe served as label-studio-ml 2 does.

Both serve a model of the same 10,000 texts, each by one process: ours as `assay backend` does, the
recipe under gunicorn, as label-studio-ml's images do. Rounds are interleaved: each measures both,
minutes apart at most, and a row's ratio is the median of the rounds' ratios. Folders of both
are in memory where there is /dev/shm: a slow disk would only slow the recipe.
"""

from __future__ import annotations

import json
import secrets
import statistics
import tempfile
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import requests

from benchmarks.recipe import generated
from benchmarks.servers import ROOT, Side, memory, python
from benchmarks.texts import config, fill
from sync.store import Store

EXAMPLES, OTHERS, BATCH = 10_000, 4_096, 256
ROUNDS, SECONDS, STARTS = 5, 2.0, 3


class Bench:
    """Both sides around the same texts."""

    def __init__(self, folder: Path) -> None:
        texts, labels = generated(EXAMPLES + OTHERS, np.random.default_rng(4))
        self.texts, self.labels = texts[:EXAMPLES], labels[:EXAMPLES]
        self.xml = config(sorted(set(labels)))
        password = secrets.token_urlsafe(16)
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        self.auth = ("assay", password)
        given = b64encode(f"assay:{password}".encode()).decode()
        self.ours = Side(
            "Assay",
            "backend --host 127.0.0.1 --port {port} --threads 16",
            one_thread | {"ASSAY_HOME": str(folder / "ours"), "ASSAY_BACKEND_PASSWORD": password},
            folder / "ours",
            {"Authorization": f"Basic {given}", "X-Assay-Purpose": "candidates"},
        )
        self.theirs = Side(
            "the recipe",
            "gunicorn benchmarks.recipe_server:app --workers 1 --threads 8 --bind 127.0.0.1:{port} "
            "--log-level error",
            one_thread | {"RECIPE_FOLDER": str(folder / "theirs")},
            folder / "theirs",
            {},
        )
        for side in self.sides:
            side.folder.mkdir()
            side.prepare(1, self.xml, list(range(OTHERS)), texts[EXAMPLES:], (1, BATCH))
        with Store.open(f"sqlite:///{folder / 'ours' / 'assay.db'}") as store:
            fill(store, self.xml, self.texts, self.labels)
        examples = json.dumps([self.texts, self.labels])
        (folder / "theirs" / "examples.json").write_text(examples)

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.ours, self.theirs

    def train(self) -> None:
        """Both fits, each in a process; then ours from the store to a published model."""
        for side, which in ((self.theirs, "recipe"), (self.ours, "assay")):
            told = json.loads(
                python(["benchmarks.fitting", which, str(self.theirs.folder)], side.env)
            )
            for what, value in told.items():
                side.note(what, value)
        began = time.perf_counter()
        python(["backend.training", "1"], self.ours.env)
        self.ours.note("whole", time.perf_counter() - began)

    def first(self) -> None:
        """The first request after a start."""
        for side in self.sides:
            for _ in range(STARTS):
                with side.start():
                    found = side.load(1, 1, 1, most=1)
                side.note("first", found["times"][0] * 1000)

    def rounds(self) -> None:
        """All that is measured on both in turn."""
        with self.ours.start() as ours, self.theirs.start() as theirs:
            for side in self.sides:
                side.load(1, 8, 1.0)
            for number in range(ROUNDS):
                for side in self.sides[:: 1 if number % 2 else -1]:
                    self._round(side)
            self.ours.note("memory", memory(ours.pid))
            self.theirs.note("memory", memory(theirs.pid))

    def _round(self, side: Side) -> None:
        one = side.load(1, 1, SECONDS)["times"]
        side.note("p50", statistics.median(one) * 1000)
        side.note("p95", statistics.quantiles(one, n=20)[18] * 1000)
        found = side.load(1, 8, SECONDS)
        side.note("eight", len(found["times"]) / found["wall"])
        found = side.load(BATCH, 1, SECONDS)
        side.note("batches", BATCH * len(found["times"]) / found["wall"])

    def while_training(self) -> None:
        """One client while each trains on the same texts."""
        examples = {"label_config": self.xml, "texts": self.texts, "labels": self.labels}
        asked = {"action": "START_TRAINING", "project": {"id": 1}}
        for side, body in ((self.ours, asked), (self.theirs, examples)):
            before = side.errors
            with side.start(), ThreadPoolExecutor(1) as pool:
                side.load(1, 1, 0.5)
                pool.submit(requests.post, f"{side.url}/webhook", json=body, auth=self.auth)
                found = side.load(1, 1, 1.2 * side.seen["wall"][0] + 2)
            side.note("busy", statistics.quantiles(found["times"], n=20)[18] * 1000)
            side.wrong = f"{side.errors - before} errors in {len(found['times']):,}"
            side.errors = before


#: What was measured, how it is called, its unit, and whether more is better.
_ROWS = (
    ("p50", "/predict of 1 task, one client, p50", "ms", False),
    ("p95", "– the same, p95", "ms", False),
    ("eight", "/predict of 1 task, 8 clients", "requests/s", True),
    ("batches", f"/predict of {BATCH} tasks, one client", "tasks/s", True),
    ("first", "First /predict after a start", "ms", False),
    ("memory", "Memory of the whole server after that (sum of proportional sets)", "MB", False),
    ("busy", "/predict of 1 task during a training, p95", "ms", False),
    ("grown", f"Training on {EXAMPLES:,} texts of 30 words and 10 labels, memory", "MB", False),
    ("cpu", "– the same, fit alone, processor time", "s", False),
)


def _line(what: str, name: str, unit: str, more: bool, ours: Side, theirs: Side) -> str:
    a, b = ours.seen[what], theirs.seen[what]
    pairs = zip(a, b, strict=True)
    ratios = sorted(x / y if more else y / x for x, y in pairs)
    spread = f" [{ratios[0]:.1f}–{ratios[-1]:.1f}]" if len(ratios) > 1 else ""
    shown = [_number(statistics.median(side)) for side in (a, b)]
    wrong = [f" ({side.wrong})" if what == "busy" else "" for side in (ours, theirs)]
    return (
        f"| {name} | {shown[0]} {unit}{wrong[0]} | {theirs.name}: {shown[1]} {unit}{wrong[1]} | "
        f"{statistics.median(ratios):.1f}{spread} |"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def rows() -> list[str]:
    """Rows of Markdown: what, Assay, the peer, the ratio of the medians of the rounds."""
    memory_folder = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory_folder) as folder:
        bench = Bench(Path(folder))
        bench.train()
        bench.first()
        bench.rounds()
        bench.while_training()
    ours, theirs = bench.sides
    for side in bench.sides:
        if side.errors:
            raise RuntimeError(f"{side.name} answered {side.errors} requests with an error")
    whole, theirs_wall = ours.seen["whole"][0], theirs.seen["wall"][0]
    training = (
        f"| – the same, from the labels in the store to the published model, wall time | "
        f"{whole:.1f} s | {theirs.name}, its fit alone: {theirs_wall:.1f} s | "
        f"{theirs_wall / whole:.1f} |"
    )
    return [*(_line(*row, ours, theirs) for row in _ROWS), training]


if __name__ == "__main__":
    print("\n".join(rows()))
