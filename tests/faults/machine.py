"""A worker's life: pulls through a line that fails, kills, and what must hold after them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sync.errors import AssayError
from sync.labelstudio import LabelStudio, Patience
from sync.pull import Fields, pull
from sync.store import Store
from sync.worker.evidence import first_answers
from sync.worker.once import utc_now
from tests.faults.edits import Edits
from tests.faults.proxy import Fault, Proxy, Schedule

FIELDS = Fields(batch="batch", queue="queue_id")
#: Seconds: a stall costs a test this long. Label Studio answers each of these calls in less.
PATIENCE = Patience(connect=5, question=2.0, write=5.0, whole=10.0, tries=3)
#: Stalls cost `PATIENCE`, so they are rarer than the rest.
KINDS = tuple(k for k in Fault if k is not Fault.NONE and not k.startswith("stall")) * 4
KINDS += (Fault.STALL, Fault.STALL_HALF_WAY)


class Killed(BaseException):
    """The process is gone, as far as what it was doing can tell."""


@dataclass
class Fuse:
    """Ends the process at its n-th step: a statement, a commit or a request."""

    left: int | None = None

    def burn(self, *_: object) -> None:
        """One step."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


class Worker:
    """One worker after the other on the same store."""

    def __init__(self, url: str, site: str, key: str, project_id: int) -> None:
        """Open the store."""
        self.project_id, self._url, self._key = project_id, url, key
        self.fuse = Fuse()
        self.choose: Callable[[str, str], Fault] = lambda method, path: Fault.NONE
        self.proxy = Proxy(site, lambda method, path: self.choose(method, path))
        self.proxy.latency = 0.02
        self._begin()

    def _begin(self) -> None:
        self.store = Store.open(self._url)
        for name in ("before_cursor_execute", "commit"):
            sa.event.listen(self.store._engine, name, self.fuse.burn)
        # Pauses are when a server that is down comes back; nobody waits for them.
        self.server = LabelStudio(self.proxy.url, self._key, sleep=self.proxy.up, patience=PATIENCE)
        send = self.server._http._send

        def mortal(*args: Any) -> Any:
            self.fuse.burn()
            return send(*args)

        self.server._http._send = mortal  # type: ignore[method-assign]

    def end(self) -> None:
        """What the system takes back when a process ends."""
        self.server.close()
        self.store.close()

    def close(self) -> None:
        """End for good."""
        self.end()
        self.proxy.__exit__()

    def look(self, rng: random.Random, rate: float, *, kill: bool) -> str:
        """One pull under faults, perhaps the last of this process; what became of it."""
        self.choose = Schedule(rng, rate, KINDS)
        self.fuse.left = rng.randint(0, 30) if kill else None
        if rng.random() < rate / 4:
            self.proxy.down()
        try:
            self.pull()
        except AssayError as error:
            return type(error).__name__
        except Killed:
            self.end()
            self.fuse.left = None
            self._begin()
            return "killed"
        finally:
            self.fuse.left = None
            self.choose = lambda method, path: Fault.NONE
            self.proxy.up()
        return "went through"

    def pull(self) -> None:
        """One pull as `assay run` makes it."""
        pull(self.server, self.store, self.project_id, FIELDS, utc_now)

    def evidence(self) -> dict[tuple[datetime, int], tuple[Any, ...]]:
        """What counts, by moment and person: the first submission on a task.

        Not by task: one that was deleted gives its id away, and keeps its answers under another.
        """
        task_ids = self.store.annotated_task_ids(self.project_id)
        found = first_answers(self.store, self.project_id, task_ids)
        counted = [(task_id, a) for task_id, answers in found.items() for a in answers]
        people = {(task_id, a.annotator) for task_id, a in counted}
        assert len(people) == len(counted), "somebody was counted twice on a task"
        return {(a.submitted_at, a.annotator): (a.result, a.lead_time) for _, a in counted}


def mirror(store: Store, project_id: int) -> tuple[Any, ...]:
    """All that the mirror says Label Studio holds now."""
    aside = [(row["kind"], row["item_id"], row["reason"]) for row in store.set_aside(project_id)]
    return store.tasks(project_id), store.annotations(project_id), aside


def check(worker: Worker, edits: Edits, folder: Path) -> None:
    """One clean pass, and the mirror is Label Studio's database and equals a rebuild."""
    worker.pull()
    project = worker.store.project(worker.project_id)
    assert project is not None
    tasks, annotations, aside = mirror(worker.store, worker.project_id)
    assert (
        {t.task_id: (t.data, t.updated_at) for t in tasks},
        {
            a.annotation_id: (
                a.task_id,
                a.annotator,
                a.result,
                a.was_cancelled,
                a.ground_truth,
                a.lead_time,
                a.created_at,
            )
            for a in annotations
        },
    ) == edits.truth()
    fresh = folder / "fresh.db"
    with Store.open(f"sqlite:///{fresh}") as rebuilt:
        rebuilt.save_project(replace(project, cursor=None))
        pull(worker.server, rebuilt, worker.project_id, FIELDS, utc_now)
        assert mirror(rebuilt, worker.project_id) == (tasks, annotations, aside)
    for file in folder.glob("fresh.db*"):
        file.unlink()
