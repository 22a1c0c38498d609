"""The store keeps what it is given, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sync.errors import ConfigurationError
from sync.records import Annotation, Batch, Candidate, Gold, Place, Project, Role, Task
from sync.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
RESULT = [{"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["a"]}}]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.save_project(
            Project(project_id=1, title="t", label_config="<View/>", model_version="assay-1")
        )
        yield opened


def task(task_id: int, batch: str = "b") -> Task:
    return Task(
        task_id=task_id,
        data={"text": f"täxt {task_id}"},
        data_hash=f"h{task_id}",
        batch=batch,
        updated_at=NOW,
    )


def annotation(annotation_id: int, task_id: int, **changes: object) -> Annotation:
    plain = Annotation(
        annotation_id=annotation_id,
        task_id=task_id,
        annotator=7,
        result=RESULT,
        was_cancelled=False,
        ground_truth=False,
        lead_time=1.5,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def frozen(name: str, at: datetime = NOW) -> Batch:
    return Batch(
        name=name,
        frozen_at=at,
        sampling_key="00" * 32,
        policy={},
        policy_digest="d",
        generator="g",
        generator_version="v",
        population=2,
        queue_length=1,
    )


def candidate(task_id: int, batch: str, version: str = "v") -> Candidate:
    return Candidate(
        task_id=task_id, batch=batch, result=RESULT, score=0.5, generator_version=version
    )


def test_what_goes_in_comes_out(store: Store) -> None:
    """Tasks and annotations are read back equal, umlauts, microseconds and zones included."""
    other_zone = NOW.astimezone(timezone(timedelta(hours=5)))
    seen = annotation(5, 1, created_at=other_zone)
    store.apply(1, [(task(1), [seen])], NOW, NOW)
    assert store.tasks(1) == [task(1)]
    assert store.annotations(1) == [seen]
    assert store.annotations(1)[0].created_at.tzinfo is UTC
    project = store.project(1)
    assert project is not None
    assert project.cursor == NOW


def test_a_time_without_zone_is_refused(store: Store) -> None:
    """A naive time would be guessed at, so it raises."""
    with pytest.raises(Exception, match="time without a zone"):
        store.hint(1, datetime(2026, 1, 1))


def test_the_first_submission_stays_the_first(store: Store) -> None:
    """Later edits are counted and do not replace the first result."""
    later: list[dict[str, object]] = [{"from_name": "label", "value": {"choices": ["b"]}}]
    store.apply(1, [(task(1), [annotation(5, 1)])], None, NOW)
    store.apply(1, [(task(1), [annotation(5, 1, result=later)])], None, NOW)
    store.apply(1, [(task(1), [annotation(5, 1, result=later)])], None, NOW)
    (row,) = store.first_submissions(1, [1])
    assert (row["result"], row["edits"]) == (RESULT, 1)
    assert store.annotations(1)[0].result == later


def test_a_vanished_annotation_leaves_a_tombstone(store: Store) -> None:
    """An annotation that its task no longer has is deleted in the mirror, not in the evidence."""
    store.apply(1, [(task(1), [annotation(5, 1)])], None, NOW)
    store.apply(1, [(task(1), [])], None, NOW)
    assert store.annotations(1) == []
    (row,) = store.first_submissions(1, [1])
    assert row["deleted_at"] == NOW


def test_deleted_tasks_are_gone_with_their_annotations(store: Store) -> None:
    """mark_deleted hides a task and what stood on it."""
    store.apply(1, [(task(1), [annotation(5, 1)]), (task(2), [])], None, NOW)
    store.mark_deleted(1, [1], NOW)
    assert store.task_ids(1) == {2}
    assert store.annotations(1) == []


def test_nothing_that_evaluates_is_trained_on(store: Store) -> None:
    """Gold, the whole draw order, skips and deleted labels stay out of the training rows."""
    seen = [(task(i), [annotation(10 + i, i)]) for i in range(1, 6)]
    seen.append((task(6), [annotation(16, 6, was_cancelled=True)]))
    store.apply(1, seen, None, NOW)
    store.add_gold(1, [Gold(task_id=1, result=RESULT)])
    places = [Place(task_id=2, position=0, role=Role.BLIND)]
    store.freeze(1, frozen("b"), [candidate(2, "b")], places, {2: "h2"})
    store.mark_deleted(1, [3], NOW)
    store.apply(1, [(task(4), [])], None, NOW)
    assert [t.task_id for t, _ in store.training_rows(1)] == [5]
    assert {task.data_hash for task in store.held_out_tasks(1)} == {"h1", "h2"}
    assert store.count_training_annotations(1) == 1


def test_the_newest_batch_answers_for_a_task(store: Store) -> None:
    """A task of two frozen batches shows the candidate of the later one."""
    hashes = {1: "h1"}
    store.freeze(1, frozen("z"), [candidate(1, "z", "old")], [], hashes)
    later = NOW + timedelta(days=1)
    store.freeze(1, frozen("a", later), [candidate(1, "a", "new")], [], hashes)
    assert store.candidates(1, [1])[1].generator_version == "new"


def test_blind_and_gold_are_withheld_and_shown_is_not(store: Store) -> None:
    """Only blind places and gold tasks are withheld."""
    places = [
        Place(task_id=1, position=0, role=Role.BLIND),
        Place(task_id=2, position=1, role=Role.SHOWN),
    ]
    made = [candidate(1, "b"), candidate(2, "b")]
    store.freeze(1, frozen("b"), made, places, {1: "h1", 2: "h2"})
    store.add_gold(1, [Gold(task_id=3, result=RESULT)])
    assert store.withheld(1, [1, 2, 3, 4]) == {1, 3}


def test_a_batch_is_frozen_once(store: Store) -> None:
    """A second freeze under the same name is refused and changes nothing."""
    store.freeze(1, frozen("b"), [], [], {})
    with pytest.raises(ConfigurationError, match="frozen already"):
        store.freeze(1, replace(frozen("b"), sampling_key="11" * 32), [], [], {})
    kept = store.batch(1, "b")
    assert kept is not None
    assert kept.sampling_key == "00" * 32


def test_one_holder_has_the_lease_until_it_ends(store: Store) -> None:
    """Another worker gets the lease only after it ran out or was given back."""
    assert store.lease(1, "a", NOW, 60)
    assert store.lease(1, "a", NOW, 60)
    assert not store.lease(1, "b", NOW, 60)
    assert store.lease(1, "b", NOW + timedelta(seconds=61), 60)
    store.release(1, "b")
    assert store.lease(1, "a", NOW, 60)


def test_a_verdict_is_recorded_when_it_changes(store: Store) -> None:
    """The same verdict again is not a new one."""
    assert store.record_verdict(1, "b", {"state": "MORE"}, NOW)
    assert not store.record_verdict(1, "b", {"state": "MORE"}, NOW)
    assert store.record_verdict(1, "b", {"state": "PASS"}, NOW)
    row = store.verdict(1, "b")
    assert row is not None
    assert (row["sequence"], row["verdict"]) == (1, {"state": "PASS"})


def test_items_set_aside_can_come_back(store: Store) -> None:
    """A reason is kept until the item is usable."""
    store.apply(1, [(task(1), [])], None, NOW, bad={("annotation", 5): "malformed"})
    assert [row["reason"] for row in store.set_aside(1)] == ["malformed"]
    store.apply(1, [(task(1), [annotation(5, 1)])], None, NOW)
    assert store.set_aside(1) == []


def test_what_was_set_aside_is_forgotten_when_it_is_deleted(store: Store) -> None:
    """Whether only the annotation goes, or its task with it; that of another task stays."""
    for gone in (1, 2):
        bad = {("annotation", 10 + gone): "malformed", ("annotation", 13): "malformed"}
        seen = [(task(1), []), (task(2), []), (task(3), [])]
        store.apply(1, seen, None, NOW, bad=bad, homes={10 + gone: gone, 13: 3})
        if gone == 1:
            store.apply(1, [(task(1), [])], None, NOW)
        else:
            store.mark_deleted(1, [2], NOW)
        assert [row["item_id"] for row in store.set_aside(1)] == [13]


def test_what_no_database_can_hold_is_replaced(store: Store) -> None:
    """A batch name with NUL or a lone surrogate is stored and found under one readable name."""
    for name in ("a\x00b", "a\ud800b"):
        odd = replace(task(1, name), data={"batch": name})
        store.apply(1, [(odd, [])], None, NOW)
        assert store.tasks(1, name) == [replace(odd, batch="a\ufffdb")]


def test_of_two_states_of_one_page_the_last_counts(store: Store) -> None:
    """A task that moved while a page was read stands in it twice, and both databases take it."""
    later = annotation(5, 1, ground_truth=True)
    store.apply(1, [(task(1, "a"), [annotation(5, 1)]), (task(1), [later])], None, NOW)
    assert (store.tasks(1), store.annotations(1)) == ([task(1)], [later])
