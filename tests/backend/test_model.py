"""The class for hosts of label-studio-ml 2, which the package index does not have."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from sync.records import Json
from sync.store import Store

Body = Callable[..., Json]


class Base:
    """A base with the surface of version 2: what it promises to models, and nothing else of 1."""

    kept: dict[tuple[str, str], str]

    def __init__(self, project_id: str | None = None, label_config: str | None = None) -> None:
        self.project_id = project_id or ""
        if label_config is not None:
            self.set("label_config", label_config)
        if not self.model_version:
            self.set("model_version", "0.0.1")
        self.setup()

    def setup(self) -> None:
        """For models to fill."""

    def get(self, key: str) -> str | None:
        return self.kept.get((self.project_id, key))

    def set(self, key: str, value: str) -> None:
        self.kept[self.project_id, key] = value

    @property
    def label_config(self) -> str | None:
        return self.get("label_config")

    @property
    def model_version(self) -> str | None:
        return self.get("model_version")

    def process_event(self, event: str, data: Json, job_id: str, additional_params: Json) -> Any:
        if event in self.TRAIN_EVENTS:  # type: ignore[attr-defined]
            return self.fit(event=event, data=data, job_id=job_id, **additional_params)  # type: ignore[attr-defined]
        return None


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """`backend.model` as it is where version 2 is installed."""
    stand_in = ModuleType("label_studio_ml.model")
    stand_in.LabelStudioMLBase = Base  # type: ignore[attr-defined]
    monkeypatch.setattr(Base, "kept", {}, raising=False)
    monkeypatch.setitem(sys.modules, "label_studio_ml.model", stand_in)
    monkeypatch.delitem(sys.modules, "backend.model", raising=False)
    found = importlib.import_module("backend.model")
    yield found
    # The module of before comes back to `sys.modules`, and so it must to its package.
    if before := sys.modules.get("backend.model"):
        monkeypatch.setattr("backend.model", before)


def test_version_2_hosts_the_class(
    hosted: ModuleType, store: Store, body: Body, result: Callable[[str], list[Json]]
) -> None:
    """Made by keyword for each request, it names one version and gives the ledger's answers."""
    sent = body(1, 2, 3)
    model = hosted.AssayModel(project_id="1", label_config=sent["label_config"])
    assert model.model_version == "assay-1"
    candidate = {"result": result("other"), "score": 0.7, "model_version": "assay-1"}
    assert model.predict(sent["tasks"], context={}) == [{}, candidate, {}]
    assert model.predict(sent["tasks"], context=None, login=None, password=None)[1] == candidate


def test_version_2_trains_by_an_event(
    hosted: ModuleType, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """START_TRAINING starts our command; no label and no changed project does."""
    started: list[list[str]] = []
    monkeypatch.setattr(
        hosted.subprocess, "Popen", lambda command, **_: started.append(command[-2:])
    )
    model = hosted.AssayModel(project_id="1", label_config="<View/>")
    data = {"project": {"id": 1}}
    for event in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "PROJECT_UPDATED"):
        model.process_event(event, data, "job", {})
    assert started == []
    model.process_event("START_TRAINING", data, "job", {})
    assert started == [["backend.training", "1"]]
