"""Which requests have a line in the backend's log."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from backend import metrics, shortcut
from sync.records import Json

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
