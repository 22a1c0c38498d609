"""Which model answers while versions and settings change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from backend.answers import Answers
from backend.engines import ENGINES, Answer, Proposal
from backend.engines.base import NoOptions
from backend.registry import Registry
from backend.serving import Serving
from label_configs import LabelConfig
from sync.errors import AssayError
from sync.records import Json, Project
from sync.settings import Settings
from sync.store import Store


class Slow:
    """An engine whose scores are what was learned; version "slow" is ready when it is let go."""

    options = NoOptions
    learns = True

    def __init__(self) -> None:
        self.made: list[float] = []
        self.go, self.reached = threading.Event(), threading.Event()

    def serves(self, config: Any, options: Any) -> tuple[str, ...]:
        return ("label",)

    def version(self, around: Any, config: Any) -> str:
        return ""

    def fit(self, examples: Any, config: Any, rng: Any, around: Any) -> Any:
        return {}

    def model(self, learned: Any, config: Any, around: Any) -> Any:
        if learned["score"] < 0:
            raise ValueError("what was learned is damaged")
        if learned["score"] == 0.9:
            self.reached.set()
            assert self.go.wait(30)
        self.made.append(learned["score"])
        return _Told(learned["score"])


class _Told:
    def __init__(self, score: float) -> None:
        self.score = score

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        return [Proposal(result=[], score=self.score) for _ in tasks]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, team_settings: Settings) -> Slow:
    found = Slow()
    monkeypatch.setitem(ENGINES, "slow", found)
    Path("assay.toml").write_text('[engine]\nuse = "slow"\n')
    return found


@pytest.fixture
def registry(team_settings: Settings) -> Registry:
    return Registry(team_settings.home / "models")


@pytest.fixture
def serving(slow: Slow, team_settings: Settings) -> Serving:
    return Serving(team_settings)


def score(serving: Serving, config: LabelConfig) -> float | None:
    """What the model that answers now says."""
    served = serving.model(1, config)
    if served is None:
        return None
    answer = served.model.predict([{"id": 1, "data": {}}])[0]
    assert isinstance(answer, Proposal)
    return answer.score


def test_the_old_version_answers_until_the_new_one_is_ready(
    serving: Serving,
    slow: Slow,
    registry: Registry,
    config: LabelConfig,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """A request neither waits for a new version nor sees half of it; then it answers at once."""
    registry.publish(1, "slow", {"score": 0.5}, {})
    assert score(serving, config) == 0.5
    serving.watch()
    registry.publish(1, "slow", {"score": 0.9}, {})
    assert slow.reached.wait(30)
    assert score(serving, config) == 0.5
    slow.go.set()
    wait_until(lambda: score(serving, config) == 0.9)


def test_a_freeze_waits_for_the_newest_version(
    serving: Serving, slow: Slow, registry: Registry, config: LabelConfig
) -> None:
    """What `/setup` names to a freeze is what its candidates come from."""
    slow.go.set()
    registry.publish(1, "slow", {"score": 0.5}, {})
    assert score(serving, config) == 0.5
    serving.watch()
    version = registry.publish(1, "slow", {"score": 0.9}, {})
    assert serving.version(1, config) == version
    assert score(serving, config) == 0.9


def test_each_version_is_made_once(
    serving: Serving, slow: Slow, registry: Registry, config: LabelConfig
) -> None:
    """Requests of many threads share one model, however many come before it is ready."""
    slow.go.set()
    registry.publish(1, "slow", {"score": 0.9}, {})
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        for _ in range(20):
            assert score(serving, config) == 0.9

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow.made == [0.9]


@pytest.mark.parametrize("watched", [False, True])
def test_a_version_that_cannot_be_loaded_leaves_the_old_one(
    watched: bool,
    serving: Serving,
    registry: Registry,
    config: LabelConfig,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is named in the log, without what its error says."""
    registry.publish(1, "slow", {"score": 0.5}, {})
    assert score(serving, config) == 0.5
    if watched:
        serving.watch()
    broken = registry.publish(1, "slow", {"score": -1.0}, {})
    serving.look()
    assert score(serving, config) == 0.5
    told = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(told) == 1
    assert broken in told[0]
    assert "damaged" not in told[0]
    registry.publish(1, "slow", {"score": 0.6}, {})
    serving.look()
    assert score(serving, config) == 0.6


def test_broken_settings_leave_the_engine_of_before(
    serving: Serving, registry: Registry, config: LabelConfig, caplog: pytest.LogCaptureFixture
) -> None:
    """A settings file that is being edited costs nobody an answer, and is named once."""
    registry.publish(1, "slow", {"score": 0.5}, {})
    assert score(serving, config) == 0.5
    for text in ('[engine]\nuse = "slo', '[engine]\nuse = "nothing like it"\n'):
        caplog.clear()
        Path("assay.toml").write_text(text)
        assert [score(serving, config) for _ in range(3)] == [0.5] * 3
        assert len(caplog.records) == 1
        assert "assay.toml" in caplog.text or "engine.use" in caplog.text


def test_settings_that_were_always_broken_are_said_so(
    serving: Serving, config: LabelConfig
) -> None:
    """Without settings of before there is nothing to go on with."""
    Path("assay.toml").write_text("[engine")
    with pytest.raises(AssayError, match=r"assay\.toml"):
        serving.model(1, config)


def test_settings_are_followed_while_it_runs(serving: Serving, config: LabelConfig) -> None:
    """A changed file counts from the next request on."""
    assert serving.model(1, config) is None
    Path("assay.toml").write_text('[engine]\nuse = "rules"\n')
    with pytest.raises(AssayError, match="rules"):
        serving.model(1, config)


def test_a_new_project_is_known_within_a_second(
    serving: Serving, store: Store, config: LabelConfig
) -> None:
    """Whether a project is connected is asked of the store at most once a second."""
    now = [0.0]
    answers = Answers(store, serving, "queue_id", clock=lambda: now[0])
    task: list[Json] = [{"id": 1, "data": {}}]
    _, count = answers.predict(7, task, config.xml, for_freeze=False)
    assert count == {"abstained": 1}
    store.save_project(
        Project(project_id=7, title="", label_config=config.xml, model_version="assay-7")
    )
    store.add_gold(7, [])
    now[0] = 1.0
    assert answers._connected(7) is not None


def test_models_are_ready_before_the_first_request(
    serving: Serving, slow: Slow, registry: Registry, store: Store, config: LabelConfig
) -> None:
    """A server that starts loads what connected projects need, and stops at one that is broken."""
    slow.go.set()
    registry.publish(1, "slow", {"score": 0.9}, {})
    registry.publish(2, "slow", {"score": -1.0}, {})
    answers = Answers(store, serving, "queue_id")
    answers.warm()
    assert slow.made == [0.9]
    answers.predict(1, [{"id": 1, "data": {}}], config.xml, for_freeze=True)
    assert slow.made == [0.9]


def test_versions_name_what_label_studio_shows_first(
    serving: Serving, registry: Registry, store: Store
) -> None:
    """Every version that was trained is told, newest first, behind the one that is shown."""
    trained = [
        registry.publish(1, "slow", {"score": i / 10}, {"trained_at": f"2026-01-0{i}"})
        for i in (1, 2, 3)
    ]
    answers = Answers(store, serving, "queue_id")
    assert answers.versions(1) == ["assay-1", *reversed(trained)]
    assert answers.versions(None) == ["assay-1", *reversed(trained), "assay-2"]
