"""A project of one test on the real server, what people do to it, and its mirror."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

import label_configs
from sync.demo.label_studio import Server
from sync.labelstudio import LabelStudio
from sync.pull import Difference, Fields, Pulled, differences, pull
from sync.records import Annotation, Json, Project
from sync.store import Store

FIELDS = Fields(batch="batch", queue="queue_id")


def choice(label: str) -> list[Json]:
    """A label as a Label Studio result."""
    region = {"from_name": "label", "to_name": "text", "type": "choices"}
    return [region | {"value": {"choices": [label]}}]


class Edits:
    """Edits through Label Studio's API, and pulls of them."""

    def __init__(self, site: Server, lead: LabelStudio, store: Store) -> None:
        self.site, self.lead, self.store = site, lead, store
        config = label_configs.load("text_classification")
        made = lead.create_project(title="Mirrored", label_config=config)
        self.project_id = int(made["id"])
        store.save_project(
            Project(
                project_id=self.project_id,
                title=made["title"],
                label_config=made["label_config"],
                model_version="v",
            )
        )
        #: Seconds that the clock of the test is ahead of the true one.
        self.later = 0.0

    def now(self) -> datetime:
        """The time, moved by `later`."""
        return datetime.now(UTC) + timedelta(seconds=self.later)

    def add(self, texts: Sequence[str], label: str | None = None) -> list[int]:
        """Import tasks, each with one answer if a label is given."""
        given = {"result": choice(label or ""), "ground_truth": False}
        more = {"annotations": [given]} if label else {}
        tasks = [{"data": {"text": text, "batch": "b"}, **more} for text in texts]
        return self.lead.import_tasks(self.project_id, tasks)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call of Label Studio's API as the lead."""
        answer = requests.request(
            method,
            f"{self.site.url}/api/{path}",
            json=body,
            headers={"Authorization": f"Token {self.site.account.token}"},
            timeout=60,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def answer(self, task_id: int, label: str, **values: Any) -> int:
        """Submit an annotation; its id."""
        body = {"result": choice(label), "lead_time": 1.5, **values}
        return int(self.call("POST", f"tasks/{task_id}/annotations/", body)["id"])

    def change(self, annotation_id: int, **values: Any) -> None:
        """Change an annotation."""
        self.call("PATCH", f"annotations/{annotation_id}/", values)

    def sql(self, statement: str, *values: object) -> None:
        """Change Label Studio's database past Label Studio."""
        with closing(sqlite3.connect(self.site.data / "label_studio.sqlite3", 60)) as database:
            database.execute(statement, values)
            database.commit()

    def stamp(self, task_id: int, moment: datetime) -> None:
        """Set a task's `updated_at`, as a server with another clock would have."""
        text = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        self.sql("UPDATE task SET updated_at = ? WHERE id = ?", text, task_id)

    def pull(self, server: LabelStudio | None = None) -> Pulled:
        """Pull once."""
        return pull(server or self.lead, self.store, self.project_id, FIELDS, self.now)

    def settle(self) -> None:
        """Pull until nothing behind the cursor is looked at again."""
        for _ in range(4):
            self.later += 11
            self.pull()

    def differences(self) -> list[Difference]:
        """How the mirror differs from Label Studio."""
        return differences(self.lead, self.store, self.project_id, FIELDS)

    def mirrored(self) -> list[Difference]:
        """Pull, and how the mirror differs then."""
        self.pull()
        return self.differences()

    def annotation(self, annotation_id: int) -> Annotation | None:
        """An annotation of the mirror that is not deleted."""
        held = self.store.annotations(self.project_id)
        return {a.annotation_id: a for a in held}.get(annotation_id)


class Meddling(LabelStudio):
    """Label Studio on which something happens after each page of tasks, or with another clock."""

    def __init__(
        self,
        site: Server,
        act: Callable[[int, list[Json]], object] = lambda page, tasks: None,
        ahead: timedelta = timedelta(0),
    ) -> None:
        super().__init__(site.url, site.account.token)
        self._act, self._ahead, self.pages = act, ahead, 0

    @property
    def answered_at(self) -> datetime | None:
        """The server's clock, set to another time."""
        true = super().answered_at
        return None if true is None else true + self._ahead

    def changed_tasks(self, *args: Any, **kwargs: Any) -> list[Json]:
        """A page, and then the act."""
        page = super().changed_tasks(*args, **kwargs)
        self.pages += 1
        self._act(self.pages, page)
        return page
