"""What the work with a Label Studio server costs, on one of its own."""

from __future__ import annotations

import os
import secrets
import statistics
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

import label_configs
from benchmarks.servers import Side
from sync.cli.root import collect_seldom
from sync.connect import connect
from sync.demo.label_studio import label_studio
from sync.demo.processes import free_port, start_backend
from sync.freeze import freeze
from sync.generator import Generator
from sync.labelstudio import LabelStudio
from sync.pull import Fields, connected, pull
from sync.records import Json
from sync.settings import Settings
from sync.store import Store
from sync.worker.once import utc_now

TASKS, RETRIEVED, CHANGES = 10_000, 400, 100
LABELS = ("positive", "negative", "other")
FIELDS = Fields(batch="batch", queue="queue_id")


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def text(i: int) -> Json:
    return {"text": f"{LABELS[i % 3]} remark no. {i} on something that was bought in shop {i % 97}"}


class Bench:
    """One project with a trained model, and what was measured on it."""

    def __init__(self, settings: Settings, server: LabelStudio, store: Store) -> None:
        self.settings, self.server, self.store = settings, server, store
        password = settings.backend_password.get_secret_value()
        self.auth = (settings.backend_user, password)
        self.generator = Generator(settings.backend_url, *self.auth)
        made = server.create_project(
            title="Benchmark", label_config=label_configs.load("text_classification")
        )
        self.project_id = int(made["id"])
        connect(server, store, settings, self.project_id)
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def pull(self) -> None:
        pull(self.server, self.store, self.project_id, FIELDS, utc_now)

    def train(self) -> None:
        tasks = []
        for i in range(200):
            region = {"from_name": "label", "to_name": "text", "type": "choices"}
            result = [region | {"value": {"choices": [LABELS[i % 3]]}}]
            known = {"result": result, "ground_truth": False}
            tasks.append({"data": text(i) | {"batch": "training"}, "annotations": [known]})
        self.server.import_tasks(self.project_id, tasks)
        self.pull()
        project = connected(self.store, self.project_id)
        self.server.train(int(project.backend_id or 0))
        while not self.generator.setup(project, f"{self.project_id}.0"):
            time.sleep(0.2)

    def freeze(self) -> None:
        data = [{"data": text(i) | {"batch": "big"}} for i in range(1000, 1000 + TASKS)]
        self.server.import_tasks(self.project_id, data)
        read = timed(self.pull)
        project = connected(self.store, self.project_id)
        ends: dict[str, float] = {}

        def note(step: str, done: int, total: int) -> None:
            ends[step] = time.perf_counter()
            ends.setdefault(f"first {step}", ends[step])

        took = timed(
            lambda: freeze(
                self.server,
                self.store,
                self.generator,
                project,
                "big",
                self.settings.policy,
                queue_field="queue_id",
                key=secrets.token_hex(32),
                now=utc_now(),
                progress=note,
            )
        )
        ours = TASKS / (read + took)
        theirs = self.retrieve(RETRIEVED)
        self.say(
            f"| Freeze of {TASKS:,} text tasks: pull {read:.1f} s; candidates, draw, import and "
            f"queue {took:.1f} s | {ours:.0f} tasks/s | Label Studio's retrieve action, "
            f"{RETRIEVED} tasks of the same kind: {theirs:.1f} tasks/s | {ours / theirs:.1f} |"
        )
        for step in ("candidates", "predictions", "queue"):
            print(f"  {step}: {ends[step] - ends[f'first {step}']:.1f} s after its first part")

    def retrieve(self, count: int) -> float:
        """Tasks per second of Label Studio's own way, on a project that Assay leaves alone."""
        made = self.server.create_project(
            title="Retrieve", label_config=label_configs.load("text_classification")
        )
        other = int(made["id"])
        # The backend answers live for a project that it does not know, with the same model.
        models = self.settings.home / "models"
        (models / str(other)).symlink_to(models / str(self.project_id))
        self.server.create_ml_backend(
            project=other,
            url=self.settings.backend_url,
            title=f"assay-{other}",
            auth_method="BASIC_AUTH",
            basic_auth_user=self.auth[0],
            basic_auth_pass=self.auth[1],
        )
        self.server.import_tasks(other, [{"data": text(i)} for i in range(count)])
        headers = {
            "Authorization": f"Token {self.settings.label_studio_api_key.get_secret_value()}"
        }
        body = {"selectedItems": {"all": True, "excluded": []}, "ordering": []}
        address = f"{self.server.url}/api/dm/actions"
        params = {"id": "retrieve_tasks_predictions", "project": other}

        def act() -> None:
            answer = requests.post(address, params=params, json=body, headers=headers, timeout=1800)
            answer.raise_for_status()

        took = timed(act)
        stored = len(list(self.server.task_ids(other, predicted=True)))
        if stored != count:
            raise RuntimeError(f"the retrieve action stored {stored} of {count} predictions")
        return count / took

    def latency(self) -> None:
        """What annotators wait for: Label Studio asks for one task of a frozen batch."""
        ids = sorted(self.store.task_ids(self.project_id))[-4096:]
        given = b64encode(":".join(self.auth).encode()).decode()
        side = Side("the ledger", "", {}, self.settings.home, {"Authorization": f"Basic {given}"})
        side.port = int(self.settings.backend_url.rpartition(":")[2])
        side.prepare(self.project_id, label_configs.load("text_classification"), ids, ["x"], (1,))
        one = [t * 1000 for t in side.load(1, 1, 3.0)["times"]]
        found = side.load(1, 8, 3.0)
        self.say(
            f"| /predict of 1 task of a frozen batch of {TASKS:,}, one client: p50, p95 | "
            f"{statistics.median(one):.2f} ms, {statistics.quantiles(one, n=20)[18]:.2f} ms | – | "
            f"– |"
        )
        rate = len(found["times"]) / found["wall"]
        self.say(f"| – the same, 8 clients | {rate:,.0f} requests/s | – | – |")

    def changes(self) -> None:
        ids = sorted(self.store.task_ids(self.project_id))[-CHANGES:]
        self.pull()
        for task_id in ids:
            self.server.patch_task(task_id, data=text(task_id) | {"batch": "later"})
        took = timed(self.pull)
        self.pull()
        idle = timed(self.pull)
        whole = timed(self.export)
        self.say(
            f"| Pull of {CHANGES} changes in {TASKS:,} tasks (idle: {idle:.2f} s) | {took:.2f} s | "
            f"Label Studio's JSON export of the project: {whole:.1f} s | {whole / took:.0f} |"
        )

    def export(self) -> None:
        self.server.raw(
            f"api/projects/{self.project_id}/export", exportType="JSON", download_all_tasks="true"
        )


