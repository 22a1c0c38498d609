"""Several processes share one store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sync.errors import ConfigurationError
from sync.records import Annotation, Batch, Task
from sync.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROUNDS = 20
WORKERS = 4


def task(task_id: int) -> Task:
    return Task(task_id=task_id, data={}, data_hash="h", batch="b", updated_at=NOW)


def annotation(annotation_id: int, task_id: int, choice: str = "a") -> Annotation:
    return Annotation(
        annotation_id=annotation_id,
        task_id=task_id,
        annotator=7,
        result=[{"value": {"choices": [choice]}}],
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=NOW,
        updated_at=NOW,
    )


def batch(sampling_key: str) -> Batch:
    return Batch(
        name="b",
        frozen_at=NOW,
        sampling_key=sampling_key,
        policy={},
        policy_digest="d",
        generator="g",
        generator_version="v",
        population=1,
        queue_length=1,
    )


def at_once(calls: Sequence[Callable[[], object]]) -> list[object]:
    """What each call returned or raised, all having begun together."""
    barrier = threading.Barrier(len(calls))
    outcomes: list[object] = [None] * len(calls)

    def call(index: int) -> None:
        barrier.wait()
        try:
            outcomes[index] = calls[index]()
        except Exception as error:
            outcomes[index] = error

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_concurrent_writers_lose_nothing(database_url: str) -> None:
    """Four writers of fifty tasks each leave two hundred tasks and annotations."""
    with Store.open(database_url) as store:

        def write(worker: int) -> None:
            for number in range(worker * 50, worker * 50 + 50):
                store.apply(1, [(task(number), [annotation(number, number)])], None, NOW)

        assert at_once([partial(write, worker) for worker in range(WORKERS)]) == [None] * WORKERS
        assert store.task_ids(1) == set(range(200))
        assert len(store.annotations(1)) == 200


def test_only_one_of_many_gets_the_lease(database_url: str) -> None:
    """A free lease that several ask for at the same moment has exactly one holder."""
    with Store.open(database_url) as store:
        for project_id in range(ROUNDS):
            asked = [partial(store.lease, project_id, f"w{w}", NOW, 60) for w in range(WORKERS)]
            assert sorted(map(bool, at_once(asked))) == [False] * (WORKERS - 1) + [True]


def test_only_one_of_many_freezes_a_batch(database_url: str) -> None:
    """The key of the one freeze that succeeded stays; every other one is refused."""
    with Store.open(database_url) as store:
        for project_id in range(ROUNDS):
            keys = [f"{w:02}" for w in range(WORKERS)]
            outcomes = at_once(
                [partial(store.freeze, project_id, batch(key), [], [], {}) for key in keys]
            )
            won = [key for key, outcome in zip(keys, outcomes, strict=True) if outcome is None]
            refused = [o for o in outcomes if isinstance(o, ConfigurationError)]
            kept = store.batch(project_id, "b")
            assert kept is not None
            assert [kept.sampling_key] == won
            assert len(refused) == WORKERS - 1


def test_pulls_at_once_keep_every_state(database_url: str) -> None:
    """Four pulls that see one annotation in four states leave one first state and three edits."""
    with Store.open(database_url) as store:
        for number in range(ROUNDS):
            seen = [[(task(number), [annotation(number, number, c)])] for c in "abcd"]
            pulls = [partial(store.apply, 1, one, None, NOW) for one in seen]
            assert at_once(pulls) == [None] * len(pulls)
            (first,) = store.first_submissions(1, [number])
            assert first["edits"] == 3


def test_a_new_store_can_be_opened_by_all_at_once(database_url: str) -> None:
    """Backend and worker start together: the tables are made once and nobody fails."""
    opened = at_once([partial(Store.open, database_url)] * WORKERS)
    assert [type(store) for store in opened] == [Store] * WORKERS
    for store in opened:
        if isinstance(store, Store):
            store.close()


def test_new_files_can_be_opened_by_many_at_once(tmp_path: Path) -> None:
    """Of a dozen new SQLite stores each is opened by eight at the same moment."""
    for number in range(12):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        for store in at_once([partial(Store.open, url)] * 8):
            assert isinstance(store, Store)
            store.close()
