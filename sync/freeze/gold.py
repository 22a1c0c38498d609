"""Planting gold: tasks whose answers stay in Assay's store."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import label_configs
from sync.errors import ConfigurationError, Skippable
from sync.hashing import data_hash
from sync.labelstudio import LabelStudio, parse
from sync.records import Gold, GoldItem, Json, Project
from sync.store import Store


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What came of gold items."""

    matched: int
    added: int
    total: int


def plant(
    server: LabelStudio,
    store: Store,
    project: Project,
    items: Sequence[GoldItem],
    *,
    batch: str | None,
    batch_field: str,
    queue_field: str,
) -> Planted:
    """Remember the answers and make sure that each has a task which shows nothing of them.

    Items whose data is that of an unlabelled task become that task; the others are added as
    plain tasks. The batch of a new task is what its data says, else `batch`, else the
    project's batches in turn.

    Raises:
        ConfigurationError: an item is not usable; nothing is changed then.
    """
    config = label_configs.parse(project.label_config)
    tasks = store.tasks(project.project_id)
    known = {task.task_id: task.data for task in tasks}
    for item in items:
        _check(config, item, known.get(item.task) if item.task is not None else item.data)
    by_hash = {task.data_hash: task.task_id for task in tasks}
    closed = _closed(store, project.project_id, [task.task_id for task in tasks])
    gold = store.gold(project.project_id)
    turn = itertools.cycle([batch] if batch else _batches(store, project.project_id))
    plain = partial(_plain, fields=(batch_field, queue_field))
    there = {plain(known[i]): str(known[i].get(batch_field) or "") for i in gold if i in known}
    found: dict[int, Gold] = {}
    new: list[tuple[GoldItem, Json]] = []
    for item in items:
        task_id = _match(item, by_hash, queue_field)
        if task_id is None:
            same = "" if batch else there.get(plain(item.data or {}), "")
            data = _data(item, batch_field, same, turn)
            # Where the answer to an import was lost, or the command is repeated, it is there.
            task_id = by_hash.get(data_hash(data, queue_field))
            if task_id is None or (task_id in closed and gold.get(task_id) != item.result):
                new.append((item, data))
                continue
        elif task_id not in known:
            raise ConfigurationError(
                f"{item.place}: project has no task {task_id}: name one that it has, or give "
                '"data" in place of "task"'
            )
        elif task_id in closed:
            raise ConfigurationError(f"{item.place}: task {task_id} {closed[task_id]}")
        found[task_id] = Gold(task_id=task_id, result=item.result)
    ids = server.import_tasks(project.project_id, [{"data": data} for _, data in new])
    matched = len(found)
    for task_id, (item, _) in zip(ids, new, strict=True):
        found[task_id] = Gold(task_id=task_id, result=item.result)
    store.add_gold(project.project_id, list(found.values()), new=ids)
    return Planted(matched=matched, added=len(ids), total=len(store.gold(project.project_id)))


def _check(config: label_configs.LabelConfig, item: GoldItem, data: Json | None) -> None:
    try:
        values = label_configs.read(config, item.result, data)
    except Skippable as error:
        raise ConfigurationError(f"{item.place}: {error}") from None
    if not values and not label_configs.may_be_empty(config):
        raise ConfigurationError(
            f"{item.place}: the result holds no label: give one of the label config's"
        )


def _closed(store: Store, project_id: int, task_ids: Sequence[int]) -> dict[int, str]:
    """Tasks that cannot become gold any more, and why."""
    reasons = dict.fromkeys(
        store.annotated_task_ids(project_id), "is labelled already: its answer can be seen"
    )
    frozen = store.candidates(project_id, task_ids)
    reasons |= dict.fromkeys(frozen, "belongs to a frozen batch, which cannot change")
    return reasons


def _match(item: GoldItem, by_hash: dict[str, int], queue_field: str) -> int | None:
    if item.task is not None:
        return item.task
    return by_hash.get(data_hash(item.data or {}, queue_field))


def _batches(store: Store, project_id: int) -> list[str]:
    names = sorted({task.batch for task in store.tasks(project_id)})
    return names or [parse.DEFAULT_BATCH]


def _plain(data: Json, fields: tuple[str, str]) -> str:
    """A hash of a task's data without the fields that planting adds."""
    return data_hash({k: v for k, v in data.items() if k not in fields}, "")


def _data(item: GoldItem, batch_field: str, same: str, turn: itertools.cycle[str]) -> Json:
    """The data of a new task; its batch is that of the same gold where there is some already."""
    data = dict(item.data or {})
    if data.get(batch_field) in (None, ""):
        data[batch_field] = same or next(turn)
    return data
