"""What happens to a project while the generator works, before its batch is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

import label_configs
from sync.errors import ConfigurationError
from sync.freeze import freeze
from sync.freeze.freeze import Frozen
from sync.gating.policy import from_dict
from sync.generator import Generator, Proposal
from sync.labelstudio import LabelStudio
from sync.records import Annotation, Gold, Project, Task
from sync.store import Store

CONFIG = label_configs.parse(label_configs.load("text_classification"))
START = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = Project(project_id=1, title="t", label_config=CONFIG.xml, model_version="assay")
RESULT = label_configs.write(CONFIG, {"label": frozenset({"positive"})})


class Server:
    """A Label Studio that takes whatever it is given, and counts what was looked for."""

    def __init__(self) -> None:
        self.predicted: list[int] = []
        self.placed: list[int] = []

    def task_ids(self, project_id: int, predicted: bool = False) -> list[int]:
        del project_id, predicted
        return self.predicted

    def is_predicted(self, task_id: int) -> bool:
        # What was on its way arrives as it is looked for.
        self.predicted = [task_id]
        return True

    def project(self, project_id: int) -> dict[str, Any]:
        return {"id": project_id, "created_at": "2026-01-01T00:00:00Z", "control_weights": None}

    def import_predictions(self, project_id: int, rows: Sequence[Any]) -> None:
        del project_id
        self.placed += [row["task"] for row in rows]

    def tasks_by_id(self, project_id: int, task_ids: Sequence[int]) -> list[Any]:
        del project_id
        return [{"id": i, "data": {"text": f"t{i}"}} for i in task_ids]

    def patch_task(self, task_id: int, **values: Any) -> None:
        pass

    def put_view(self, project_id: int, view: int | None, data: Any) -> int:
        del project_id, view, data
        return 5


class Slow:
    """A generator that works while something else happens."""

    url = "http://generator"

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile = meanwhile

    def check(self) -> None:
        pass

    def setup(self, project: Project, stamp: str) -> str:
        del project, stamp
        return "v1"

    def propose(
        self, project: Project, stamp: str, tasks: Sequence[Task], progress: Any
    ) -> list[Proposal]:
        del project, stamp, progress
        self._meanwhile()
        answer = {"result": RESULT, "score": 0.9, "model_version": "v1"}
        return [Proposal(answer=answer) for _ in tasks]


def task(task_id: int) -> Task:
    return Task(
        task_id=task_id,
        data={"text": f"t{task_id}"},
        data_hash=f"h{task_id}",
        batch="b",
        updated_at=START,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        opened.save_project(PROJECT)
        opened.apply(1, [(task(i), []) for i in range(1, 13)], START, START)
        yield opened


def close(
    store: Store,
    meanwhile: Callable[[], object] = lambda: None,
    server: Server | None = None,
) -> Frozen:
    return freeze(
        cast(LabelStudio, server or Server()),
        store,
        cast(Generator, Slow(meanwhile)),
        PROJECT,
        "b",
        from_dict({}),
        queue_field="queue_id",
        key="00" * 32,
        now=START,
    )


def plant(store: Store) -> None:
    store.add_gold(1, [Gold(task_id=2, result=RESULT)])


def label(store: Store) -> None:
    answer = Annotation(
        annotation_id=1,
        task_id=2,
        annotator=1,
        result=RESULT,
        was_cancelled=False,
        ground_truth=False,
        lead_time=1.0,
        created_at=START,
        updated_at=START,
    )
    store.apply(1, [(task(2), [answer])], START, START)


def edit(store: Store) -> None:
    store.apply(1, [(replace(task(2), data_hash="other"), [])], START, START)


def delete(store: Store) -> None:
    store.mark_deleted(1, [2], START)


@pytest.mark.parametrize("event", [plant, label, edit, delete])
def test_a_task_that_can_be_judged_no_more_is_left_out(
    store: Store, event: Callable[[Store], None]
) -> None:
    """One that became gold, was labelled, changed or deleted is neither frozen nor placed."""
    server = Server()
    frozen = close(store, lambda: event(store), server)
    assert frozen.batch.population == 11
    assert 2 not in {place.task_id for place in store.places(1, "b")}
    assert 2 not in {candidate.task_id for candidate in store.batch_candidates(1, "b")}
    assert 2 not in server.placed


def test_another_label_config_stops_the_freeze(store: Store) -> None:
    """The candidates were made by the one before, so nothing is frozen."""
    other = CONFIG.xml.replace("positive", "good")
    with pytest.raises(ConfigurationError, match="label config of project 1 changed while"):
        close(store, lambda: store.update_project(1, label_config=other))
    assert store.batch(1, "b") is None


def test_what_a_killed_pre_fill_had_sent_stops_the_freeze(store: Store) -> None:
    """Its predictions are waited for: they may arrive after a look that found none."""
    with pytest.raises(ConfigurationError, match="1 tasks of batch 'b' already show predictions"):
        close(store, lambda: store.begin_placing(1, 3, datetime.now(UTC)))
    assert store.batch(1, "b") is None


def test_of_two_freezes_the_slower_one_is_told_so(store: Store) -> None:
    """It does not take the candidates of the faster one for something to be removed."""
    first = Server()

    def meanwhile() -> None:
        close(store, server=first)
        second.predicted = list(first.placed)

    second = Server()
    with pytest.raises(ConfigurationError, match="batch 'b' is frozen since"):
        close(store, meanwhile, second)
    assert second.placed == []
    assert len(store.batch_candidates(1, "b")) == 12
