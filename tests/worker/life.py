"""A small project in Label Studio to which anything may happen, as the store comes to see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import label_configs
from sync.gating.policy import digest, from_dict, to_dict
from sync.records import Annotation, Batch, Candidate, Gold, Place, Project, Result, Role, Task
from sync.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = ("positive", "negative", "other")
CONFIG = label_configs.parse(label_configs.load("text_classification"))
CONFIGS = (CONFIG.xml, CONFIG.xml.replace('value="other"', 'value="else"'))
#: So mild that a few right answers pass, and so the next batch is compared with this one.
POLICY = from_dict(
    {
        "gate": {
            "acceptance": {"min": 0.5},
            "gold": {"min": 0.01, "min_tasks": 1},
            "agreement": {"coefficient": "none"},
        },
        "sample": {"overlap": 1},
    }
)
#: Tasks 1 to 4 are in the first batch, 3 to 6 in the second; 7 and 8 are gold, 9 is in neither.
BATCHES = (range(1, 5), range(3, 7))
GOLD, ALL = (7, 8), range(1, 10)
#: Answers are the first to all tasks at first.
PEOPLE = range(1, 4)


def result(label: str) -> Result:
    return label_configs.write(CONFIG, {"label": frozenset({label})})


class Life:
    """What is in Label Studio, and the steps that change it and are pulled, all or in part."""

    def __init__(self, store: Store, rng: Random) -> None:
        self.store, self.rng = store, rng
        self.project = Project(project_id=1, title="t", label_config=CONFIGS[0], model_version="a")
        self.tasks: dict[int, Task] = {}
        self.annotations: dict[int, Annotation] = {}
        self.deleted: dict[int, Task] = {}
        self.hours = self.batches = 0
        store.save_project(self.project)
        for task_id in ALL:
            self.tasks[task_id] = self.task(task_id)
            self.write(self.annotation(10 * task_id, task_id, 1, "positive"))
        self.pull(*ALL)
        for drawn in BATCHES:
            self.freeze(drawn)
        store.add_gold(1, [Gold(task_id=n, result=result("positive")) for n in GOLD])

    def task(self, task_id: int) -> Task:
        now = self.later()
        return Task(
            task_id=task_id,
            data={"text": "0"},
            data_hash="0",
            batch="b",
            updated_at=now,
            created_at=now,
        )

    def annotation(self, number: int, task_id: int, person: int, label: str) -> Annotation:
        now = self.later()
        return Annotation(
            annotation_id=number,
            task_id=task_id,
            annotator=person,
            result=result(label),
            was_cancelled=False,
            ground_truth=False,
            lead_time=float(number),
            created_at=now,
            updated_at=now,
        )

    def later(self) -> datetime:
        self.hours += 1
        return START + timedelta(hours=self.hours)

    def write(self, annotation: Annotation) -> None:
        self.annotations[annotation.annotation_id] = annotation

    def pull(self, *task_ids: int) -> None:
        """The store reads these tasks, as far as they are there."""
        seen = [(t, self.on(t.task_id)) for t in self.tasks.values() if t.task_id in task_ids]
        self.store.apply(1, seen, None, self.later())

    def on(self, task_id: int) -> list[Annotation]:
        return [a for a in self.annotations.values() if a.task_id == task_id]

    def freeze(self, drawn: range) -> None:
        name, self.batches = f"b{self.batches}", self.batches + 1
        made = [
            Candidate(
                task_id=n,
                batch=name,
                result=result("positive"),
                score=0.5,
                generator_version="v",
            )
            for n in drawn
        ]
        roles = [Role.SHOWN, Role.BLIND, Role.BLIND, Role.BLIND]
        batch = Batch(
            name=name,
            frozen_at=self.later(),
            sampling_key="00",
            policy=to_dict(POLICY),
            policy_digest=digest(POLICY),
            generator="g",
            generator_version="v",
            population=len(drawn),
            queue_length=3 if self.batches == 2 else 4,
            complete=True,
        )
        places = [
            Place(task_id=n, position=i, role=roles[i % 4]) for i, n in enumerate(reversed(drawn))
        ]
        self.store.freeze(1, batch, made, places, {n: "0" for n in drawn})

    def any_task(self) -> int:
        return self.rng.choice(list(self.tasks) or [self.come_back()])

    def any_annotation(self) -> Annotation:
        if not self.annotations:
            self.answer()
        return self.rng.choice(list(self.annotations.values()))

    # What may happen.

    def answer(self) -> None:
        """Somebody labels a task."""
        task_id, number = self.any_task(), max(self.annotations, default=0) + 1
        label, person = self.rng.choice(LABELS), self.rng.choice(PEOPLE)
        self.write(self.annotation(number, task_id, person, label))
        self.pull(task_id)

    def edit(self) -> None:
        """Somebody changes an annotation."""
        old = self.any_annotation()
        label, skipped = self.rng.choice(LABELS), self.rng.random() < 0.2
        new = {"result": result(label), "was_cancelled": skipped, "updated_at": self.later()}
        self.write(replace(old, **new))
        self.pull(old.task_id)

    def withdraw(self) -> None:
        """Somebody deletes an annotation."""
        old = self.annotations.pop(self.any_annotation().annotation_id)
        self.pull(old.task_id)

    def move(self) -> None:
        """An annotation goes to another task, of which the store reads the one or the other."""
        old, task_id = self.any_annotation(), self.any_task()
        self.write(replace(old, task_id=task_id))
        self.pull(*self.rng.sample([old.task_id, task_id], self.rng.choice([1, 2])))

    def reuse_annotation(self) -> None:
        """The id of an annotation that is deleted goes to a new one."""
        old = self.annotations.pop(self.any_annotation().annotation_id)
        new = self.annotation(old.annotation_id, self.any_task(), 2, self.rng.choice(LABELS))
        self.write(new)
        self.pull(*self.rng.choice([[new.task_id], [old.task_id, new.task_id]]))

    def delete(self) -> None:
        """A task is deleted with its annotations."""
        task_id = self.any_task()
        self.deleted[task_id] = self.tasks.pop(task_id)
        self.annotations = {k: a for k, a in self.annotations.items() if a.task_id != task_id}
        self.store.mark_deleted(1, [task_id], self.later())

    def come_back(self) -> int:
        """A task is there again that was taken for deleted."""
        task_id, task = self.deleted.popitem() if self.deleted else (1, self.task(1))
        self.tasks[task_id] = task
        self.pull(task_id)
        return task_id

    def reuse_task(self) -> None:
        """The id of a task goes to another one."""
        task_id = self.any_task()
        self.annotations = {k: a for k, a in self.annotations.items() if a.task_id != task_id}
        self.tasks[task_id] = self.task(task_id)
        self.pull(task_id)

    def change_data(self) -> None:
        """Somebody edits a task's data, or undoes it."""
        task_id, text = self.any_task(), self.rng.choice(["0", "1"])
        self.tasks[task_id] = replace(self.tasks[task_id], data={"text": text}, data_hash=text)
        self.pull(task_id)

    def add_gold(self) -> None:
        """An answer becomes known, or another one; its task may be new and bear an old id."""
        task_id, label = self.any_task(), self.rng.choice(LABELS)
        new = [task_id] if self.rng.random() < 0.3 else []
        self.store.add_gold(1, [Gold(task_id=task_id, result=result(label))], new=new)

    def lengthen(self) -> None:
        """More answers are asked for."""
        name = f"b{self.rng.randrange(self.batches)}"
        self.store.update_batch(1, name, queue_length=self.rng.randrange(2, 5))

    def change_config(self) -> None:
        """The lead saves another label config."""
        self.project = replace(self.project, label_config=self.rng.choice(CONFIGS))

    def freeze_more(self) -> None:
        """A batch is frozen."""
        if self.batches < 4:
            self.freeze(self.rng.choice(BATCHES))

    def read_again(self) -> None:
        """The store reads what may have changed since."""
        self.pull(*self.rng.sample(ALL, 3))


#: All that may happen.
STEPS: tuple[Callable[[Life], object], ...] = (
    Life.answer,
    Life.edit,
    Life.withdraw,
    Life.move,
    Life.reuse_annotation,
    Life.delete,
    Life.come_back,
    Life.reuse_task,
    Life.change_data,
    Life.add_gold,
    Life.lengthen,
    Life.change_config,
    Life.freeze_more,
    Life.read_again,
)
