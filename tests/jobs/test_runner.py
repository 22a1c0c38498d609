"""One worker and the processes of its jobs."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.errors import Retriable
from sync.jobs import child as child_module
from sync.jobs.bell import Bell, enqueue
from sync.jobs.child import Child
from sync.jobs.runner import Runner
from sync.jobs.serve import serve
from sync.settings import Settings
from sync.store import Store
from sync.store.jobs import Hold, Job, JobState
from tests.jobs.workshop import NOW, new

#: Runs Python in a process that obeys the leash.
LEASHED = "from sync.jobs.leash import hold_on; hold_on()\n"


def python(code: str) -> dict[str, Any]:
    return {"train": lambda job: [sys.executable, "-c", LEASHED + code]}


class Later:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        opened.add_job(new("j"))
        yield opened


@pytest.fixture
def run(store: Store) -> Callable[..., Job]:
    """Run the job with this code, and give it back as the store has it."""

    def once(code: str, **values: Any) -> Job:
        known = {"commands": python(code), "tick": 0.05, "now": Later(), "stop": threading.Event()}
        assert Runner(store=store, **(known | values)).run_one()
        job = store.job("j")
        assert job is not None
        return job

    return once


@pytest.mark.parametrize(
    ("code", "output"),
    [("print('a\\nb')", "a\nb\n"), ("print('{\"a\": 1}')", {"a": 1}), ("", "")],
    ids=["text", "json", "nothing"],
)
def test_what_a_job_prints_is_kept(run: Callable[..., Job], code: str, output: object) -> None:
    """As text, or as JSON where it is."""
    job = run(code)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert job.result == {"exit_code": 0, "output": output}


def test_much_output_is_cut(run: Callable[..., Job]) -> None:
    """A job that prints without end does not fill the store."""
    job = run("print('x' * 3_000_000)")
    assert job.result is not None
    assert len(job.result["output"]) == child_module.LARGEST_RESULT


def test_much_output_fills_no_disk(run: Callable[..., Job]) -> None:
    """What a job prints goes into no file: one that may write only small files prints on."""
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    job = run(limited + "print('x' * 100_000); print('y' * 100_000, file=sys.stderr)")
    assert (job.state, job.error) == (JobState.DONE, "")


def test_what_a_job_says_is_in_the_log_while_it_runs(
    run: Callable[..., Job], capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever watches the worker's log sees how far a long job is."""
    stop, heard = threading.Event(), [""]

    def beat() -> None:
        heard[0] += capfd.readouterr().err
        if "40 of 90" in heard[0]:
            stop.set()

    code = "import sys, time; print('40 of 90', file=sys.stderr, flush=True); time.sleep(20)"
    # Ended by its worker, and not by itself.
    assert run(code, beat=beat, stop=stop).state is JobState.QUEUED


@pytest.mark.parametrize("code", [10, 11])
def test_a_verdict_is_no_failure(run: Callable[..., Job], code: int) -> None:
    """An audit that ends in HOLD or MORE is done."""
    job = run(f"import sys; sys.exit({code})")
    assert job.state is JobState.DONE
    assert job.result == {"exit_code": code, "output": ""}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import sys; print('assay: no tasks', file=sys.stderr); sys.exit(2)", "no tasks"),
        ("raise ValueError('the text of a task')", "exit code 1 and without a word"),
    ],
    ids=["ours", "foreign"],
)
def test_a_failure_is_told_in_our_words_only(
    run: Callable[..., Job], code: str, error: str
) -> None:
    """It is not tried again, and what others print stays out of the store."""
    job = run(code)
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    assert error in job.error
    assert "task" not in job.error.replace("no tasks", "")


@pytest.mark.parametrize(
    "code",
    [
        f"import sys; print('assay: busy', file=sys.stderr); sys.exit({child_module.PASSING})",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ],
    ids=["passing", "killed"],
)
def test_what_passes_is_tried_again_for_a_while(
    store: Store, run: Callable[..., Job], code: str
) -> None:
    """After each pause once more; then it has failed."""
    clock = Later()
    for attempt, pause in enumerate((30.0, 120.0), 1):
        job = run(code, now=clock, pauses=(30.0, 120.0))
        assert (job.state, job.attempts) == (JobState.QUEUED, attempt)
        assert job.error
        assert job.queued_at == clock.now + timedelta(seconds=pause)
        clock.now = job.queued_at
    job = run(code, now=clock, pauses=(30.0, 120.0))
    assert (job.state, job.attempts) == (JobState.FAILED, 3)


def test_who_waits_for_another_process_waits_as_long_as_it_takes(
    store: Store, run: Callable[..., Job]
) -> None:
    """A long first pull may hold the project for hours: no attempt is lost to it."""
    clock, code = Later(), f"import sys; sys.exit({child_module.HELD})"
    for _ in range(5):
        job = run(code, now=clock, pauses=(30.0, 120.0))
        assert (job.state, job.attempts) == (JobState.QUEUED, 0)
        assert job.queued_at == clock.now + timedelta(seconds=30)
        clock.now = job.queued_at
    assert run("", now=clock).state is JobState.DONE


