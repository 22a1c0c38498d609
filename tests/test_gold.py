"""Which results may be gold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import label_configs
from sync.cli.gold import warn_of_gold
from sync.errors import ConfigurationError
from sync.freeze.gold import plant
from sync.gating.criteria import gold_lacks
from sync.gating.policy import GatePolicy
from sync.gating.verdict import State
from sync.labelstudio import parse
from sync.records import GoldItem, Json, Project, Result
from sync.store import Store
from tests.gating import test_gate as gated


class Server:
    """Takes tasks and numbers them."""

    def __init__(self) -> None:
        self.taken: list[Json] = []

    def import_tasks(self, project_id: int, tasks: Sequence[Json]) -> list[int]:
        self.taken += tasks
        return list(range(len(self.taken) - len(tasks) + 1, len(self.taken) + 1))


def planted(folder: Path, name: str, result: Result, data: Json) -> int:
    """How many gold items a project with the shipped config has after one is planted."""
    xml = label_configs.load(name)
    project = Project(project_id=1, title="t", label_config=xml, model_version="v")
    item = GoldItem(result=result, task=None, data=data, place="line 1")
    server: Any = Server()
    with Store.open(f"sqlite:///{folder / 'assay.db'}") as store:
        store.save_project(project)
        return plant(
            server, store, project, [item], batch=None, batch_field="batch", queue_field="queue"
        ).total


def entity(start: int, end: int) -> Result:
    value = {"start": start, "end": end, "labels": ["person"]}
    return [{"from_name": "entity", "to_name": "text", "type": "labels", "value": value}]


def test_nothing_to_mark_is_gold(tmp_path: Path) -> None:
    """A text without entities is known to have none."""
    assert planted(tmp_path, "ner", [], {"text": "Nobody is named."}) == 1


def test_no_answer_is_no_gold(tmp_path: Path) -> None:
    """A question without its answer cannot be judged by."""
    with pytest.raises(ConfigurationError, match="line 1: the result holds no label"):
        planted(tmp_path, "text_classification", [], {"text": "good"})


def test_gold_is_checked_against_its_task(tmp_path: Path) -> None:
    """A span behind the end of the text is named before anything is changed."""
    with pytest.raises(
        ConfigurationError, match=r"line 1: .* ends at 500, and there are 10 characters"
    ):
        planted(tmp_path, "ner", entity(0, 500), {"text": "Anna flew."})


def test_gold_that_comes_again_is_not_doubled(tmp_path: Path) -> None:
    """The same file adds nothing, though a batch was added since, and stays in its batches."""
    server: Any = Server()
    xml = label_configs.load("ner")
    project = Project(project_id=1, title="t", label_config=xml, model_version="v")
    items = [
        GoldItem(result=entity(0, 4), task=None, data={"text": f"{name} flew."}, place="line")
        for name in ("Anna", "Otto", "Emma")
    ]
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as store:
        store.save_project(project)

        def add() -> int:
            fields = {"batch_field": "batch", "queue_field": "queue"}
            done = plant(server, store, project, items, batch=None, **fields)
            raw = [
                {"id": i, "updated_at": NOW, **task} for i, task in enumerate(server.taken, 1)
            ] + [{"id": 9, "updated_at": NOW, "data": {"text": "x", "batch": "a"}}]
            seen = [(parse.task(task, "batch", "queue"), []) for task in raw]
            store.apply(1, seen, None, parse.time(NOW))
            return done.added

        assert [add(), add(), add()] == [3, 0, 0]


NOW = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("count", range(10, 19))
def test_so_many_gold_tasks_suffice_as_could_pass(count: int) -> None:
    """Before anybody answers it is said whether the gate could pass them, were all right."""
    verdict = gated.judge(gated.evidence(known=gated.gold(count)), GatePolicy())
    criterion = verdict.criterion("gold")
    assert criterion is not None
    assert (gold_lacks(count, GatePolicy()) == "") == (criterion.state is State.PASS)


def test_too_few_gold_tasks_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """With the number that is missing; enough of them are not worth a word."""
    warn_of_gold(12, GatePolicy())
    assert "12 gold tasks are too few" in capsys.readouterr().out
    warn_of_gold(30, GatePolicy())
    assert capsys.readouterr().out == ""
