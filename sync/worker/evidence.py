"""Evidence: what the store holds about a batch, in the order in which it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sync.gating.candidates.strata import from_json
from sync.gating.policy import from_dict
from sync.records import Answer, Batch, Evidence, GoldTask, SampledTask
from sync.store import Store
from sync.store.base import Row


def evidence(store: Store, project_id: int, batch: Batch) -> Evidence:
    """All that a verdict on a frozen batch rests on.

    A sampled task that was deleted, or whose data is not what it was at freeze, is given as
    deleted: its candidate can no longer be judged, and must not vanish from the account.
    """
    places = store.places(project_id, batch.name)
    gold = store.gold(project_id)
    answers = first_answers(store, project_id, {p.task_id for p in places} | gold.keys())
    results = {c.task_id: c.result for c in store.batch_candidates(project_id, batch.name)}
    gone = _gone(store, project_id, batch)
    data = {task.task_id: task.data for task in store.tasks(project_id)}
    return Evidence(
        batch=batch.name,
        population=batch.population,
        overlap=from_dict(batch.policy).sample.overlap,
        queue_length=batch.queue_length,
        generator=batch.generator,
        generator_version=batch.generator_version,
        strata=from_json(batch.strata),
        sample=tuple(
            SampledTask(
                task_id=place.task_id,
                position=place.position,
                role=place.role,
                candidate=results[place.task_id] or [],
                answers=answers[place.task_id],
                deleted=place.task_id in gone,
                data=data.get(place.task_id, {}),
            )
            for place in places
        ),
        gold=tuple(
            GoldTask(
                task_id=task_id,
                result=result,
                answers=answers[task_id],
                data=data.get(task_id, {}),
                deleted=task_id not in data,
            )
            for task_id, result in sorted(gold.items())
        ),
    )


def _gone(store: Store, project_id: int, batch: Batch) -> set[int]:
    frozen = store.data_hashes(project_id, batch.name)
    now = {task.task_id: task.data_hash for task in store.tasks(project_id)}
    return {task_id for task_id, data_hash in frozen.items() if now.get(task_id) != data_hash}


def first_answers(
    store: Store, project_id: int, task_ids: Iterable[int]
) -> defaultdict[int, tuple[Answer, ...]]:
    """The first submission of each person on each task, oldest first."""
    found: defaultdict[int, tuple[Answer, ...]] = defaultdict(tuple)
    people: set[tuple[int, int]] = set()
    for row in store.first_submissions(project_id, task_ids):
        who = (row["task_id"], row["annotator"])
        if who not in people:
            people.add(who)
            found[row["task_id"]] += (_answer(row),)
    return found


def _answer(row: Row) -> Answer:
    return Answer(
        annotation_id=row["annotation_id"],
        annotator=row["annotator"],
        result=None if row["was_cancelled"] else row["result"],
        submitted_at=row["created_at"],
        lead_time=row["lead_time"],
        edits=row["edits"],
        deleted=row["deleted_at"] is not None,
    )
