"""Everything that makes Label Studio call a backend, on a real one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

import label_configs
from backend.engines import ENGINES, Example, Surroundings
from backend.registry import Registry
from sync.connect import connect
from sync.demo import label_studio as servers
from sync.demo.processes import free_port, start_backend
from sync.labelstudio import LabelStudio
from sync.records import Json
from sync.settings import Settings
from sync.store import Store

ROOT = Path(__file__).parent.parent.parent
LABELS = ("positive", "negative", "other")
EVERYTHING = {"conjunction": "and", "items": []}
#: Makes Label Studio check predictions against the label config.
VALIDATION = {"fflag_feat_utc_210_prediction_validation_15082025": "true"}


class Place:
    """A project on a Label Studio with our backend behind it, not under Assay's gate."""

    def __init__(self, site: servers.Server, lead: LabelStudio, settings: Settings) -> None:
        self.site, self.lead, self.settings = site, lead, settings
        self.xml = label_configs.load("text_classification")
        made = lead.create_project(title="Triggers", label_config=self.xml)
        self.project_id = int(made["id"])
        self.version = f"assay-{self.project_id}"

    def learn(self) -> None:
        """Give the backend a model of the project."""
        config = label_configs.parse(self.xml)
        examples = [
            Example(data=text(i), values={"label": frozenset({LABELS[i % 3]})}) for i in range(90)
        ]
        engine = ENGINES["sklearn_text"]
        learned = engine.fit(examples, config, np.random.default_rng(0), Surroundings())
        registry = Registry(self.settings.home / "models")
        registry.publish(self.project_id, "sklearn_text", learned, {})

    def attach(self) -> int:
        """Connect the backend as a person would in the project's settings."""
        made = self.lead.create_ml_backend(
            url=self.settings.backend_url,
            project=self.project_id,
            title=self.version,
            is_interactive=True,
            auth_method="BASIC_AUTH",
            basic_auth_user=self.settings.backend_user,
            basic_auth_pass=self.settings.backend_password.get_secret_value(),
        )
        return int(made["id"])

    def fill(self, count: int) -> list[int]:
        return self.lead.import_tasks(self.project_id, [{"data": text(i)} for i in range(count)])

    def call(self, method: str, path: str, **values: Any) -> Any:
        """A request that the SDK has no method for."""
        answer = requests.request(
            method,
            f"{self.site.url}/{path}",
            headers={"Authorization": f"Token {self.site.account.token}"},
            timeout=300,
            **values,
        )
        assert answer.ok, answer.text
        return answer.json()

    def predictions(self, task_id: int) -> list[Json]:
        return list(self.call("GET", f"api/predictions/?task={task_id}"))

    def counted(self) -> dict[tuple[str, str], float]:
        """Requests that reached the backend, by route and status."""
        auth = (
            self.settings.backend_user,
            self.settings.backend_password.get_secret_value(),
        )
        text = requests.get(f"{self.settings.backend_url}/metrics", auth=auth, timeout=10).text
        pattern = r'assay_requests_total\{route="([^"]+)",status="(\d+)"\} ([\d.]+)'
        found = {(route, code): float(n) for route, code, n in re.findall(pattern, text)}
        # The webhook that Label Studio makes for a backend knows no password.
        return {key: n for key, n in found.items() if key != ("/webhook", "401")}


def text(i: int) -> Json:
    return {"text": f"{LABELS[i % 3]} remark no. {i}"}


@pytest.fixture
def place(site: servers.Server, lead: LabelStudio, team: Settings) -> Place:
    return Place(site, lead, team)


def assert_each_has_one(place: Place, ids: list[int]) -> None:
    """One prediction a task, of the one version, with the label that its text names."""
    found = place.lead.raw(
        "api/tasks/", project=place.project_id, fields="all", page_size=len(ids)
    )["tasks"]
    assert {task["id"] for task in found} == set(ids)
    for task in found:
        (prediction,) = task["predictions"]
        assert prediction["model_version"] == place.version
        assert prediction["result"][0]["value"]["choices"] == [task["data"]["text"].split()[0]]
        assert 0 <= prediction["score"] <= 1


def test_opening_tasks_pre_fills_them_once(place: Place) -> None:
    """Next task and opened task each get one prediction, however often they are asked for."""
    place.learn()
    place.attach()
    ids = place.fill(6)
    for _ in range(3):
        assert place.call("GET", f"api/projects/{place.project_id}/next")["predictions"]
        for task_id in ids:
            place.lead.task(task_id)
    place.call("POST", f"api/dm/actions?id=next_task&project={place.project_id}", json={})
    assert_each_has_one(place, ids)
    assert {code for _, code in place.counted()} == {"200"}


