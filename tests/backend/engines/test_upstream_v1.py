"""Assay in front of label-studio-ml 1.0.9's own server, started as a team starts it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from backend.engines import Proposal
from sync.demo.processes import Child
from tests.backend.engines.upstream_cases import model, proposed, reasons, tasks
from tests.upstreams import GOOD, Upstream

MODEL = f"""
import sys
from label_studio_ml.api import init_app
from label_studio_ml.model import LabelStudioMLBase

class Model(LabelStudioMLBase):
    def predict(self, tasks, **kwargs):
        texts = [task["data"]["text"] for task in tasks]
        if "text 13" in texts:
            raise ValueError("no model likes thirteen")
        drawn = bool(kwargs.get("context"))
        return [{{"result": {GOOD!r}, "score": 0.25 if drawn else 0.75}} for _ in texts]

    def fit(self, *args, **kwargs):
        return {{}}

init_app(Model, model_dir=sys.argv[2]).run("127.0.0.1", int(sys.argv[1]), threaded=True)
"""


@pytest.fixture
def backend(tmp_path: Path, port: int, child: Callable[[Child], Child]) -> Upstream:
    """A server of version 1 with a model that fails on one task."""
    script = tmp_path / "serve.py"
    script.write_text(MODEL)
    command = [sys.executable, str(script), str(port), str(tmp_path / "models")]
    server = child(Child("label-studio-ml", command, {}, tmp_path / "log"))
    url = f"http://127.0.0.1:{port}"
    server.wait_for(f"{url}/health", 60)
    return Upstream(url, lambda body: None)


def test_a_backend_of_version_1_works_behind_assay(backend: Upstream, tmp_path: Path) -> None:
    """All but the task on which it fails have their answer, under the version that it names."""
    asked = model(backend, tmp_path)
    found = asked.predict(tasks(range(40)))
    assert proposed(found) == [i for i in range(40) if i != 13]
    assert reasons(found) == {"the generator failed: it answered 500"}
    versions = {answer.version for answer in found if isinstance(answer, Proposal)}
    told = requests.post(
        f"{backend.url}/setup", json={"project": "7.0", "schema": asked.config.xml}, timeout=30
    ).json()["model_version"]
    assert versions == {told}
    assert asked.behind.version(asked.asked) == told


def test_what_a_person_drew_reaches_it(backend: Upstream, tmp_path: Path) -> None:
    """The context arrives as Label Studio itself sends it."""
    (found,) = model(backend, tmp_path).predict(tasks([1]), {"result": [{"type": "choices"}]})
    assert isinstance(found, Proposal)
    assert found.score == 0.25
