"""A connected project whose texts people have labelled."""

from __future__ import annotations

from datetime import UTC, datetime

import label_configs
from sync.records import Annotation, Project, Task
from sync.settings import model_version
from sync.store import Store


def config(labels: list[str]) -> str:
    """A single choice of these labels over a text."""
    choices = "".join(f'<Choice value="{label}"/>' for label in labels)
    return (
        '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
        f"{choices}</Choices></View>"
    )


def fill(store: Store, xml: str, texts: list[str], labels: list[str]) -> None:
    """A connected project 1 whose tasks people have labelled."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    read = label_configs.parse(xml)
    store.save_project(
        Project(project_id=1, title="t", label_config=xml, model_version=model_version(1))
    )
    seen = []
    for i, (text, label) in enumerate(zip(texts, labels, strict=True), 1):
        task = Task(task_id=i, data={"text": text}, data_hash=f"{i}", batch="b", updated_at=now)
        given = Annotation(
            annotation_id=i,
            task_id=i,
            annotator=1,
            result=label_configs.write(read, {"label": frozenset({label})}),
            was_cancelled=False,
            ground_truth=False,
            lead_time=None,
            created_at=now,
            updated_at=now,
        )
        seen.append((task, [given]))
    store.apply(1, seen, None, now)
