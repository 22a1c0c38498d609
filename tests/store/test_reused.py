"""Label Studio may give the id of a deleted annotation to a new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync.records import Annotation, Batch, Candidate, Gold, Place, Project, Result, Role, Task
from sync.store import Store
from sync.worker.evidence import first_answers

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
FIRST = Annotation(
    annotation_id=6,
    task_id=16,
    annotator=4,
    result=[{"value": {"choices": ["first"]}}],
    was_cancelled=False,
    ground_truth=False,
    lead_time=1.0,
    created_at=NOW,
    updated_at=NOW,
)
BATCH = Batch(
    name="b",
    frozen_at=NOW,
    sampling_key="00" * 32,
    policy={},
    policy_digest="d",
    generator="g",
    generator_version="v",
    population=1,
    queue_length=1,
)
OTHER: Result = [{"value": {"choices": ["other"]}}]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.save_project(
            Project(project_id=1, title="t", label_config="<View/>", model_version="v")
        )
        opened.apply(1, [(task(16), [FIRST])], NOW, NOW)
        yield opened


def task(task_id: int) -> Task:
    return Task(task_id=task_id, data={}, data_hash="h", batch="b", updated_at=NOW)


@pytest.mark.parametrize("number", [16, 17])
def test_a_new_annotation_does_not_overwrite_the_history_of_a_deleted_one(
    store: Store, number: int
) -> None:
    """Both first submissions count, the old one as deleted, on the same task or on another."""
    new = replace(FIRST, task_id=number, annotator=5, result=OTHER, created_at=LATER)
    store.apply(1, [(task(16), []), (task(number), [new])], LATER, LATER)
    answers = [a for answers in first_answers(store, 1, {16, 17}).values() for a in answers]
    assert [(a.annotator, a.result, a.submitted_at, a.edits, a.deleted) for a in answers] == [
        (4, FIRST.result, NOW, 0, True),
        (5, OTHER, LATER, 0, False),
    ]
    assert store.annotations(1) == [new]


def test_an_id_may_come_back_again_and_again(store: Store) -> None:
    """Each life of an id is kept."""
    for hour in range(1, 4):
        created = NOW + timedelta(hours=hour)
        new = replace(FIRST, annotator=4 + hour, created_at=created)
        store.apply(1, [(task(16), [new])], created, created)
    found = first_answers(store, 1, {16})[16]
    assert [(a.annotator, a.deleted) for a in found] == [(4, 1), (5, 1), (6, 1), (7, 0)]


def test_a_change_is_no_new_annotation(store: Store) -> None:
    """An edit by whomever keeps the id and its history."""
    edited = replace(FIRST, result=OTHER, annotator=9, updated_at=LATER)
    store.apply(1, [(task(16), [edited])], LATER, LATER)
    (answer,) = first_answers(store, 1, {16})[16]
    assert (answer.annotation_id, answer.annotator, answer.edits) == (6, 4, 1)


def test_a_new_task_does_not_inherit_what_a_deleted_one_left_behind(store: Store) -> None:
    """Answers, gold, candidate and place stay with the task that is gone; the new one has none."""
    old = replace(task(16), created_at=NOW)
    store.apply(1, [(old, [FIRST])], NOW, NOW)
    candidate = Candidate(task_id=16, batch="b", result=OTHER, score=None, generator_version="v")
    place = Place(task_id=16, position=0, role=Role.BLIND)
    store.freeze(1, BATCH, [candidate], [place], {16: "h"})
    store.add_gold(1, [Gold(task_id=16, result=OTHER)])
    new = replace(old, data={"text": "new"}, data_hash="n", created_at=LATER, updated_at=LATER)
    store.apply(1, [(new, [])], LATER, LATER)
    assert store.tasks(1) == [new]
    assert first_answers(store, 1, {16})[16] == ()
    assert (store.gold(1).get(16), store.candidates(1, [16])) == (None, {})
    (drawn,) = store.drawn(1, "b")
    gone = drawn.place.task_id
    assert (drawn.data_hash, store.gold(1)) == ("h", {gone: OTHER})
    (answer,) = first_answers(store, 1, {gone})[gone]
    assert (answer.result, answer.deleted) == (FIRST.result, True)
    assert store.training_rows(1) == []


def test_a_task_stays_the_same_one_through_edits_and_when_it_comes_back(store: Store) -> None:
    """New data, or a deletion that was none, keep id and history."""
    old = replace(task(16), created_at=NOW)
    store.apply(1, [(old, [FIRST])], NOW, NOW)
    store.mark_deleted(1, [16], LATER)
    edited = replace(old, data_hash="n", updated_at=LATER)
    store.apply(1, [(edited, [FIRST])], LATER, LATER)
    assert store.tasks(1) == [edited]
    assert len(first_answers(store, 1, {16})[16]) == 1


@pytest.mark.parametrize(("created", "answers"), [(LATER, 0), (NOW, 1)])
def test_a_tombstone_of_an_older_store_is_told_apart_too(
    store: Store, created: datetime, answers: int
) -> None:
    """It does not say when its task was made, but when it was last changed."""
    store.mark_deleted(1, [16], LATER)
    store.apply(1, [(replace(task(16), created_at=created, updated_at=LATER), [])], LATER, LATER)
    assert len(first_answers(store, 1, {16})[16]) == answers


def test_gold_for_a_task_that_was_just_added_is_not_set_apart(store: Store) -> None:
    """Its id may be that of a deleted task, which the mirror still holds when gold is written."""
    store.apply(1, [(replace(task(16), created_at=NOW), [FIRST])], NOW, NOW)
    store.mark_deleted(1, [16], LATER)
    store.add_gold(1, [Gold(task_id=16, result=OTHER)], new=[16])
    new = replace(task(16), created_at=LATER, updated_at=LATER)
    store.apply(1, [(new, [])], LATER, LATER)
    assert store.gold(1) == {16: OTHER}
    assert first_answers(store, 1, {16})[16] == ()