def test_a_process_that_reads_nothing_does_not_hold_the_worker_up() -> None:
    """More words than its pipe takes are dropped; it ends itself all the same."""
    with Child([sys.executable, "-c", "import time; time.sleep(600)"]) as child:

        def talk() -> None:
            for _ in range(10_000):
                child.hold(time.monotonic() + 60)

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()


def test_a_kind_from_the_future_is_named(store: Store) -> None:
    """The worker says that it does not know it, and goes on."""
    store.add_job(new("x", "dream"))
    runner = Runner(store=store, stop=threading.Event(), now=Later())
    assert runner.run_one("x")
    job = store.job("x")
    assert job is not None
    assert job.state is JobState.FAILED
    assert "no job of kind 'dream' (known: audit, prefill, train)" in job.error


def test_a_command_that_cannot_start_is_tried_again(store: Store) -> None:
    """The sentence says why."""
    runner = Runner(
        store=store,
        stop=threading.Event(),
        now=Later(),
        commands={"train": lambda job: ["/nowhere/python"]},
    )
    assert runner.run_one()
    job = store.job("j")
    assert job is not None
    assert (job.state, job.error) == (
        JobState.QUEUED,
        "the job's process cannot be started: No such file or directory",
    )


def test_a_store_that_is_down_ends_no_job_before_its_lease(
    store: Store, run: Callable[..., Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Renewals fail while the job runs, and it is done all the same."""
    renew, failed = store.renew_job, []

    def failing(*arguments: Any) -> Any:
        if len(failed) < 3:
            failed.append(1)
            raise Retriable("the store is busy")
        (tmp_path / "go").touch()
        return renew(*arguments)

    monkeypatch.setattr(store, "renew_job", failing)
    go = str(tmp_path / "go")
    waiting = f"import time, pathlib\nwhile not pathlib.Path({go!r}).exists(): time.sleep(0.01)"
    assert run(waiting).state is JobState.DONE
    assert len(failed) == 3


def test_without_the_store_a_job_ends_with_its_lease(
    store: Store, run: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker may have it then: the process ends, and the job is not."""

    def failing(*_: Any) -> Any:
        raise Retriable("the store is busy")

    monkeypatch.setattr(store, "renew_job", failing)
    job = run("import time; time.sleep(600)", lease=0.8, grace=0.1)
    # Whichever comes first, the process's own end or the worker's look.
    told = "the job ended itself, since the store was out of reach for too long"
    assert (job.state, job.error) in ((JobState.QUEUED, told), (JobState.RUNNING, ""))


def test_leases_go_by_the_clock_of_the_store(
    store: Store, run: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose own clock is wrong takes nothing from others, and keeps nothing."""
    monkeypatch.setattr(type(store), "clock", lambda _: NOW)
    job = run("", now=None)
    assert (job.started_at, job.ended_at) == (NOW, NOW)
    assert enqueue(Settings(), store, "train", 7).queued_at == NOW


def test_a_job_that_another_worker_may_have_ends_at_once(
    store: Store, run: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process gets no time to end by itself, in which two would run."""
    monkeypatch.setattr(store, "renew_job", lambda *_: Hold.LOST)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    began = time.monotonic()
    assert run(code, tick=1.0, grace=60.0).state is JobState.RUNNING
    assert time.monotonic() - began < 30


def test_an_end_is_written_when_the_store_is_back(
    store: Store, run: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is busy at the end of a job does not lose it."""
    end, failed = store.end_job, []

    def failing(*arguments: Any, **values: Any) -> Any:
        if len(failed) < 3:
            failed.append(1)
            raise Retriable("the store is busy")
        return end(*arguments, **values)

    monkeypatch.setattr(store, "end_job", failing)
    assert run("").state is JobState.DONE


def test_a_worker_without_redis_goes_on_from_job_to_job(
    store: Store, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    """It looks at the store now and then, in the process that it runs in."""
    stop = threading.Event()
    runner = Runner(store=store, stop=stop, commands=python(""), tick=0.05)
    thread = threading.Thread(target=serve, args=(runner, Bell("")), kwargs={"pause": 0.05})
    thread.start()
    try:
        wait_until(lambda: not store.jobs(states=[JobState.QUEUED, JobState.RUNNING]))
        settings = Settings(database_url=f"sqlite:///{tmp_path / 'assay.db'}")
        job = enqueue(settings, store, "train", 7)
        assert job.job_id.startswith("train-7-")
        wait_until(lambda: {j.state for j in store.jobs()} == {JobState.DONE})
    finally:
        stop.set()
        thread.join()
