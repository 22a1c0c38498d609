"""The ML backend, asked as Label Studio asks it."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import skops.io
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

import label_configs
from backend.app import create_app
from backend.engines import ENGINES
from backend.pixels import Unreadable, pixels
from backend.registry import Registry
from backend.training import train_now
from sync.demo.processes import Child, start_backend
from sync.errors import ConfigurationError, Fatal
from sync.records import Annotation, Batch, Candidate, Gold, Json, Place, Project, Role, Task
from sync.settings import Settings
from sync.store import Store

AUTH = ("assay", "secret")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
XML = label_configs.load("text_classification")
CONFIG = label_configs.parse(XML)


def result(label: str) -> list[Json]:
    return label_configs.write(CONFIG, {"label": frozenset({label})})


@pytest.fixture
def team_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASSAY_BACKEND_PASSWORD", AUTH[1])
    return Settings.load()


@pytest.fixture
def store(team_settings: Settings) -> Iterator[Store]:
    """Project 1: task 1 blind, 2 shown, 3 gold, 4 in no batch."""
    with Store.open(team_settings.store_url) as opened:
        opened.save_project(
            Project(
                project_id=1,
                title="t",
                label_config=XML,
                model_version="assay-1",
                webhook_secret="hook",
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
        opened.freeze(1, batch, made, places, {1: "h1", 2: "h2"})
        opened.add_gold(1, [Gold(task_id=3, result=result("other"))])
        yield opened


@pytest.fixture
def client(team_settings: Settings, store: Store) -> Iterator[FlaskClient]:
    app = create_app(team_settings, lambda url: store)
    with app.test_client() as opened:
        yield opened


def body(*ids: int, project: str = "1.1700000000") -> Json:
    tasks = [{"id": i, "data": {"text": f"text {i}"}, "annotations": [{"x": 1}]} for i in ids]
    return {"tasks": tasks, "project": project, "label_config": XML, "params": {}}


class Spy:
    """An engine that remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def fits(self, config: Any) -> bool:
        return True

    def model(self, learned: Any, config: Any) -> Spy:
        return self

    def predict(self, data: Sequence[Json]) -> list[tuple[str, float] | None]:
        self.seen.extend(data)
        return [("other", 0.5) if item["text"] != "text 8" else None for item in data]


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch, team_settings: Settings) -> Spy:
    """The spy as the trained model of projects 1 and 9."""
    found = Spy()
    monkeypatch.setitem(ENGINES, "spy", found)
    for project in (1, 9):
        Registry(team_settings.home / "models").publish(project, "spy", {"a": 1}, {})
    return found


def test_the_ledger_answers_in_the_order_asked(client: FlaskClient) -> None:
    """Shown tasks get their frozen candidate; blind, gold and unfrozen ones an empty element."""
    answer = client.post("/predict", json=body(4, 2, 1, 3, 2), auth=AUTH)
    assert answer.status_code == 200
    candidate = {"result": result("other"), "score": 0.7, "model_version": "assay-1"}
    assert answer.json == {"results": [{}, candidate, {}, {}, candidate]}


def test_no_annotation_reaches_an_engine(client: FlaskClient, spy: Spy) -> None:
    """An engine is shown the data alone, and its abstention is an empty element."""
    answer = client.post("/predict", json=body(7, 8, 9, project="9.1"), auth=AUTH)
    assert answer.json is not None
    assert [bool(element) for element in answer.json["results"]] == [True, False, True]
    assert {e["model_version"] for e in answer.json["results"] if e} == {"assay-9"}
    assert spy.seen == [{"text": "text 7"}, {"text": "text 8"}, {"text": "text 9"}]


def test_a_freeze_is_answered_by_the_engine(client: FlaskClient, spy: Spy) -> None:
    """With the header of a freeze every task is asked, under the engine's own version."""
    headers = {"X-Assay-Purpose": "candidates"}
    answer = client.post("/predict", json=body(1, 2, 4), headers=headers, auth=AUTH)
    assert answer.json is not None
    assert [e["model_version"].split("@")[0] for e in answer.json["results"]] == ["spy"] * 3
    setup = client.post("/setup", json={"project": "1.1"}, headers=headers, auth=AUTH)
    assert setup.json == {"model_version": answer.json["results"][0]["model_version"]}


def test_setup_names_one_stable_version(client: FlaskClient) -> None:
    """/setup, the predictions and /versions carry the same string."""
    assert client.post("/setup", json={"project": "1.1"}, auth=AUTH).json == {
        "model_version": "assay-1"
    }
    assert client.get("/versions?project=1", auth=AUTH).json == {"versions": ["assay-1"]}


