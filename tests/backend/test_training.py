"""What is trained on, and how trainings run."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses

import label_configs
from backend import trainer
from backend.engines import ENGINES
from backend.options import chosen
from backend.registry import Registry
from backend.status import read_status, write_status
from backend.training import train_and_tell, train_now
from sync.errors import Fatal
from sync.records import Annotation, Json, Task
from sync.settings import Settings
from sync.store import Store

Label = Callable[..., None]
Wait = Callable[..., None]


def test_nothing_that_evaluates_is_learned_from(
    team_settings: Settings, store: Store, label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels of the sample, of gold and of copies of them never reach the engine."""
    learned_from: list[Json] = []
    engine = ENGINES["sklearn_text"]
    fit = engine.fit

    def spy(examples: Any, *rest: Any) -> Any:
        learned_from.extend(example.data for example in examples)
        return fit(examples, *rest)

    monkeypatch.setattr(engine, "fit", spy)
    label(29, {29: "h1"})
    meta = train_now(team_settings, 1)
    # Without tasks 1 and 2 (sample), 3 (gold) and 29 (a copy of 1).
    assert meta["examples"] == len(learned_from) == 25
    numbers = {int(data["text"].split()[3]) for data in learned_from}
    assert numbers == set(range(4, 29))
    assert Registry(team_settings.home / "models").current(1) == meta["version"]


def test_the_account_of_a_model(team_settings: Settings, store: Store, label: Label) -> None:
    """Beside the model stand its counts, its hashes and its engine."""
    label(43, {})
    meta = train_now(team_settings, 1)
    folder = team_settings.home / "models" / "1" / meta["version"]
    written = json.loads((folder / "meta.json").read_text())
    assert written["engine"] == "sklearn_text"
    assert written["examples"] == 40
    assert {len(written[name]) for name in ("label_config", "training_set")} == {64}


def test_skips_and_unreadable_labels_do_not_count(
    team_settings: Settings, store: Store, label: Label
) -> None:
    """A skipped task and an answer that the config does not know leave the others usable."""
    label(30, {})
    seen = []
    for row, (result, skipped) in {5: ([], True), 6: ([{"value": 1}], False)}.items():
        task, given = store.training_rows(1)[row]
        changed = {**vars(given), "result": result, "was_cancelled": skipped}
        seen.append((task, [Annotation(**changed)]))
    store.apply(1, seen, None, seen[0][0].updated_at)
    assert train_now(team_settings, 1)["examples"] == 25


def test_too_few_labels_are_named(team_settings: Settings, store: Store) -> None:
    """Training without labels says how many are missing, and the status keeps it."""
    with pytest.raises(Fatal, match=r"0 tasks .* at least 10"):
        train_now(team_settings, 1)
    assert read_status(team_settings.home, 1) == {"state": "idle"}
    reason = train_and_tell(team_settings, 1)
    status = read_status(team_settings.home, 1)
    assert status["state"] == "failed"
    assert status["reason"] == reason
    assert status["started"] <= status["ended"]


def test_an_unknown_project_is_named(team_settings: Settings, store: Store) -> None:
    """Training needs a connected project."""
    with pytest.raises(Fatal, match="not connected to project 77"):
        train_now(team_settings, 77)


def test_a_config_without_engine_is_named(team_settings: Settings) -> None:
    """The sentence names the controls and the other ways."""
    config = label_configs.parse(label_configs.load("boxes"))
    with pytest.raises(Fatal, match=r"no engine .* RectangleLabels\): .* ASSAY_GENERATOR_URL"):
        chosen(team_settings, 1, config)


