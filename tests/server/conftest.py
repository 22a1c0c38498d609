"""A team's loop on the real server, step by step."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import Browser, Page, sync_playwright

from sync.cli.root import assay
from sync.demo import people
from sync.demo.label_studio import Server
from sync.labelstudio import LabelStudio
from sync.records import Json
from sync.settings import Settings
from sync.store import Store
from tests.server.browsing import log_in
from tests.server.edits import Edits

POLICY = """
[gate.acceptance]
min = 0.80
[gate.gold]
min = 0.70
min_tasks = 8
[gate.agreement]
min = 0.5
[sample]
size = 30
limit = 60
"""


def choice(label: str, to_name: str) -> list[Json]:
    """A label as a Label Studio result."""
    region = {"from_name": "label", "to_name": to_name, "type": "choices"}
    return [region | {"value": {"choices": [label]}}]


class Loop:
    """What a team does, with the answers known to the test."""

    def __init__(
        self, team: Settings, site: Server, lead: LabelStudio, crew: list[people.Person]
    ) -> None:
        self.team, self.site, self.lead, self.crew = team, site, lead, crew
        self.project_id = 0
        self.to_name = ""
        self.truth: dict[str, str] = {}

    def assay(self, *arguments: str, code: int = 0) -> Result:
        """Run a command on the project, expecting an exit code."""
        command = [*arguments, "--project", str(self.project_id)]
        result = CliRunner().invoke(assay, command, catch_exceptions=True)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    def project(self, config: str, to_name: str, **values: Any) -> int:
        """A new project of this test."""
        made = self.lead.create_project(label_config=config, **values)
        self.project_id, self.to_name = int(made["id"]), to_name
        return self.project_id

    def add(self, items: Sequence[tuple[Json, str]], batch: str, *, labelled: bool = False) -> None:
        """Tasks of a batch; with their labels as human annotations if asked for."""
        tasks = []
        for data, label in items:
            self.truth[self.key(data)] = label
            task: Json = {"data": data | {"batch": batch}}
            if labelled:
                known = {"result": choice(label, self.to_name), "ground_truth": False}
                task["annotations"] = [known]
            tasks.append(task)
        self.lead.import_tasks(self.project_id, tasks)

    def key(self, data: Json) -> str:
        """What makes two inputs the same."""
        return str(data.get("text") or data.get("image"))

    def gold(self, items: Sequence[tuple[Json, str]], batch: str, folder: Path) -> None:
        """Plant gold by the command."""
        lines = []
        for data, label in items:
            self.truth[self.key(data)] = label
            lines.append(json.dumps({"data": data, "result": choice(label, self.to_name)}))
        file = folder / "gold.jsonl"
        file.write_text("\n".join(lines))
        self.assay("gold", "add", str(file), "--batch", batch)

    def tasks(self, person: people.Person | None = None) -> list[Json]:
        """All tasks as an account sees them through the list."""
        token = person.token if person else self.site.account.token
        with LabelStudio(self.site.url, token) as own:
            found = own.raw("api/tasks/", project=self.project_id, fields="all", page_size=1000)
            return list(found["tasks"])

    def settle(self, batch: str) -> None:
        """Label and look, as long as the gate asks for more."""
        while True:
            assert self.label(batch) > 0
            command = ["gate", "--batch", batch, "--project", str(self.project_id)]
            if CliRunner().invoke(assay, command).exit_code != 11:
                return

    def label(self, batch: str, wrong: float = 0.0, seed: int = 1) -> int:
        """Two people each answer what is open in a batch's queue."""
        rng = random.Random(seed)
        with Store.open(self.team.store_url) as store:
            frozen = store.batch(self.project_id, batch)
        assert frozen is not None
        view = frozen.views["validate"]
        queue = people.displayed(self.site.url, self.crew[0], view, self.project_id)
        labels = sorted(set(self.truth.values()))
        count = 0
        for i, task in enumerate(queue):
            if task["is_labeled"]:
                continue
            for k in range(2):
                right = self.truth[self.key(task["data"])]
                other = rng.choice([label for label in labels if label != right])
                label = other if rng.random() < wrong else right
                person = self.crew[(i + k) % len(self.crew)]
                result = choice(label, self.to_name)
                people.submit(self.site.url, person, task["id"], result, 1.0)
                count += 1
        return count


@pytest.fixture
def loop(
    team: Settings,
    site: Server,
    lead: LabelStudio,
    annotators: list[people.Person],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Loop:
    """A team with a small policy, ready to begin."""
    policy = tmp_path / "assay.toml"
    policy.write_text(POLICY)
    monkeypatch.setenv("ASSAY_CONFIG", str(policy))
    return Loop(Settings.load(), site, lead, annotators)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def page(browser: Browser, site: Server) -> Page:
    """A page under the lead's account."""
    return log_in(browser, site.url, site.account.email, site.account.password)


Guess = Callable[[Json], str]


@pytest.fixture
def other_backend(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Guess], ThreadingHTTPServer]]:
    """Some other team's ML backend, which knows nothing of Assay."""
    started: list[ThreadingHTTPServer] = []

    def start(guess: Guess) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler(guess))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("ASSAY_GENERATOR_URL", f"http://127.0.0.1:{port}")
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def _handler(guess: Guess) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({"status": "UP"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/setup":
                self._reply({"model_version": "theirs-1"})
                return
            results = [
                {"result": choice(guess(task["data"]), "text"), "score": 0.9}
                for task in body["tasks"]
            ]
            self._reply({"results": results})

        def _reply(self, body: Json) -> None:
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def edits(site: Server, lead: LabelStudio, tmp_path: Path) -> Iterator[Edits]:
    """A project with a mirror of its own, and nothing else of Assay."""
    with Store.open(f"sqlite:///{tmp_path / 'mirror.db'}") as store:
        yield Edits(site, lead, store)