@pytest.mark.parametrize("path", ["/setup", "/predict", "/webhook", "/versions"])
def test_strangers_are_refused(client: FlaskClient, path: str) -> None:
    """Without user and password the answer is 401, with health and nothing else open."""
    assert client.post(path, json=body(1)).status_code == 401
    assert client.post(path, json=body(1), auth=("assay", "guess")).status_code == 401
    assert client.get("/health").json == {"status": "UP"}
    assert client.get("/metrics").status_code == 401


def test_a_webhook_with_the_secret_wakes_the_worker(client: FlaskClient, store: Store) -> None:
    """The project's own secret opens the webhook; another one does not."""
    event = {"action": "ANNOTATION_CREATED", "project": {"id": 1}}
    wrong = client.post("/webhook", json=event, headers={"X-Assay-Secret": "x"})
    assert wrong.status_code == 401
    right = client.post("/webhook", json=event, headers={"X-Assay-Secret": "hook"})
    assert right.status_code == 200
    project = store.project(1)
    assert project is not None
    assert project.hinted_at is not None


def test_metrics_count_where_answers_came_from(client: FlaskClient) -> None:
    """The counters tell withheld tasks from candidates."""
    client.post("/predict", json=body(1, 2), auth=AUTH)
    text = client.get("/metrics", auth=AUTH).get_data(as_text=True)
    assert 'assay_predictions_total{source="withheld"} 1.0' in text
    assert 'assay_predictions_total{source="candidate"} 1.0' in text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
TASK = st.fixed_dictionaries({}, optional={"id": JSON, "data": JSON, "annotations": JSON})
BODY = JSON | st.fixed_dictionaries(
    {},
    optional={
        "tasks": st.lists(TASK | JSON) | JSON,
        "project": st.sampled_from(["1.1", "9.2", 1, "x"]) | JSON,
        "label_config": JSON,
        "action": st.sampled_from(["START_TRAINING", "ANNOTATION_CREATED"]) | JSON,
    },
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(BODY, st.sampled_from(["/predict", "/setup", "/versions"]))
def test_no_body_breaks_the_backend(client: FlaskClient, sent: Any, path: str) -> None:
    """Whatever is sent is answered with 200 or a 4xx that says why, as JSON."""
    answer = client.post(path, data=json.dumps(sent), auth=AUTH)
    assert answer.status_code in (200, 400)
    assert isinstance(answer.json, dict)
    assert answer.status_code == 200 or answer.json["error"]


def test_too_many_tasks_are_refused(client: FlaskClient) -> None:
    """More than 5,000 tasks in one request are a 400."""
    answer = client.post("/predict", json=body(*range(5001)), auth=AUTH)
    assert answer.status_code == 400


def test_no_password_no_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend does not start open."""
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match="ASSAY_BACKEND_PASSWORD is not set"):
        create_app(Settings.load())


def digits(count: int) -> tuple[list[Json], list[str]]:
    found = load_digits()
    order = np.random.default_rng(2).permutation(len(found.target))[:count]
    data = []
    for picture in found.images[order]:
        content = BytesIO()
        Image.fromarray((255 - picture * 15.9).astype("uint8")).save(content, "PNG")
        address = base64.b64encode(content.getvalue()).decode()
        data.append({"image": f"data:image/png;base64,{address}"})
    return data, [str(found.target[i]) for i in order]


def expected_calibration_error(guesses: Sequence[tuple[str, float]], truth: Sequence[str]) -> float:
    """Guo et al. 2017, 15 bins of the top label's probability."""
    score = np.array([guess[1] for guess in guesses])
    right = np.array([guess[0] == t for guess, t in zip(guesses, truth, strict=True)])
    bins = np.minimum((score * 15).astype(int), 14)
    gaps = [
        abs(right[bins == b].mean() - score[bins == b].mean()) * (bins == b).sum()
        for b in set(bins)
    ]
    return float(sum(gaps) / len(score))


def test_digits_are_learned_and_the_scores_mean_something(tmp_path: Path) -> None:
    """From 800 digits: accuracy above 0.95 and a calibration error below 0.05 on the rest."""
    config = label_configs.parse(label_configs.load("image_classification"))
    data, truth = digits(1797)
    engine = ENGINES["sklearn-image"]
    examples = list(zip(data[:800], truth[:800], strict=True))
    learned = engine.fit(examples, config, np.random.default_rng(0))
    registry = Registry(tmp_path)
    version = registry.publish(1, "sklearn-image", learned, {})
    before = engine.model(learned, config).predict(data[800:])
    after = registry.load(1, version, config).model.predict(data[800:])
    assert before == after
    guesses = [guess for guess in after if guess is not None]
    assert np.mean([g[0] == t for g, t in zip(guesses, truth[800:], strict=True)]) > 0.95
    assert expected_calibration_error(guesses, truth[800:]) < 0.05


def test_intents_are_learned(datasets: Path) -> None:
    """From 3,000 banking77 questions: accuracy above 0.8, calibration error below 0.06."""
    lines = (datasets / "banking77" / "items.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    np.random.default_rng(4).shuffle(rows)
    config = label_configs.parse(
        label_configs.with_labels(XML, "label", sorted({row["gold"] for row in rows}))
    )
    engine = ENGINES["sklearn-text"]
    examples = [(row["data"], row["gold"]) for row in rows[:3000]]
    model = engine.model(engine.fit(examples, config, np.random.default_rng(0)), config)
    guesses = [guess for guess in model.predict([row["data"] for row in rows[3000:5000]]) if guess]
    truth = [row["gold"] for row in rows[3000:5000]]
    assert np.mean([g[0] == t for g, t in zip(guesses, truth, strict=True)]) > 0.8
    assert expected_calibration_error(guesses, truth) < 0.06


def test_nothing_that_evaluates_is_learned_from(team_settings: Settings, store: Store) -> None:
    """Labels of the sample, of gold and of copies of them do not count as examples."""
    texts = {i: f"{('good', 'bad')[i % 2]} thing {i}" for i in range(1, 30)}
    seen = []
    for i, text in texts.items():
        data_hash = "h1" if i == 29 else f"h{i}"
        task = Task(task_id=i, data={"text": text}, data_hash=data_hash, batch="b", updated_at=NOW)
        label = "positive" if i % 2 else "negative"
        given_label = Annotation(
            annotation_id=i,
            task_id=i,
            annotator=1,
            result=result(label),
            was_cancelled=False,
            ground_truth=False,
            lead_time=None,
            created_at=NOW,
            updated_at=NOW,
        )
        seen.append((task, [given_label]))
    store.apply(1, seen, None, NOW)
    meta = train_now(team_settings, 1)
    # Without tasks 1 and 2 (sample), 3 (gold) and 29 (a copy of 1).
    assert meta["examples"] == 25
    assert Registry(team_settings.home / "models").current(1) == meta["version"]


def test_too_few_labels_are_named(team_settings: Settings, store: Store) -> None:
    """Training without labels says how many are missing."""
    with pytest.raises(Fatal, match=r"0 tasks .* at least 10"):
        train_now(team_settings, 1)


class Stranger:
    """A type that no model of ours holds."""

    value = 1


def test_a_model_with_strange_types_is_not_loaded(tmp_path: Path) -> None:
    """A file whose types are not on the list is refused before it is read."""
    registry = Registry(tmp_path)
    version = registry.publish(1, "sklearn-text", {"x": 1}, {})
    skops.io.dump(Stranger(), tmp_path / "1" / version / "model.skops")
    with pytest.raises(Fatal, match="Stranger"):
        registry.load(1, version, CONFIG)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "/data/upload/../../etc/passwd",
        "/data/local-files/?d=x.png",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,!!!!",
        None,
        7,
    ],
)
def test_addresses_of_others_are_not_fetched(address: object) -> None:
    """Only data URIs and Label Studio's uploads are read."""
    with pytest.raises(Unreadable):
        pixels(address)


