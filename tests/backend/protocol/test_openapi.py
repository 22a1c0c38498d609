"""The backend behaves as its OpenAPI description says."""

from __future__ import annotations

import base64
import json
import re
from importlib.resources import files

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from backend.app import create_app
from backend.trainer import Trainer
from sync.settings import Settings
from sync.store import Store


@pytest.fixture
def app(team_settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(Trainer, "request", lambda self, project_id: None)
    return create_app(team_settings, lambda url: store)


DESCRIPTION = json.loads(files("backend").joinpath("openapi.json").read_text(encoding="utf-8"))
OPERATIONS = [
    (path, method, mode)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
    for mode in GenerationMode
    # Where nothing is sent, nothing can be wrong.
    if mode is GenerationMode.POSITIVE or operation.keys() & {"parameters", "requestBody"}
]


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_operation_keeps_its_word(
    app: Flask, auth: tuple[str, str], path: str, method: str, mode: GenerationMode
) -> None:
    """Generated requests, right and wrong ones, get the statuses, types and bodies described."""
    operation = schemathesis.openapi.from_wsgi("/openapi.json", app)[path][method]
    token = base64.b64encode(":".join(auth).encode()).decode()

    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: schemathesis.Case) -> None:
        # Unknown headers and queries are let pass: the next Label Studio may send more.
        body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
        wrong = body is not None and body.mode.is_negative
        case.call_and_validate(
            headers={"Authorization": f"Basic {token}"},
            excluded_checks=[] if wrong else [negative_data_rejection],
        )

    call()


def test_every_route_is_described(app: Flask) -> None:
    """Each route of the app stands in the description with its methods, and no other."""
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    paths = app.test_client().get("/openapi.json").json["paths"]
    described = {(path, method) for path, methods in paths.items() for method in methods}
    assert described == served
