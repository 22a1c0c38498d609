"""Which requests have a line in the backend's log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient

from backend import metrics, shortcut
from sync.demo.processes import start_backend
from sync.records import Json
from sync.settings import Settings

Auth = tuple[str, str]
Body = Callable[..., Json]


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    found = [one for one in caplog.records if one.getMessage() == "request"]
    return [(one.route, one.status) for one in found]  # type: ignore[attr-defined]


def test_only_refused_requests_are_told(
    client: FlaskClient, body: Body, auth: Auth, caplog: pytest.LogCaptureFixture
) -> None:
    """A quick answer leaves no line; a refusal leaves its route and status and nothing it held."""
    caplog.set_level(logging.INFO)
    client.get("/health")
    client.post("/predict", json=body(1), auth=auth)
    assert told(caplog) == []
    client.post("/predict?private=1", json=body(1), auth=("assay", "guess"))
    client.get("/private")
    assert told(caplog) == [("/predict", 401), ("unknown", 404)]
    assert "private" not in str([vars(one) for one in caplog.records])


def test_slow_requests_are_told(
    client: FlaskClient,
    body: Body,
    auth: Auth,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the short way and the long one, once each, as a warning."""
    monkeypatch.setattr(metrics, "SLOW", 0.0)
    monkeypatch.setattr(shortcut, "SLOW", 0.0)
    client.post("/predict", json=body(1), auth=auth)
    client.post("/setup", json={"project": "1.1"}, auth=auth)
    assert told(caplog) == [("/predict", 200), ("/setup", 200)]


def test_a_served_backend_writes_json(team_settings: Settings, tmp_path: Path, port: int) -> None:
    """Without a terminal each line of the process is an object, and none has a secret."""
    env = {"ASSAY_HOME": str(team_settings.home), "ASSAY_BACKEND_PASSWORD": "a long secret"}
    log, url = tmp_path / "log", f"http://127.0.0.1:{port}"
    with start_backend(port, env, log) as backend:
        backend.wait_for(f"{url}/health", 60)
        requests.post(f"{url}/predict", auth=("assay", "a long secre"), timeout=10)
        requests.get(f"{url}/a%20long%20secret", timeout=10)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["service"] for line in lines} == {"backend"}
    assert [line["event"] for line in lines].count("request") == 2
    assert "a long secret" not in log.read_text()