def test_gunicorn_serves_it(team_settings: Settings, tmp_path: Path, port: int) -> None:
    """`gunicorn backend._wsgi:app` answers."""
    env = {"ASSAY_HOME": str(team_settings.home), "ASSAY_BACKEND_PASSWORD": AUTH[1]}
    with start_backend(port, env, tmp_path / "log") as server:
        server.wait_for(f"http://127.0.0.1:{port}/health", 60)
        url = f"http://127.0.0.1:{port}/setup"
        answer = requests.post(url, json={"project": "5.1"}, auth=AUTH, timeout=10)
        assert answer.json() == {"model_version": "assay-5"}


def test_label_studio_ml_starts_it(
    team_settings: Settings,
    tmp_path: Path,
    port: int,
    child: Callable[[Child], Child],
) -> None:
    """`label-studio-ml start backend` answers, since it runs the folder's _wsgi.py."""
    root = Path(__file__).parent.parent.parent
    command = [str(Path(sys.executable).parent / "label-studio-ml"), "start", str(root / "backend")]
    env = {
        "ASSAY_HOME": str(team_settings.home),
        "ASSAY_BACKEND_PASSWORD": AUTH[1],
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }
    server = child(Child("label-studio-ml", [*command, "-p", str(port)], env, tmp_path / "log"))
    server.wait_for(f"http://127.0.0.1:{port}/health", 60)


def test_the_model_class_answers_like_the_app(team_settings: Settings, store: Store) -> None:
    """The LabelStudioMLBase subclass gives the ledger's answers."""
    from backend.model import AssayModel

    model = AssayModel(label_config=XML)
    answers = model.predict(body(1, 2)["tasks"], project="1.1")
    assert [bool(answer) for answer in answers] == [False, True]
