"""The account of jobs in the store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest

from sync.store import Store
from sync.store.jobs import KEPT_DAYS, Hold, JobState
from tests.jobs.workshop import NOW, new

LEASE, MOST = 60.0, 3


def later(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def at_once(calls: Sequence[Callable[[], object]]) -> list[object]:
    """What the calls returned, all having begun together."""
    barrier, outcomes = threading.Barrier(len(calls)), [None] * len(calls)

    def call(index: int) -> None:
        barrier.wait()
        outcomes[index] = calls[index]()

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_job_is_kept_as_it_was_asked_for(store: Store) -> None:
    """What is read is what was added, and jobs come newest first."""
    first = new("a", "audit", 0, arguments={"export": "a\ud800.json"})
    second = new("b", queued_at=NOW + later(1))
    assert store.add_job(first) == store.job("a") == first
    store.add_job(second)
    assert store.jobs() == [second, first]
    assert store.jobs(0) == [first]
    assert store.jobs(states=[JobState.DONE]) == []


def test_the_same_job_is_queued_once(store: Store) -> None:
    """A job like one that waits is that one; beside one that runs, one more waits."""
    store.add_job(new("a"))
    assert store.add_job(new("b")).job_id == "a"
    assert store.add_job(new("c", arguments={"batch": "b7"})).job_id == "c"
    store.take_job("w", NOW, LEASE, MOST, "a")
    assert store.add_job(new("d")).job_id == "d"
    assert store.add_job(new("e")).job_id == "d"


def test_one_of_a_project_and_kind_runs_at_a_time(store: Store) -> None:
    """Others of the project, and the same of other projects, may run beside it."""
    for name, kind, project_id in (("a", "train", 1), ("c", "prefill", 1), ("d", "train", 2)):
        store.add_job(new(name, kind, project_id))
    store.add_job(new("b", arguments={"n": 1}))
    taken = [store.take_job(f"w{i}", NOW, LEASE, MOST) for i in range(4)]
    assert [job and job.job_id for job in taken] == ["a", "c", "d", None]
    assert store.end_job("a", "w0", JobState.DONE, NOW)
    after = store.take_job("w0", NOW, LEASE, MOST)
    assert after is not None
    assert after.job_id == "b"


def test_only_one_of_many_takes_a_job(store: Store) -> None:
    """Of eight workers that ask at once for two jobs of a project and kind, one gets one."""
    for round_ in range(10):
        store.add_job(new(f"a{round_}", project_id=round_))
        store.add_job(new(f"b{round_}", project_id=round_, arguments={"n": 1}))
        names = [f"{letter}{round_}" for letter in "abababab"]
        asked = [
            partial(store.take_job, f"w{i}", NOW, LEASE, MOST, name) for i, name in enumerate(names)
        ]
        assert sum(job is not None for job in at_once(asked)) == 1


def test_a_job_begins_again_when_its_worker_died(store: Store) -> None:
    """Not before its lease is over; then the worker that died can write nothing any more."""
    store.add_job(new("a"))
    assert store.take_job("dead", NOW, LEASE, MOST) is not None
    assert store.take_job("next", NOW + later(LEASE - 1), LEASE, MOST) is None
    again = store.take_job("next", NOW + later(LEASE), LEASE, MOST)
    assert again is not None
    assert (again.attempts, again.holder) == (2, "next")
    assert store.renew_job("a", "dead", NOW, LEASE) is Hold.LOST
    assert not store.end_job("a", "dead", JobState.DONE, NOW, result={"output": "twice"})
    assert not store.requeue_job("a", "dead", NOW)
    assert store.job("a") == again


def test_a_clock_that_was_set_back_keeps_no_job(store: Store) -> None:
    """What a worker that died held until tomorrow begins again, and keeps no other job back."""
    store.add_job(new("a"))
    assert store.take_job("dead", NOW + timedelta(days=1), LEASE, MOST) is not None
    store.add_job(new("b", arguments={"n": 1}))
    assert store.take_job("next", NOW, LEASE, MOST, "b") is not None
    store.end_job("b", "next", JobState.DONE, NOW)
    again = store.take_job("next", NOW, LEASE, MOST)
    assert again is not None
    assert (again.job_id, again.holder) == ("a", "next")


def test_a_renewed_job_is_not_taken(store: Store) -> None:
    """The lease runs from the last renewal."""
    store.add_job(new("a"))
    store.take_job("w", NOW, LEASE, MOST)
    assert store.renew_job("a", "w", NOW + later(50), LEASE) is Hold.KEPT
    assert store.take_job("x", NOW + later(LEASE + 1), LEASE, MOST) is None


def test_a_job_that_ends_its_workers_is_given_up(store: Store) -> None:
    """After as many attempts as are allowed it has failed, and says why."""
    store.add_job(new("a"))
    now = NOW
    for _ in range(MOST):
        assert store.take_job("w", now, LEASE, MOST) is not None
        now += later(LEASE)
    assert store.take_job("w", now, LEASE, MOST) is None
    job = store.job("a")
    assert job is not None
    assert job.state is JobState.FAILED
    assert "ended 3 times before it did" in job.error


def test_a_job_waits_for_its_time(store: Store) -> None:
    """One that failed for now begins again when it is due, and keeps its error until then."""
    store.add_job(new("a"))
    store.take_job("w", NOW, LEASE, MOST)
    assert store.requeue_job("a", "w", NOW + later(30), error="busy")
    assert store.take_job("w", NOW + later(29), LEASE, MOST) is None
    job = store.take_job("w", NOW + later(30), LEASE, MOST)
    assert job is not None
    assert (job.error, job.attempts) == ("busy", 2)


def test_a_queued_job_is_cancelled_at_once(store: Store) -> None:
    """Nobody takes it any more."""
    store.add_job(new("a"))
    job = store.cancel_job("a", NOW)
    assert job is not None
    assert (job.state, job.ended_at) == (JobState.CANCELLED, NOW)
    assert store.take_job("w", NOW, LEASE, MOST) is None


def test_a_running_job_hears_that_it_is_cancelled(store: Store) -> None:
    """Its worker learns it at the next renewal; if it died, nobody begins the job again."""
    store.add_job(new("a"))
    store.take_job("w", NOW, LEASE, MOST)
    job = store.cancel_job("a", NOW)
    assert job is not None
    assert job.state is JobState.RUNNING
    assert store.renew_job("a", "w", NOW, LEASE) is Hold.CANCEL
    assert store.take_job("x", NOW + later(LEASE * 2), LEASE, MOST) is None
    after = store.job("a")
    assert after is not None
    assert after.state is JobState.CANCELLED


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_what_has_ended_is_not_cancelled(store: Store, state: JobState) -> None:
    """It stays as it ended; a job that there is not stays unknown."""
    store.add_job(new("a"))
    store.take_job("w", NOW, LEASE, MOST)
    store.end_job("a", "w", state, NOW, error="e")
    before = store.job("a")
    assert store.cancel_job("a", NOW) == before
    assert store.cancel_job("b", NOW) is None


def test_old_jobs_are_forgotten(store: Store) -> None:
    """A job that ended a month ago is gone when the next one is added; one that waits stays."""
    store.add_job(new("ended"))
    store.take_job("w", NOW, LEASE, MOST)
    store.end_job("ended", "w", JobState.DONE, NOW)
    store.add_job(new("waits"))
    store.add_job(new("new", "prefill", queued_at=NOW + timedelta(days=KEPT_DAYS, seconds=1)))
    assert [job.job_id for job in store.jobs()] == ["new", "waits"]
