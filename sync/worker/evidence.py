"""Evidence: what the store holds about a batch, in the order in which it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sync.gating.candidates.strata import from_json
from sync.gating.policy import from_dict
from sync.records import Answer, Batch, Evidence, GoldTask, SampledTask
from sync.store import Store
from sync.store.asked import Asked, Drawn
from sync.store.base import Row


def evidence(
    store: Store, project_id: int, batch: Batch, gold: Sequence[GoldTask] | None = None
) -> Evidence:
    """All that a verdict on a frozen batch rests on.

    A sampled task that was deleted, or whose data is not what it was at freeze, is given as
    deleted: its candidate can no longer be judged, and must not vanish from the account.

    Args:
        store: Assay's memory.
        project_id: the batch's project.
        batch: frozen.
        gold: the project's `gold_tasks`, for who reads the evidence of several batches.
    """
    drawn = store.drawn(project_id, batch.name)
    answers = first_answers(store, project_id, Asked(batch.name))
    return Evidence(
        batch=batch.name,
        population=batch.population,
        overlap=from_dict(batch.policy).sample.overlap,
        queue_length=batch.queue_length,
        generator=batch.generator,
        generator_version=batch.generator_version,
        strata=from_json(batch.strata),
        sample=tuple(_sampled(one, answers[one.place.task_id]) for one in drawn),
        gold=tuple(gold_tasks(store, project_id) if gold is None else gold),
    )


def gold_tasks(store: Store, project_id: int) -> tuple[GoldTask, ...]:
    """The project's gold tasks with the answers that they got, by task id."""
    gold = store.gold(project_id)
    answers = first_answers(store, project_id, Asked())
    tasks = store.tasks_among(project_id, Asked())
    return tuple(
        GoldTask(
            task_id=task_id,
            result=result,
            answers=answers[task_id],
            data=tasks[task_id].data if task_id in tasks else {},
            deleted=task_id not in tasks,
        )
        for task_id, result in sorted(gold.items())
    )


def _sampled(drawn: Drawn, answers: tuple[Answer, ...]) -> SampledTask:
    return SampledTask(
        task_id=drawn.place.task_id,
        position=drawn.place.position,
        role=drawn.place.role,
        candidate=drawn.result or [],
        answers=answers,
        deleted=drawn.hash_now is None or drawn.hash_now != drawn.data_hash,
        data=drawn.data or {},
    )


def first_answers(
    store: Store, project_id: int, tasks: Iterable[int] | Asked
) -> defaultdict[int, tuple[Answer, ...]]:
    """The first submission of each person on each task, oldest first."""
    found: defaultdict[int, tuple[Answer, ...]] = defaultdict(tuple)
    people: set[tuple[int, int]] = set()
    for row in store.first_submissions(project_id, tasks):
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
