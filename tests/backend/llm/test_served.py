"""A language model behind the backend that Label Studio asks."""

from __future__ import annotations

import base64
import json
from typing import Any

from flask.testing import FlaskClient

from backend.app import create_app
from sync.settings import Settings
from tests.backend.llm.conftest import NAMES, TEXT, Make, Set
from tests.backend.llm.endpoint import Json, Response, completion, task_of

BASIC = {"Authorization": f"Basic {base64.b64encode(b'assay:pw').decode()}"}
FREEZE = BASIC | {"X-Assay-Purpose": "candidates"}


def quoting(request: Json) -> Response:
    """Marks the first word, but refuses where it is told to."""
    word = task_of(request)["t"].split()[0]
    if word == "refuse":
        return completion(None, refusal="No.")
    said = {"n": [{"text": word, "occurrence": None, "label": "PER"}]}
    return completion(json.dumps(said))


def client(used: Set) -> FlaskClient:
    (used.folder / "assay.toml").write_text(
        f'[engine]\nuse = "llm"\n[engine.llm]\nurl = "{used.endpoint.url}"\nmodel = "m"\n'
        'score = "none"\n'
    )
    settings = Settings(
        home=used.folder,
        config=used.folder / "assay.toml",
        backend_password="pw",  # type: ignore[arg-type]
    )
    return create_app(settings).test_client()


def predicted(backend: FlaskClient, headers: dict[str, str], *texts: str) -> list[Any]:
    tasks = [{"id": i, "data": {"text": text}} for i, text in enumerate(texts, 1)]
    body = {"tasks": tasks, "project": "7.1", "label_config": TEXT.format(NAMES)}
    answer = backend.post("/predict", json=body, headers=headers)
    assert answer.status_code == 200
    found: list[Any] = answer.get_json()["results"]
    return found


def test_label_studio_gets_regions_and_a_freeze_reasons(made: Make) -> None:
    """A project that Assay is not connected to is answered; an abstention is an empty element."""
    backend = client(made(quoting, NAMES))
    first, second = predicted(backend, BASIC, "🦊 Ann", "refuse this")
    assert first["result"][0]["value"] == {"start": 0, "end": 1, "labels": ["PER"]}
    assert second == {}
    first, second = predicted(backend, FREEZE, "🦊 Ann", "refuse this")
    assert first["model_version"].startswith("llm@label.1.")
    assert second == {"abstained": "the model refuses to answer"}


def test_metrics_tell_tokens_and_cost(made: Make) -> None:
    """By project and model, with what was not asked again."""
    backend = client(made(quoting, NAMES))
    predicted(backend, BASIC, "Ann", "Bob")
    predicted(backend, BASIC, "Ann")
    told = backend.get("/metrics", headers=BASIC).get_data(as_text=True)
    assert 'assay_llm_requests_total{model="m",project="7"} 2.0' in told
    assert 'assay_llm_remembered_total{model="m",project="7"} 1.0' in told
    assert 'assay_llm_tokens_total{kind="input",model="m",project="7"} 200.0' in told
    assert 'assay_llm_cost_total{model="m",project="7"} 0.0' in told


def test_setup_asks_no_model(made: Make) -> None:
    """It names the version without a request to the endpoint."""
    used = made(quoting, NAMES)
    backend = client(used)
    body = {"project": "7.1", "schema": TEXT.format(NAMES)}
    answer = backend.post("/setup", json=body, headers=FREEZE)
    assert answer.get_json()["model_version"].startswith("llm@label.1.")
    assert used.endpoint.requests == []
