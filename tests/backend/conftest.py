"""A project with a frozen batch, and the backend in front of it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sklearn.datasets import load_digits

import label_configs
from backend.app import create_app
from backend.engines import ENGINES, Abstention, Answer, Proposal
from backend.engines.base import NoOptions
from backend.registry import Registry
from label_configs import LabelConfig
from sync.hashing import data_hash
from sync.records import Annotation, Batch, Candidate, Gold, Json, Place, Project, Role, Task
from sync.settings import Settings
from sync.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def auth() -> tuple[str, str]:
    return ("assay", "secret")


@pytest.fixture
def config() -> LabelConfig:
    return label_configs.parse(label_configs.load("text_classification"))


@pytest.fixture
def result(config: LabelConfig) -> Callable[[str], list[Json]]:
    """A label as Label Studio writes it."""
    return lambda label: label_configs.write(config, {"label": frozenset({label})})


@pytest.fixture
def team_settings(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    auth: tuple[str, str],
) -> Settings:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ASSAY_HOME", str(home))
    monkeypatch.chdir(home)
    monkeypatch.setenv("ASSAY_BACKEND_PASSWORD", auth[1])
    return Settings.load()


@pytest.fixture
def store(
    team_settings: Settings, config: LabelConfig, result: Callable[[str], list[Json]]
) -> Iterator[Store]:
    """Project 1: task 1 blind, 2 shown, 3 gold, 4 in no batch. Project 2 has no secret."""
    with Store.open(team_settings.store_url) as opened:
        for project_id, secret in ((1, "hook"), (2, "")):
            opened.save_project(
                Project(
                    project_id=project_id,
                    title="t",
                    label_config=config.xml,
                    model_version=f"assay-{project_id}",
                    webhook_secret=secret,
                )
            )
        batch = Batch(
            name="b",
            frozen_at=NOW,
            sampling_key="00",
            policy={},
            policy_digest="d",
            generator="g",
            generator_version="v",
            population=2,
            queue_length=2,
        )
        made = [
            Candidate(
                task_id=i, batch="b", result=result("other"), score=0.7, generator_version="v"
            )
            for i in (1, 2)
        ]
        places = [
            Place(task_id=1, position=0, role=Role.BLIND),
            Place(task_id=2, position=1, role=Role.SHOWN),
        ]
        hashes = {i: data_hash({"text": f"text {i}"}, "queue_id") for i in (1, 2)}
        opened.freeze(1, batch, made, places, hashes)
        opened.add_gold(1, [Gold(task_id=3, result=result("other"))])
        yield opened


@pytest.fixture
def client(team_settings: Settings, store: Store) -> Iterator[FlaskClient]:
    with create_app(team_settings, lambda url: store).test_client() as opened:
        yield opened


@pytest.fixture
def body(config: LabelConfig) -> Callable[..., Json]:
    """A request for predictions, with an annotation on every task."""

    def make(*ids: int, project: str = "1.1700000000") -> Json:
        tasks = [{"id": i, "data": {"text": f"text {i}"}, "annotations": [{"x": 1}]} for i in ids]
        return {"tasks": tasks, "project": project, "label_config": config.xml, "params": {}}

    return make


class Spy:
    """An engine that remembers what it was shown, and fails as it is told."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.fails_on: set[str] = set()
        self.score = 0.5

    options = NoOptions
    learns = True

    def serves(self, config: Any, options: Any) -> tuple[str, ...]:
        return ("label",)

    def version(self, around: Any, config: Any) -> str:
        return ""

    def fit(self, examples: Any, config: Any, rng: Any, around: Any) -> Any:
        return {"a": 1}

    def model(self, learned: Any, config: Any, around: Any) -> Spy:
        return self

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        data = [task["data"] for task in tasks]
        if any(item["text"] in self.fails_on for item in data):
            raise ZeroDivisionError("quotes the task: text 7")
        self.seen.extend(data)
        result = [{"from_name": "label", "value": {"choices": ["other"]}}]
        proposal = Proposal(result=result, score=self.score)
        return [proposal if d["text"] != "text 8" else Abstention("as told") for d in data]


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch, team_settings: Settings) -> Spy:
    """The spy as the trained model of projects 1 and 9."""
    found = Spy()
    monkeypatch.setitem(ENGINES, "spy", found)
    (team_settings.home / "assay.toml").write_text('[engine]\nuse = "spy"\n')
    for project in (1, 9):
        Registry(team_settings.home / "models").publish(project, "spy", {"a": 1}, {})
    return found


@pytest.fixture
def label(store: Store, result: Callable[[str], list[Json]]) -> Callable[..., None]:
    """Let a person label tasks 1, 2, … of a project, with texts to learn from."""

    def apply(count: int, copies: dict[int, str], project_id: int = 1) -> None:
        seen = []
        for i in range(1, count + 1):
            name = "positive" if i % 2 else "negative"
            data = {"text": f"{name[:3]} thing number {i} of {i % 7}"}
            task = Task(
                task_id=i,
                data=data,
                data_hash=copies.get(i, f"h{i}"),
                batch="b",
                updated_at=NOW,
            )
            given = Annotation(
                annotation_id=i,
                task_id=i,
                annotator=1,
                result=result(name),
                was_cancelled=False,
                ground_truth=False,
                lead_time=None,
                created_at=NOW,
                updated_at=NOW,
            )
            seen.append((task, [given]))
        store.apply(project_id, seen, None, NOW)

    return apply


@pytest.fixture(scope="session")
def digits() -> tuple[list[Json], list[str]]:
    """scikit-learn's handwritten digits as data URIs, in a shuffled order, with their labels."""
    found = load_digits()
    order = np.random.default_rng(2).permutation(len(found.target))
    data = []
    for picture in found.images[order]:
        content = BytesIO()
        Image.fromarray((255 - picture * 15.9).astype("uint8")).save(content, "PNG")
        address = base64.b64encode(content.getvalue()).decode()
        data.append({"image": f"data:image/png;base64,{address}"})
    return data, [str(found.target[i]) for i in order]
