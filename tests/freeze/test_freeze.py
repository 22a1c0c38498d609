"""What a freeze keeps of a batch, with a server and a generator that only answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from sync.records import Gold, Project, Task
from sync.store import Store
from sync.worker.evidence import evidence

CONFIG = label_configs.parse(label_configs.load("text_classification"))
START = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = Project(project_id=1, title="t", label_config=CONFIG.xml, model_version="assay")
#: The same with a control that the generator never answers.
TWO = CONFIG.xml.replace("</View>", '<TextArea name="note" toName="text"/></View>')


def data(task_id: int) -> dict[str, Any]:
    """The data of a task."""
    return {"text": f"t{task_id}", "locale": "de" if task_id < 4 else "en"}


class Server:
    """A Label Studio without predictions that takes whatever it is given."""

    def __init__(self, control_weights: Any) -> None:
        self._weights = control_weights
        #: What people changed since the pull, and what we wrote, by task.
        self.edited: dict[int, dict[str, Any]] = {}
        self.patched: dict[int, dict[str, Any]] = {}

    def task_ids(self, project_id: int, predicted: bool = False) -> list[int]:
        del project_id, predicted
        return []

    def project(self, project_id: int) -> dict[str, Any]:
        created = "2026-01-01T00:00:00Z"
        return {"id": project_id, "created_at": created, "control_weights": self._weights}

    def import_predictions(self, project_id: int, rows: Sequence[Any]) -> None:
        del project_id, rows

    def tasks_by_id(self, project_id: int, task_ids: Sequence[int]) -> list[Any]:
        del project_id
        return [{"id": i, "data": data(i) | self.edited.get(i, {})} for i in task_ids]

    def patch_task(self, task_id: int, **values: Any) -> None:
        self.patched[task_id] = values["data"]

    def put_view(self, project_id: int, view: int | None, data: Any) -> int:
        del project_id, view, data
        return 5


class Labeller:
    """A generator that finds every third task negative, and has no answer for task 9."""

    url = "http://generator"
    asked = 0

    def check(self) -> None:
        pass

    def setup(self, project: Project, stamp: str) -> str:
        del project, stamp
        return "v1"

    def propose(
        self, project: Project, stamp: str, tasks: Sequence[Task], progress: Any
    ) -> list[Proposal]:
        del project, stamp
        self.asked += len(tasks)
        progress(len(tasks))
        return [self._proposal(task.task_id) for task in tasks]

    def _proposal(self, task_id: int) -> Proposal:
        if task_id == 9:
            return Proposal(answer=None, reason="abstained")
        label = "positive" if task_id % 3 else "negative"
        result = label_configs.write(CONFIG, {"label": frozenset({label})})
        return Proposal(answer={"result": result, "score": 0.9, "model_version": "v1"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        opened.save_project(PROJECT)
        tasks = [
            Task(
                task_id=i,
                data=data(i),
                data_hash=f"h{i}",
                batch="b",
                updated_at=START,
            )
            for i in range(1, 13)
        ]
        opened.apply(1, [(task, []) for task in tasks], START, START)
        yield opened


def close(
    store: Store,
    field: str,
    weights: Any = None,
    labeller: Any = None,
    project: Project = PROJECT,
    server: Server | None = None,
) -> Frozen:
    policy = {"gate": {"labels": {"min_precision": 0.8}, "slice": [{"field": field, "min": 0.8}]}}
    store.save_project(project)
    return freeze(
        cast(LabelStudio, server or Server(weights)),
        store,
        cast(Generator, labeller or Labeller()),
        project,
        "b",
        from_dict(policy),
        queue_field="queue_id",
        key="00" * 32,
        now=START,
    )


def test_sizes_of_labels_and_slices_are_kept(store: Store) -> None:
    """They count the tasks that have a candidate, and reach the evidence."""
    frozen = close(store, "locale")
    assert (frozen.tasks, frozen.without_candidate, frozen.batch.population) == (12, 1, 11)
    found = evidence(store, 1, frozen.batch).strata
    assert found is not None
    assert found.labels == {"label": {"positive": 8, "negative": 3}}
    assert found.slices == {"locale": {"de": 3, "en": 8}}
    assert found.of_task[1] == {"locale": "de"}
    assert len(found.of_task) == 11


def test_too_many_slices_are_refused_before_the_generator_works(store: Store) -> None:
    """The field, the number and the remedy are named, and nothing is frozen."""
    more = [
        Task(
            task_id=i,
            data={"text": f"t{i}"},
            data_hash=f"h{i}",
            batch="b",
            updated_at=START,
        )
        for i in range(20, 70)
    ]
    store.apply(1, [(task, []) for task in more], START, START)
    labeller = Labeller()
    with pytest.raises(ConfigurationError, match="'text' has 62 values"):
        close(store, "text", labeller=labeller)
    assert labeller.asked == 0
    assert store.batch(1, "b") is None


def test_weights_of_controls_are_kept(store: Store) -> None:
    """They are those of the project; what they say of controls that are gone is left out."""
    weights = {
        "label": {"overall": 0.5, "type": "Choices", "labels": {"gone": 1.0}},
        "gone": {"overall": 1.0},
    }
    assert close(store, "locale", weights).batch.weights == {"label": 0.5}


def test_the_precision_of_controls_that_count_nothing_is_not_asked_for(store: Store) -> None:
    """Where no candidate has a label in another control, the freeze names the remedy."""
    project = replace(PROJECT, label_config=TWO)
    weights = {"label": {"overall": 0.0}, "note": {"overall": 1.0}}
    with pytest.raises(ConfigurationError, match="no candidate has a label in a control that"):
        close(store, "locale", weights, project=project)


def test_predictions_that_came_while_the_generator_worked_stop_the_freeze(store: Store) -> None:
    """People may have seen them, so nothing is frozen."""

    class Seen(Server):
        def task_ids(self, project_id: int, predicted: bool = False) -> list[int]:
            del project_id, predicted
            return [3] if labeller.asked else []

    labeller = Labeller()
    with pytest.raises(ConfigurationError, match="1 tasks of batch 'b' already show predictions"):
        freeze(
            cast(LabelStudio, Seen(None)),
            store,
            cast(Generator, labeller),
            PROJECT,
            "b",
            from_dict({}),
            queue_field="queue_id",
            key="00" * 32,
            now=START,
        )
    assert store.batch(1, "b") is None


def test_data_that_people_changed_meanwhile_are_not_written_over(store: Store) -> None:
    """However many tasks changed: such a task gets its place after the next pull."""
    server = Server(None)
    server.edited = {1: {"text": "mended"}, 12: {"text": "mended too"}}
    frozen = close(store, "locale", server=server)
    drawn = {place.task_id for place in store.places(1, "b")[: frozen.batch.queue_length]}
    assert {1, 12} <= drawn
    assert server.patched.keys() == drawn - {1, 12}


def test_gold_of_another_batch_has_no_place_in_the_queue(store: Store) -> None:
    """That of this batch has one, though it is never drawn."""
    other = Task(task_id=30, data=data(30), data_hash="h30", batch="c", updated_at=START)
    store.apply(1, [(other, [])], None, START)
    store.add_gold(1, [Gold(task_id=i, result=[]) for i in (2, 30)])
    server = Server(None)
    close(store, "locale", server=server)
    assert 2 in server.patched
    assert 30 not in server.patched
