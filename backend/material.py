"""What a training learns from, and what its model is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import label_configs
from backend.competence import Competence, agreed, competence
from backend.engines import Example
from backend.held_out import HeldOut
from backend.pixels import Fetch, Unreachable, Unreadable, pixels
from label_configs import LabelConfig
from label_configs.kinds.dynamic import lookup
from sync.duplicates import Shown, near_tasks, shown
from sync.errors import Skippable
from sync.records import Annotation, Item, Json, Task
from sync.store import Store
from sync.worker.evidence import first_answers

#: A task's data to what annotators see of it.
Look = Callable[[Json], Shown]


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A labelled task."""

    data_hash: str
    example: Example


@dataclass(frozen=True, kw_only=True)
class Material:
    """The labelled tasks of a project that may be learned from."""

    labelled: tuple[Labelled, ...]
    #: Annotations behind them.
    annotations: int
    #: How many tasks or annotations were left out, by reason.
    left_out: dict[str, int]


def gather(
    store: Store,
    project_id: int,
    config: LabelConfig,
    served: Sequence[str],
    min_overlap: float,
    fetch: Fetch,
) -> Material:
    """The labelled tasks that may be learned from.

    The store leaves out validation sample and gold; here also go their near-duplicates.

    Args:
        store: the mirror of the project.
        project_id: a connected project.
        config: its label config.
        served: the controls that the engine fills; others are not looked at.
        min_overlap: see `competence`.
        fetch: reads uploads.
    """
    evaluated = store.held_out_tasks(project_id)
    people = _people(store, project_id, config, evaluated, min_overlap)
    tasks, given, unreadable = _read(store, project_id, config, served)
    found = [
        Labelled(data_hash=tasks[i].data_hash, example=_example(tasks[i], values, config, people))
        for i, values in given.items()
    ]
    copies = _copies(found, evaluated, looker(config, fetch))
    return Material(
        labelled=tuple(one for i, one in enumerate(found) if i not in copies),
        annotations=sum(len(values) for values in given.values()),
        left_out={"near_duplicates": len(copies), "unreadable_annotations": unreadable},
    )


#: Each person's values of a task.
Given = list[tuple[int, dict[str, object]]]


def _read(
    store: Store, project_id: int, config: LabelConfig, served: Sequence[str]
) -> tuple[dict[int, Task], dict[int, Given], int]:
    """Tasks by id, what each person says of them now, and how many annotations cannot be read."""
    empty = label_configs.may_be_empty(config)
    tasks: dict[int, Task] = {}
    newest: dict[tuple[int, int], Annotation] = {}
    for task, annotation in store.training_rows(project_id):
        tasks[task.task_id] = task
        known = newest.get((task.task_id, annotation.annotator))
        if known is None or known.updated_at <= annotation.updated_at:
            newest[task.task_id, annotation.annotator] = annotation
    given: dict[int, Given] = {}
    unreadable = 0
    for (task_id, annotator), annotation in newest.items():
        try:
            values = label_configs.read(config, annotation.result, tasks[task_id].data)
        except Skippable:
            unreadable += 1
            continue
        said = {name: values[name] for name in served if name in values}
        if said or empty:
            given.setdefault(task_id, []).append((annotator, said))
    return tasks, given, unreadable


def _people(
    store: Store,
    project_id: int,
    config: LabelConfig,
    evaluated: Sequence[Task],
    min_overlap: float,
) -> Competence:
    gold = store.gold(project_id)
    answers = first_answers(store, project_id, gold)
    items = [
        Item(task_id=t.task_id, data=t.data, answers=answers[t.task_id], gold=gold[t.task_id])
        for t in evaluated
        if t.task_id in gold
    ]
    return competence(items, config, min_overlap)


def _example(task: Task, given: Given, config: LabelConfig, people: Competence) -> Example:
    """Each control's value that people agree on most, and the mean of how far it is believed."""
    values: dict[str, object] = {}
    believed = [people.weight(given[0][0])]
    empty = label_configs.may_be_empty(config)
    for name in dict.fromkeys(name for _, said in given for name in said):
        votes = [(said.get(name), people.weight(who)) for who, said in given]
        # Where regions are marked, whoever marks none says something.
        value, weight = agreed(
            config.by_name[name], [v for v in votes if empty or v[0] is not None]
        )
        values |= {} if value is None else {name: value}
        believed.append(weight)
    believed = believed[1:] or believed
    return Example(data=task.data, values=values, weight=sum(believed) / len(believed))


def _copies(found: Sequence[Labelled], evaluated: Sequence[Task], look: Look) -> set[int]:
    """Places of those that say what a task says that evaluates."""
    if not evaluated:
        return set()
    hashes = {task.data_hash for task in evaluated}
    exact = {i for i, one in enumerate(found) if one.data_hash in hashes}
    tasks = [look(one.example.data) for one in found]
    return exact | {one.index for one in near_tasks(tasks, [look(t.data) for t in evaluated])}


def divided(
    labelled: Sequence[Labelled], held_out: HeldOut, look: Look
) -> tuple[list[Labelled], list[Labelled]]:
    """What is learned from, and what models are held against.

    A held-out task that is a near-duplicate of an example says nothing of unseen tasks, so it is
    in neither.
    """
    held = set(held_out.held)
    examples = [one for one in labelled if one.data_hash not in held]
    rest = [one for one in labelled if one.data_hash in held]
    if not rest:
        return examples, []
    tasks, others = ([look(one.example.data) for one in part] for part in (rest, examples))
    seen = {one.index for one in near_tasks(tasks, others)}
    return examples, [one for i, one in enumerate(rest) if i not in seen]


def looker(config: LabelConfig, fetch: Fetch) -> Look:
    """What annotators see of a task, with its picture where the label config shows one image."""
    images = [tag.field for tag in config.objects if tag.tag == "Image"]
    lost: list[Unreachable] = []

    def look(data: Json) -> Shown:
        if len(images) != 1 or lost:
            return shown(data, config)
        try:
            return shown(data, config, pixels(lookup(data, images[0]), fetch))
        except Unreachable as error:
            # Each further upload would wait for the same silence.
            lost.append(error)
        except Unreadable:
            pass
        return shown(data, config)

    return look


def label_counts(labelled: Sequence[Labelled], config: LabelConfig) -> dict[str, dict[str, int]]:
    """By control and label, how many of the tasks have it."""
    counts: dict[str, Counter[str]] = {}
    for one in labelled:
        for name, value in one.example.values.items():
            pairs = label_configs.pairs(config.by_name[name], value, None)
            labels = {label for label, _ in pairs if label is not None}
            counts.setdefault(name, Counter()).update(labels)
    return {name: dict(sorted(count.items())) for name, count in counts.items()}
