"""A small Label Studio of many projects, on a real socket."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import label_configs
from sync.labelstudio import LabelStudio
from sync.records import Json, Project
from sync.settings import Settings
from sync.store import Store
from sync.worker import Observer, Pass
from sync.worker.loop import run

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = label_configs.load("text_classification")


#: What the worker asks, by what it wants to know of tasks.
KINDS = {"id": "ids", "id,updated_at": "look"}


class Site:
    """Answers the routes of a pull; its projects are numbers of tasks."""

    def __init__(self) -> None:
        self.tasks: dict[int, list[Json]] = {}
        #: Requests by project and kind.
        self.asked: Counter[tuple[int, str]] = Counter()
        self.log: list[tuple[int, str]] = []
        #: Projects whose every request fails, with this status.
        self.broken: dict[int, int] = {}
        #: Seconds that a page with annotations takes.
        self.page_seconds = 0.0
        self._lock = threading.Lock()
        self._served = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._served.daemon_threads = True
        threading.Thread(target=self._served.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._served.server_address[1]}"

    def close(self) -> None:
        self._served.shutdown()
        self._served.server_close()

    def add(self, project_id: int, count: int) -> None:
        """More tasks of a project, each changed a millisecond after the one before."""
        with self._lock:
            held = self.tasks.setdefault(project_id, [])
            for _ in range(count):
                number = len(held)
                moment = EPOCH + timedelta(milliseconds=number)
                held.append(
                    {
                        "id": project_id * 1_000_000 + number,
                        "updated_at": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                        "data": {"text": f"text {number}"},
                        "annotations": [],
                        "total_annotations": 0,
                        "cancelled_annotations": 0,
                    }
                )

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path.startswith("/api/projects/"):
            project_id = int(path.split("/")[3])
            kind = "project"
        elif path == "/api/tasks/":
            project_id = int(query["project"])
            kind = KINDS.get(query["include"], "changes")
        else:
            return 200, []
        self.asked[project_id, kind] += 1
        self.log.append((project_id, kind))
        if project_id in self.broken:
            return self.broken[project_id], {"detail": "broken by the test"}
        if kind == "project":
            held = len(self.tasks[project_id])
            return 200, {"title": "t", "label_config": CONFIG, "task_number": held}
        return 200, self._page(project_id, query)

    def _page(self, project_id: int, query: dict[str, str]) -> Json:
        asked, tasks = json.loads(query["query"]), self.tasks[project_id]
        held = len(tasks)
        if "annotations" in query["include"]:
            time.sleep(self.page_seconds)
        for item in asked["filters"]["items"]:
            name = item["filter"].removeprefix("filter:tasks:")
            if item["operator"].startswith("greater"):
                tasks = [task for task in tasks if task[name] >= item["value"]]
            if item["operator"] == "greater":
                tasks = [task for task in tasks if task[name] != item["value"]]
        if asked["ordering"][0].startswith("-"):
            tasks = tasks[::-1]
        tasks = tasks[: int(query["page_size"])]
        counts = {"total": held, "total_annotations": 0, "total_predictions": 0}
        return {"tasks": tasks, **counts}


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, body = site.answer(parts.path, query)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def small_site() -> Iterator[Site]:
    """A small Label Studio."""
    site = Site()
    yield site
    site.close()


@pytest.fixture
def join(small_site: Site) -> Callable[[Store, int, int], None]:
    """Connect a project with so many tasks."""

    def connect(store: Store, project_id: int, tasks: int) -> None:
        small_site.add(project_id, tasks)
        project = Project(
            project_id=project_id, title="t", label_config=CONFIG, model_version="assay"
        )
        store.save_project(project)

    return connect


class Seen(Observer):
    """What a worker told."""

    def __init__(self) -> None:
        self.passes: list[tuple[float, int]] = []
        self.looks: list[tuple[float, int]] = []
        self.failures: list[tuple[float, int, str]] = []
        self.reasons: list[str] = []

    def passed(self, project_id: int, outcome: Pass, seconds: float, lag: float | None) -> None:
        self.passes.append((time.monotonic(), project_id))

    def idle(self, project_id: int) -> None:
        self.looks.append((time.monotonic(), project_id))

    def failed(self, project_id: int, kind: str, error: str) -> None:
        self.failures.append((time.monotonic(), project_id, kind))

    def waiting(self, reason: str) -> None:
        self.reasons.append(reason)

    @property
    def visits(self) -> list[tuple[float, int]]:
        return sorted(self.passes + self.looks)


Work = Callable[..., Any]


@pytest.fixture
def work(small_site: Site, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Run a worker beside the block, and see what it did."""

    @contextmanager
    def working(store: Store, poll: float, **values: Any) -> Iterator[Seen]:
        monkeypatch.setenv("ASSAY_POLL_SECONDS", str(poll))
        stop, seen = threading.Event(), Seen()
        failed: list[BaseException] = []

        def serve() -> None:
            try:
                run(server, store, Settings.load(), stop, observer=seen, **values)
            except BaseException as error:
                failed.append(error)

        with LabelStudio(small_site.url, "key", sleep=stop.wait) as server:
            thread = threading.Thread(target=serve)
            thread.start()
            try:
                yield seen
            finally:
                stop.set()
                thread.join(20)
        if failed:
            raise failed[0]

    return working


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of its own, where the kind of database does not matter."""
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        yield opened
