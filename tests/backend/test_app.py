"""The ML backend's routes, asked as Label Studio asks them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.app import LARGEST_BODY, create_app
from backend.trainer import Trainer
from sync.errors import ConfigurationError, Retriable
from sync.records import Json
from sync.settings import WAKING_ACTIONS, Settings
from sync.store import Store

Body = Callable[..., Json]
Auth = tuple[str, str]


def test_setup_names_one_stable_version(client: FlaskClient, auth: Auth) -> None:
    """/setup and /versions name the project's string, whatever schema and token are sent."""
    sent = {"project": "1.1", "schema": "<View/>", "access_token": "s3cr3t", "hostname": "x"}
    assert client.post("/setup", json=sent, auth=auth).json == {"model_version": "assay-1"}
    versions = {"versions": ["assay-1"], "assay": version("label-studio-assay")}
    assert client.get("/versions?project=1", auth=auth).json == versions
    assert client.post("/versions", json={"project": "1.1"}, auth=auth).json == versions


def test_no_token_is_kept(
    client: FlaskClient, auth: Auth, team_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The access token that Label Studio sends is in no file and no log line."""
    caplog.set_level(logging.DEBUG)
    client.post("/setup", json={"project": "1.1", "access_token": "s3cr3t-token"}, auth=auth)
    assert "s3cr3t-token" not in caplog.text
    files = [path for path in team_settings.home.rglob("*") if path.is_file()]
    assert not [path for path in files if b"s3cr3t-token" in path.read_bytes()]


@pytest.mark.parametrize("path", ["/setup", "/predict", "/webhook", "/versions"])
@pytest.mark.parametrize("given", [None, ("assay", "guess"), ("other", "secret"), ("", "")])
def test_strangers_are_refused(
    client: FlaskClient, body: Body, path: str, given: tuple[str, str] | None
) -> None:
    """Without the right user and password the answer is 401."""
    assert client.post(path, json=body(1), auth=given).status_code == 401


def test_health_alone_is_open(client: FlaskClient) -> None:
    """/health and / answer anyone, /metrics does not, other paths are a JSON 404."""
    assert client.get("/health").json == client.get("/").json == {"status": "UP"}
    assert client.get("/metrics").status_code == 401
    lost = client.get("/nothing")
    assert lost.status_code == 404
    assert lost.json is not None
    assert client.get("/predict").status_code == 405


@pytest.mark.parametrize("action", WAKING_ACTIONS)
def test_a_webhook_with_the_secret_wakes_the_worker(
    client: FlaskClient, store: Store, action: str, wait_until: Callable[..., None]
) -> None:
    """The project's own secret opens the webhook; another one does not."""
    event = {"action": action, "project": {"id": 1}}
    wrong = client.post("/webhook", json=event, headers={"X-Assay-Secret": "x"})
    assert wrong.status_code == 401
    right = client.post("/webhook", json=event, headers={"X-Assay-Secret": "hook"})
    assert right.status_code == 200
    wait_until(lambda: store.hints()[1] is not None)


def test_a_project_without_secret_has_no_open_door(client: FlaskClient) -> None:
    """An empty secret opens nothing."""
    event = {"action": "ANNOTATION_CREATED", "project": {"id": 2}}
    assert client.post("/webhook", json=event).status_code == 401
    assert client.post("/webhook", json=event, headers={"X-Assay-Secret": ""}).status_code == 401


def test_only_start_training_trains(
    client: FlaskClient, auth: Auth, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """START_TRAINING of a connected project starts one; other actions are a quiet 200."""
    asked: list[int] = []
    monkeypatch.setattr(Trainer, "request", lambda self, project_id: asked.append(project_id))
    for action in ("PROJECT_UPDATED", "LABEL_LINK_CREATED", None, ["x"], "START_TRAINING"):
        event = {"action": action, "project": {"id": 1}}
        assert client.post("/webhook", json=event, auth=auth).status_code == 200
    unknown = {"action": "START_TRAINING", "project": {"id": 77}}
    assert client.post("/webhook", json=unknown, auth=auth).status_code == 200
    assert asked == [1]
    project = store.project(1)
    assert project is not None
    assert project.hinted_at is None


def test_metrics_count_where_answers_came_from(client: FlaskClient, body: Body, auth: Auth) -> None:
    """The counters tell withheld tasks from candidates."""
    client.post("/predict", json=body(1, 2), auth=auth)
    text = client.get("/metrics", auth=auth).get_data(as_text=True)
    assert 'assay_predictions_total{source="withheld"} 1.0' in text
    assert 'assay_predictions_total{source="candidate"} 1.0' in text
    assert 'assay_requests_total{route="/predict",status="200"} 1.0' in text


def test_two_apps_count_by_themselves(team_settings: Settings, store: Store, auth: Auth) -> None:
    """A second app in the process starts at zero and does not clash with the first."""
    first, second = (create_app(team_settings, lambda url: store).test_client() for _ in "ab")
    first.get("/health")
    shown = second.get("/metrics", auth=auth).get_data(as_text=True)
    assert 'route="/health"' not in shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
TASK = st.fixed_dictionaries({}, optional={"id": JSON, "data": JSON, "annotations": JSON})
BODY = JSON | st.fixed_dictionaries(
    {},
    optional={
        "tasks": st.lists(TASK | JSON) | JSON,
        "project": st.sampled_from(["1.1", "9.2", 1, "x", {"id": 1}]) | JSON,
        "label_config": JSON,
        "action": st.sampled_from(["START_TRAINING", "ANNOTATION_CREATED"]) | JSON,
    },
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sent=BODY.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50),
    path=st.sampled_from(["/predict", "/setup", "/versions", "/webhook"]),
    purpose=st.sampled_from(["", "candidates"]),
)
def test_no_body_breaks_the_backend(
    client: FlaskClient,
    auth: Auth,
    monkeypatch: pytest.MonkeyPatch,
    sent: bytes,
    path: str,
    purpose: str,
) -> None:
    """Whatever is sent is answered with 200 or a 400 that says why, as JSON."""
    monkeypatch.setattr(Trainer, "request", lambda self, project_id: None)
    answer = client.post(path, data=sent, auth=auth, headers={"X-Assay-Purpose": purpose})
    assert answer.status_code in (200, 400)
    assert isinstance(answer.json, dict)
    assert answer.status_code == 200 or answer.json["error"]


@pytest.mark.parametrize(
    "sent",
    [
        b"[" * 200_000,
        b'{"project":"1.1","tasks":' + b"[" * 200_000,
        b'{"project":"1.1","tasks":[{"id":' + b"9" * 5000 + b',"data":{}}]}',
        b"\xff\xfe",
        b"",
    ],
)
def test_hostile_json_is_a_400(client: FlaskClient, auth: Auth, sent: bytes) -> None:
    """Deep nesting, huge numbers and no text at all are the sender's fault, not ours."""
    answer = client.post("/predict", data=sent, auth=auth)
    assert answer.status_code == 400
    assert answer.json is not None


def test_too_much_is_refused(client: FlaskClient, body: Body, auth: Auth) -> None:
    """More than 5,000 tasks in one request are a 400, more than 64 MB a 413."""
    assert client.post("/predict", json=body(*range(5001)), auth=auth).status_code == 400
    assert client.post("/predict", json=body(*range(5000)), auth=auth).status_code == 200
    large = client.post("/predict", data=b" " * (LARGEST_BODY + 1), auth=auth)
    assert large.status_code == 413
    assert large.json is not None


def test_a_busy_store_is_a_503(
    client: FlaskClient, body: Body, auth: Auth, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store out of reach is said so, and /health and /setup do not need it."""

    def busy(*_: Any) -> Any:
        raise Retriable("the store is out of reach: postgresql://user:hidden@host")

    monkeypatch.setattr(store, "project", busy)
    answer = client.post("/predict", json=body(1), auth=auth)
    assert answer.status_code == 503
    assert "hidden" not in answer.get_data(as_text=True)
    assert client.get("/health").status_code == 200
    assert client.post("/setup", json={"project": "1.1"}, auth=auth).status_code == 200


def test_an_unforeseen_failure_quotes_no_task(
    client: FlaskClient,
    body: Body,
    auth: Auth,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its kind and place are logged; what it says, which may quote a task, is not."""

    def broken(*_: Any) -> Any:
        raise LookupError("content of the task")

    monkeypatch.setattr(store, "project", broken)
    answer = client.post("/predict", json=body(1), auth=auth)
    assert answer.status_code == 500
    assert answer.json is not None
    assert "LookupError at" in caplog.text
    assert "content of the task" not in caplog.text + answer.get_data(as_text=True)


def test_no_password_no_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend does not start open."""
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match="ASSAY_BACKEND_PASSWORD is not set"):
        create_app(Settings.load())