@contextmanager
def bench_of_its_own() -> Iterator[Bench]:
    """A Label Studio, a backend with a trained model, and a project in front of them."""
    collect_seldom()  # as the command does
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = stack.enter_context(label_studio(folder / "label-studio"))
        port = free_port()
        env = {
            "ASSAY_LABEL_STUDIO_URL": site.url,
            "ASSAY_LABEL_STUDIO_API_KEY": site.account.token,
            "ASSAY_HOME": str(folder / "assay"),
            "ASSAY_BACKEND_URL": f"http://127.0.0.1:{port}",
            "ASSAY_BACKEND_PASSWORD": secrets.token_urlsafe(16),
        }
        os.environ.update(env)
        settings = Settings.load()
        backend = stack.enter_context(start_backend(port, env, folder / "backend.log"))
        backend.wait_for(f"{settings.backend_url}/health", 60)
        server = stack.enter_context(LabelStudio(site.url, site.account.token))
        store = stack.enter_context(Store.open(settings.store_url))
        bench = Bench(settings, server, store)
        stack.callback(bench.generator.close)
        bench.train()
        yield bench


def rows() -> list[str]:
    """Lines of the table of benchmarks: what, ours, theirs, ratio."""
    with bench_of_its_own() as bench:
        bench.freeze()
        bench.latency()
        bench.changes()
        return bench.lines