def test_pages_of_tasks_pre_fill_them_once(place: Place) -> None:
    """A listed page, a changed label config and a look at the backend double nothing."""
    place.learn()
    place.attach()
    ids = place.fill(6)
    place.lead.patch_project(place.project_id, evaluate_predictions_automatically=True)
    for xml in (place.xml, place.xml.replace('size="5"', 'size="4"')):
        place.lead.patch_project(place.project_id, label_config=xml)
        place.call("GET", f"api/ml?project={place.project_id}")
        assert_each_has_one(place, ids)
    assert {code for _, code in place.counted()} == {"200"}


def test_a_click_in_the_editor_is_answered(place: Place) -> None:
    """An interactive request gets its prediction, and the list of versions is a list."""
    place.learn()
    backend_id = place.attach()
    ids = place.fill(1)
    asked = {"task": ids[0], "context": {"result": [], "x": 1}}
    answer = place.call("POST", f"api/ml/{backend_id}/interactive-annotating", json=asked)
    assert answer["data"]["result"][0]["value"]["choices"] == ["positive"]
    assert place.call("GET", f"api/ml/{backend_id}/versions") == {"versions": []}
    assert {code for _, code in place.counted()} == {"200"}


def by_button(place: Place, backend_id: int) -> None:
    place.lead.train(backend_id)


def by_annotations(place: Place, backend_id: int) -> None:
    place.lead.patch_project(place.project_id, min_annotations_to_start_training=2)
    region = {"from_name": "label", "to_name": "text", "type": "choices"}
    for task_id in place.fill(2):
        given = {"result": [region | {"value": {"choices": ["other"]}}], "lead_time": 1.0}
        place.call("POST", f"api/tasks/{task_id}/annotations/", json=given)


@pytest.mark.parametrize("start", [by_button, by_annotations])
def test_start_training_trains_a_connected_project(
    place: Place, wait_until: Callable[..., None], start: Callable[[Place, int], None]
) -> None:
    """The button and every N annotations reach the trainer, which says how it went."""
    with Store.open(place.settings.store_url) as store:
        connect(place.lead, store, place.settings, place.project_id)
        project = store.project(place.project_id)
    assert project is not None
    backend_id = int(project.backend_id or 0)
    assert place.version in place.call("GET", f"api/ml/{backend_id}/versions")["versions"]
    start(place, backend_id)
    status = place.settings.home / "models" / str(place.project_id) / "status.json"
    wait_until(status.exists)
    wait_until(lambda: json.loads(status.read_text())["state"] == "failed")
    assert "0 tasks" in json.loads(status.read_text())["reason"]


@pytest.fixture
def validating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A Label Studio that checks predictions, with a backend of its own."""
    home = ROOT / servers.HOME
    if not (home / "env" / "bin" / "label-studio").exists():
        pytest.skip("Label Studio is not installed: run make setup")
    with ExitStack() as stack:
        data = tmp_path / "label-studio"
        site = stack.enter_context(servers.label_studio(data, home, settings=VALIDATION))
        port = free_port()
        values = {
            "ASSAY_LABEL_STUDIO_URL": site.url,
            "ASSAY_LABEL_STUDIO_API_KEY": site.account.token,
            "ASSAY_HOME": str(tmp_path / "assay"),
            "ASSAY_BACKEND_URL": f"http://127.0.0.1:{port}",
            "ASSAY_BACKEND_PASSWORD": "validating",
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        backend = stack.enter_context(start_backend(port, values, tmp_path / "log"))
        backend.wait_for(f"http://127.0.0.1:{port}/health", 60)
        lead = stack.enter_context(LabelStudio(site.url, site.account.token))
        yield Place(site, lead, Settings.load())


@pytest.mark.slow
def test_two_thousand_tasks_are_retrieved_in_one_request(validating: Place) -> None:
    """With validation on, the retrieve action stores one valid prediction for each of 2,000."""
    validating.learn()
    validating.attach()
    ids = validating.fill(2000)
    chosen = {"selectedItems": {"all": True, "excluded": []}, "filters": EVERYTHING}
    action = f"api/dm/actions?id=retrieve_tasks_predictions&project={validating.project_id}"
    before = validating.counted().get(("/predict", "200"), 0)
    validating.call("POST", action, json=chosen)
    assert_each_has_one(validating, ids)
    assert validating.counted()[("/predict", "200")] == before + 1
    # What the flag does is known by what it refuses.
    wrong = {"task": ids[0], "model_version": "x", "score": 7.5, "result": []}
    refused = requests.post(
        f"{validating.site.url}/api/projects/{validating.project_id}/import/predictions",
        json=[wrong],
        headers={"Authorization": f"Token {validating.site.account.token}"},
        timeout=60,
    )
    assert refused.status_code == 400
