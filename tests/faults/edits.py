"""What people do in a project, through Label Studio's API, and what its own database then holds."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import requests

from sync.demo.label_studio import Server
from sync.demo.people import Person
from sync.records import Json, Result

LABELS = ("positive", "negative", "other")
#: A project is kept between these numbers of tasks.
FEWEST, MOST = 5, 16


def label(name: str) -> Result:
    """A result of the shipped text classification."""
    region = {"from_name": "label", "to_name": "text", "type": "choices"}
    return [region | {"value": {"choices": [name]}}]


class Edits:
    """People who edit one project at random."""

    def __init__(self, site: Server, project_id: int, people: Sequence[Person]) -> None:
        """Nothing is sent before the first edit."""
        self.project_id = project_id
        self._site, self._people, self._session = site, people, requests.Session()
        self._count = 0
        self._kinds: list[Callable[[random.Random], object]] = [
            self.answer,
            self.answer,
            self.skip,
            self.change,
            self.unskip,
            self.star,
            self.reassign,
            self.draft,
            self.remove_answer,
            self.change_data,
            self.remove_task,
            self.remove_tasks,
            self.replace_task,
            self.add_tasks,
        ]

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def some(self, rng: random.Random) -> str:
        """One edit; its name."""
        number = len(self.tasks())
        kind = rng.choice(self._kinds)
        if number < FEWEST:
            kind = self.add_tasks
        elif number > MOST:
            kind = self.remove_tasks
        kind(rng)
        return kind.__name__

    def answer(self, rng: random.Random) -> None:
        """Somebody submits an answer."""
        self._submit(rng, result=label(rng.choice(LABELS)), lead_time=rng.random() * 9)

    def skip(self, rng: random.Random) -> None:
        """Somebody skips a task."""
        self._submit(rng, result=[], was_cancelled=True, lead_time=1.0)

    def change(self, rng: random.Random) -> None:
        """Somebody changes an answer."""
        self._change(rng, self.annotations(), result=label(rng.choice(LABELS)))

    def unskip(self, rng: random.Random) -> None:
        """A skip becomes an answer, or an answer a skip."""
        self._change(rng, self.annotations(), was_cancelled=rng.random() < 0.5)

    def star(self, rng: random.Random) -> None:
        """The ground truth of a task moves to another answer, or is taken away."""
        self._change(rng, self.annotations(), ground_truth=rng.random() < 0.8)

    def reassign(self, rng: random.Random) -> None:
        """An answer becomes somebody else's."""
        self._change(rng, self.annotations(), completed_by=rng.choice(self._people).user_id)

    def draft(self, rng: random.Random) -> None:
        """Somebody begins and does not submit."""
        body = {"result": label("other"), "lead_time": 1.0}
        self._call("POST", f"api/tasks/{rng.choice(self.tasks())}/drafts", body, rng)

    def remove_answer(self, rng: random.Random) -> None:
        """Somebody deletes an answer."""
        if found := self.annotations():
            self._call("DELETE", f"api/annotations/{rng.choice(found)}/", None, rng)

    def change_data(self, rng: random.Random) -> None:
        """The data of a task change."""
        body = {"data": {"text": f"changed {rng.random()}", "batch": rng.choice("ab")}}
        self._call("PATCH", f"api/tasks/{rng.choice(self.tasks())}/", body, rng)

    def remove_task(self, rng: random.Random) -> None:
        """A task is deleted with all that is on it."""
        self._call("DELETE", f"api/tasks/{rng.choice(self.tasks())}/", None, rng)

    def remove_tasks(self, rng: random.Random) -> None:
        """Several tasks are deleted by the Data Manager."""
        there = self.tasks()
        chosen = rng.sample(there, min(len(there), rng.randint(1, 4)))
        body = {"selectedItems": {"all": False, "included": chosen}, "project": self.project_id}
        path = f"api/dm/actions?id=delete_tasks&project={self.project_id}"
        self._call("POST", path, body, rng)

    def add_tasks(self, rng: random.Random, most: int = 4) -> None:
        """Tasks are imported, some with answers."""
        path = f"api/projects/{self.project_id}/import"
        self._call("POST", path, [self._task(rng) for _ in range(rng.randint(1, most))], rng)

    def replace_task(self, rng: random.Random) -> None:
        """A task goes and another one comes, so that their number stays."""
        self.remove_task(rng)
        self.add_tasks(rng, most=1)

    def _task(self, rng: random.Random) -> Json:
        self._count += 1
        found: Json = {"data": {"text": f"text {self._count}", "batch": rng.choice("ab")}}
        if rng.random() < 0.3:
            answer = {"result": label(rng.choice(LABELS)), "ground_truth": rng.random() < 0.3}
            found["annotations"] = [answer]
        return found

    def _submit(self, rng: random.Random, **body: Any) -> None:
        path = f"api/tasks/{rng.choice(self.tasks())}/annotations/"
        self._call("POST", path, body, rng)

    def _change(self, rng: random.Random, among: Sequence[int], **values: Any) -> None:
        if among:
            self._call("PATCH", f"api/annotations/{rng.choice(among)}/", values, rng)

    def _call(self, method: str, path: str, body: Any, rng: random.Random) -> None:
        headers = {"Authorization": f"Token {rng.choice(self._people).token}"}
        url = f"{self._site.url}/{path}"
        answer = self._session.request(method, url, json=body, headers=headers, timeout=60)
        assert answer.status_code < 400, (method, path, answer.status_code, answer.text[:300])

    def tasks(self) -> list[int]:
        """Ids of the tasks that the database holds."""
        return [row[0] for row in self._rows("SELECT id FROM task")]

    def annotations(self) -> list[int]:
        """Ids of the annotations that the database holds."""
        return [row[0] for row in self._rows("SELECT id FROM task_completion")]

    def truth(self) -> tuple[dict[int, Any], dict[int, Any]]:
        """Tasks and annotations as the database holds them, in the words of the mirror."""
        tasks = {
            task_id: (json.loads(data), _time(updated))
            for task_id, data, updated in self._rows("SELECT id, data, updated_at FROM task")
        }
        fields = (
            "id, task_id, completed_by_id, result, was_cancelled, ground_truth, lead_time, "
            "created_at, updated_at"
        )
        annotations = {
            row[0]: (
                row[1],
                row[2] or 0,
                json.loads(row[3]),
                bool(row[4]),
                bool(row[5]),
                row[6],
                _time(row[7]),
            )
            for row in self._rows(f"SELECT {fields} FROM task_completion")
        }
        return tasks, annotations

    def _rows(self, select: str) -> list[Any]:
        path = self._site.data / "label_studio.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
            where = "WHERE project_id = ? ORDER BY id"
            return list(database.execute(f"{select} {where}", (self.project_id,)))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
