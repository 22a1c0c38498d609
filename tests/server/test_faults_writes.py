"""Writes whose answers are lost on the way: nothing is doubled when they are made again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import label_configs
from sync.demo.label_studio import Server
from sync.errors import Retriable
from sync.freeze.gold import Planted, plant
from sync.freeze.queue import extend
from sync.gating.policy import GatePolicy, to_dict
from sync.labelstudio import LabelStudio, Patience, views
from sync.pull import Fields, connected, pull
from sync.records import Batch, GoldItem, Project
from sync.store import Store
from sync.worker.once import utc_now
from tests.faults.edits import label
from tests.faults.proxy import Fault, Proxy

FIELDS = Fields(batch="batch", queue="queue_id")


class Cut:
    """A line on which the answer to the next write is lost."""

    def __init__(self) -> None:
        self.waiting = True

    def __call__(self, method: str, path: str) -> Fault:
        """Only the first write meets it."""
        if method == "GET" or not self.waiting:
            return Fault.NONE
        self.waiting = False
        return Fault.RESET_REPLY


@pytest.fixture
def cut(site: Server) -> Iterator[LabelStudio]:
    """Label Studio at the end of such a line."""
    with (
        Proxy(site.url, Cut()) as proxy,
        LabelStudio(proxy.url, site.account.token, patience=Patience(tries=1)) as server,
    ):
        yield server


@pytest.fixture
def project(lead: LabelStudio) -> Project:
    """A project with three tasks."""
    config = label_configs.load("text_classification")
    made = lead.create_project(title="Writes", label_config=config)
    texts = [{"data": {"text": f"text {i}", "batch": "ab"[i % 2]}} for i in range(3)]
    lead.import_tasks(made["id"], texts)
    return Project(project_id=made["id"], title="Writes", label_config=config, model_version="v")


@pytest.fixture
def store(project: Project, lead: LabelStudio, tmp_path: Path) -> Iterator[Store]:
    """A store that has pulled the project."""
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        opened.save_project(project)
        look(lead, opened, project)
        yield opened


def look(lead: LabelStudio, store: Store, project: Project) -> None:
    """Pull."""
    pull(lead, store, project.project_id, FIELDS, utc_now)


def test_a_tab_is_made_once(cut: LabelStudio, lead: LabelStudio, project: Project) -> None:
    """The next look finds the tab of that title, and writes into it."""
    data = views.validate("b7", "queue_id", "[b7]")
    with pytest.raises(Retriable):
        cut.put_view(project.project_id, None, data)
    view = cut.put_view(project.project_id, None, data)
    assert [tab["id"] for tab in lead.views(project.project_id)] == [view]


def test_gold_is_planted_once(
    cut: LabelStudio, lead: LabelStudio, project: Project, store: Store
) -> None:
    """A second run finds what the first one planted, in the batches that it chose."""
    items = [
        GoldItem(result=label("other"), data={"text": f"gold {i}"}, place="") for i in range(4)
    ]

    def planted() -> Planted:
        known = connected(store, project.project_id)
        names = {"batch": None, "batch_field": "batch", "queue_field": "queue_id"}
        found = plant(cut, store, known, items, **names)  # type: ignore[arg-type]
        look(lead, store, project)
        return found

    with pytest.raises(Retriable):
        planted()
    look(lead, store, project)
    assert planted() == Planted(matched=4, added=0, total=4)
    assert planted() == Planted(matched=4, added=0, total=4)
    assert len(store.task_ids(project.project_id)) == 7


def test_a_place_in_the_queue_costs_no_data(
    lead: LabelStudio, project: Project, store: Store
) -> None:
    """Data that changed since the last pull stay; their task gets its place after the next."""
    project_id = project.project_id
    batch = Batch(
        name="a",
        frozen_at=datetime(2026, 1, 1, tzinfo=UTC),
        sampling_key="00" * 32,
        policy=to_dict(GatePolicy()),
        policy_digest="",
        generator="",
        generator_version="",
        population=0,
        queue_length=0,
    )
    first, _ = (task.task_id for task in store.tasks(project_id, "a"))
    names = {"batch": None, "batch_field": "batch", "queue_field": "queue_id"}
    items = [GoldItem(result=label("other"), task=t.task_id) for t in store.tasks(project_id, "a")]
    plant(lead, store, project, items, **names)  # type: ignore[arg-type]
    lead.patch_task(first, data={"text": "mended by a person", "batch": "a"})
    assert extend(lead, store, project_id, batch, 0, queue_field="queue_id") == 1
    assert lead.task(first)["data"] == {"text": "mended by a person", "batch": "a"}
    look(lead, store, project)
    assert extend(lead, store, project_id, batch, 0, queue_field="queue_id") == 1
    assert lead.task(first)["data"]["text"] == "mended by a person"
    assert lead.task(first)["data"]["queue_id"].startswith("[a]")
