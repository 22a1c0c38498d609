"""What a comparison with Label Studio reads of the mirror, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sync.records import Annotation, Project, Task
from sync.store import Store
from sync.store.slices import Reading

NOW = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.save_project(Project(project_id=1, title="t", label_config="", model_version="v"))
        yield opened


def task(number: int, data: str = "") -> Task:
    digest = data or f"h{number}"
    return Task(task_id=number, data={}, data_hash=digest, batch="b", updated_at=NOW)


def answer(number: int, task_id: int) -> Annotation:
    return Annotation(
        annotation_id=number,
        task_id=task_id,
        annotator=7,
        result=[],
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=NOW,
        updated_at=NOW,
    )


def test_stamps_and_counts_are_of_what_is_not_deleted(store: Store) -> None:
    """Deleted tasks and annotations do not count; tasks that were set aside do."""
    seen = [(task(i), [answer(10 * i, i), answer(10 * i + 1, i)]) for i in range(1, 6)]
    store.apply(1, seen, None, NOW, bad={("task", 9): "malformed"})
    store.apply(1, [(task(2), [answer(20, 2)])], None, NOW)
    store.mark_deleted(1, [3], NOW)
    assert store.stamps(1, 0, None, 3) == {1: (NOW, 2), 2: (NOW, 1), 4: (NOW, 2)}
    assert store.stamps(1, 1, 4, 10) == {2: (NOW, 1), 4: (NOW, 2)}
    assert (store.count_tasks(1), store.count_tasks(1, 1, 4)) == (5, 2)
    assert [store.nth_task(1, 1, None, n) for n in range(4)] == [2, 4, 5, None]
    assert sorted(store.stretch(1, 1, 4)) == [2, 4]
    assert sorted(store.stretch(1, 0, None)[2][1]) == [20]


def test_twins_are_tasks_with_the_data_of_one_that_had_answers(store: Store) -> None:
    """Of two deleted tasks only the answered one has twins, and no deleted ones."""
    had, twin, other, same = task(1, "x"), task(2, "x"), task(3, "y"), task(4, "y")
    store.apply(1, [(had, [answer(5, 1)]), (twin, []), (other, []), (same, [])], None, NOW)
    store.mark_deleted(1, [1, 3], NOW)
    assert store.twins(1, [1, 3]) == [2]


def test_the_reading_is_remembered_with_the_page(store: Store) -> None:
    """How far a walk has come is what it was, to the microsecond."""
    reading = Reading(since=NOW, until=NOW + timedelta(microseconds=1), after=7, reached=NOW)
    assert store.reading(1) == Reading()
    store.apply(1, [(task(1), [])], None, NOW, reading=reading)
    assert store.reading(1) == reading