def test_an_engine_that_breaks_is_a_failed_training(
    team_settings: Settings, store: Store, label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status says kind and place, and quotes nothing; the model before stays current."""
    label(30, {})
    kept = train_now(team_settings, 1)["version"]

    def broken(*_: Any) -> Any:
        raise ValueError("content of a task")

    monkeypatch.setattr(ENGINES["sklearn_text"], "fit", broken)
    assert train_and_tell(team_settings, 1) is not None
    status = read_status(team_settings.home, 1)
    assert status["state"] == "failed"
    assert "ValueError" in status["reason"]
    assert "content" not in status["reason"]
    assert Registry(team_settings.home / "models").current(1) == kept


@responses.activate
def test_training_reads_uploads(
    team_settings: Settings,
    store: Store,
    digits: tuple[list[Json], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Images that stand in Label Studio are learned from, under the team's key."""
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_URL", "http://label-studio.example")
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", "legacy")
    names = tuple(str(i) for i in range(10))
    xml = label_configs.load("image_classification")
    parsed = label_configs.parse(xml)
    xml = label_configs.with_labels(xml, parsed.controls[0].name, names)
    parsed = label_configs.parse(xml)
    store.update_project(2, label_config=xml)
    field, control = parsed.objects[0].field, parsed.controls[0].name
    seen = []
    for i, (data, truth) in enumerate(zip(*digits, strict=True)):
        if i == 40:
            break
        content = base64.b64decode(data["image"].split(",")[1])
        path = f"/data/upload/2/{i}-digit%20{i}.png"
        responses.get(f"http://label-studio.example{path}", body=content)
        seen.append(_labelled(i, {field: path}, parsed, control, truth))
    store.apply(2, seen, None, seen[0][0].updated_at)
    meta = train_now(Settings.load(), 2)
    assert meta["version"].startswith("sklearn_image@")
    assert meta["examples"] == len(responses.calls) == 40


def _labelled(
    i: int, data: Json, config: label_configs.LabelConfig, control: str, label: str
) -> tuple[Task, list[Annotation]]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    task = Task(task_id=i, data=data, data_hash=f"u{i}", batch="b", updated_at=now)
    given = Annotation(
        annotation_id=i,
        task_id=i,
        annotator=1,
        result=label_configs.write(config, {control: frozenset({label})}),
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=now,
        updated_at=now,
    )
    return task, [given]


def test_requests_while_training_become_one_more(
    monkeypatch: pytest.MonkeyPatch, wait_until: Wait, tmp_path: Path
) -> None:
    """Five requests for a project are two trainings, never at once; another project is free."""
    gate, began = threading.Event(), threading.Semaphore(0)
    running: list[int] = []
    most: list[int] = []
    done: list[int] = []

    def slow(project_id: int) -> int:
        running.append(project_id)
        most.append(running.count(1))
        began.release()
        gate.wait(30)
        running.remove(project_id)
        done.append(project_id)
        return 0

    monkeypatch.setattr(trainer, "_train", slow)
    training = trainer.Trainer(tmp_path)
    training.request(1)
    assert began.acquire(timeout=10)
    for _ in range(4):
        training.request(1)
    training.request(2)
    assert began.acquire(timeout=10)
    gate.set()
    wait_until(lambda: sorted(done) == [1, 1, 2], 30)
    assert max(most) == 1


def test_a_training_that_cannot_start_does_not_block_the_next(
    monkeypatch: pytest.MonkeyPatch, wait_until: Wait, tmp_path: Path
) -> None:
    """After a failure to start, a new request is tried again."""
    tried: list[int] = []

    def lost(project_id: int) -> int:
        tried.append(project_id)
        raise OSError("no such program")

    monkeypatch.setattr(trainer, "_train", lost)
    training = trainer.Trainer(tmp_path)
    training.request(1)
    wait_until(lambda: not training._running, 10)
    training.request(1)
    wait_until(lambda: len(tried) == 2, 10)


def test_a_killed_training_is_a_failed_one(
    monkeypatch: pytest.MonkeyPatch, wait_until: Wait, tmp_path: Path
) -> None:
    """A process that was killed leaves no status that says running for ever."""
    monkeypatch.setattr(trainer, "_train", lambda project_id: -9)
    write_status(tmp_path, 1, state="running")
    trainer.Trainer(tmp_path).request(1)
    wait_until(lambda: "signal 9" in read_status(tmp_path, 1).get("reason", ""), 10)
    assert read_status(tmp_path, 1)["state"] == "failed"


def test_trainings_of_two_processes_follow_each_other(
    team_settings: Settings, store: Store, label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are started, one learns at a time, and each publishes a whole version."""
    label(30, {})
    engine = ENGINES["sklearn_text"]
    fit, inside, most = engine.fit, [], []

    def slow(*given: Any) -> Any:
        inside.append(1)
        most.append(len(inside))
        learned = fit(*given)
        inside.pop()
        return learned

    monkeypatch.setattr(engine, "fit", slow)
    threads = [threading.Thread(target=train_and_tell, args=(team_settings, 1)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    registry = Registry(team_settings.home / "models")
    assert most == [1, 1, 1, 1]
    versions = registry.versions(1)
    assert len(versions) == 4
    assert registry.current(1) == versions[0].name
    # Each came from the one before it.
    assert [v.meta["parent"] for v in versions[:3]] == [v.name for v in versions[1:]]


def test_old_versions_are_removed_after_training(
    team_settings: Settings, store: Store, label: Label
) -> None:
    """As many as the settings say are kept, the newest ones."""
    (team_settings.home / "assay.toml").write_text("[engine]\nkeep = 2\n")
    label(30, {})
    names = [train_now(team_settings, 1)["version"] for _ in range(4)]
    found = Registry(team_settings.home / "models").versions(1)
    assert [version.name for version in found] == [names[3], names[2]]


def test_the_account_says_with_what_it_was_made(
    team_settings: Settings, store: Store, label: Label
) -> None:
    """Seed, options, libraries, labels, parent, time and what was left out."""
    label(29, {29: "h1"})
    first = train_now(team_settings, 1)
    second = train_now(team_settings, 1)
    assert (first["parent"], second["parent"]) == (None, first["version"])
    assert first["training_set"] == second["training_set"]
    assert first["seed"] == second["seed"]
    assert first["labels"] == {"label": {"negative": 13, "positive": 12}}
    assert first["left_out"] == {"near_duplicates": 1, "unreadable_annotations": 0}
    assert {"numpy", "scikit-learn", "skops", "label-studio-assay"} <= first["libraries"].keys()
    assert first["held_out"] == {
        "tasks": 0,
        "score": None,
        "reason": "fewer than 15 held-out tasks",
    }
    assert first["annotations"] == 26
    assert first["seconds"] >= 0
