"""Spans are learned from what people marked, and from texts in which they marked nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import label_configs
from backend.engines import Proposal
from backend.serving import Serving
from backend.training import train_now
from sync.records import Annotation, Json, Project, Task
from sync.settings import Settings
from sync.store import Store

NOW = datetime(2026, 1, 5, tzinfo=UTC)
PROJECT = 31


def region(text: str, name: str) -> Json:
    start = text.index(name)
    value = {"start": start, "end": start + len(name), "text": name, "labels": ["person"]}
    return {"id": "r", "from_name": "entity", "to_name": "text", "type": "labels", "value": value}


def submitted(task_id: int, text: str, names: list[str]) -> tuple[Task, list[Annotation]]:
    task = Task(
        task_id=task_id, data={"text": text}, data_hash=f"n{task_id}", batch="b", updated_at=NOW
    )
    annotation = Annotation(
        annotation_id=task_id,
        task_id=task_id,
        annotator=1,
        result=[region(text, name) for name in names],
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=NOW,
        updated_at=NOW,
    )
    return task, [annotation]


@pytest.fixture
def trained(team_settings: Settings) -> dict[str, Any]:
    """A project of names, half of whose texts have none, and its first version."""
    xml = label_configs.load("ner")
    project = Project(
        project_id=PROJECT, title="t", label_config=xml, model_version="v", webhook_secret=""
    )
    cities = ("Rome", "Oslo", "Bonn", "Lyon", "Graz")
    people = ("Ann", "Bob", "Cleo", "Dora", "Emil", "Finn", "Gus", "Hana")
    texts = [(f"{who} wrote 🦊 from {city}", [who]) for who in people for city in cities]
    texts += [(f"Rain fell in {city}, said {n} of us", []) for city in cities for n in range(8)]
    with Store.open(team_settings.store_url) as store:
        store.save_project(project)
        seen = [submitted(i, text, names) for i, (text, names) in enumerate(texts, 1)]
        store.apply(PROJECT, seen, None, NOW)
    return train_now(team_settings, PROJECT)


def test_texts_without_marks_teach_too(team_settings: Settings, trained: dict[str, Any]) -> None:
    """All texts count, and cities, which nobody marked, are not proposed."""
    assert trained["engine"] == "sklearn_spans"
    served = Serving(team_settings).model(PROJECT, label_configs.parse(label_configs.load("ner")))
    assert served is not None
    assert served.version == trained["version"]
    texts = ["Ivo wrote 🦊 from Metz", "Rain fell in Metz, said 3 of us"]
    answers = served.model.predict([{"id": i, "data": {"text": t}} for i, t in enumerate(texts)])
    found = [
        [r["value"]["text"] for r in answer.result] if isinstance(answer, Proposal) else None
        for answer in answers
    ]
    assert found == [["Ivo"], []]
