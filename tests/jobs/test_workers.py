"""Workers that share jobs, as processes that die, hang and are told to end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from rq import Worker

from sync.clock import utc_now
from sync.jobs.bell import Bell
from sync.jobs.listening import listen
from sync.jobs.runner import Runner
from sync.jobs.serve import serve
from sync.jobs.trouble import Trouble
from sync.store import Store
from sync.store.jobs import Job, JobState
from tests.jobs.a_worker import step
from tests.jobs.workshop import PASSWORD, ROOT, RedisServer, Workshop, new

Wait = Callable[..., None]
pytestmark = pytest.mark.slow


def queue(shop: Workshop, store: Store, job_id: str, kind: str = "train") -> None:
    store.add_job(new(job_id, kind, queued_at=utc_now()))
    shop.bell.ring(job_id)


def known(store: Store, job_id: str) -> Job:
    job = store.job(job_id)
    assert job is not None
    return job


def is_done(store: Store, job_id: str) -> Callable[[], bool]:
    return lambda: known(store, job_id).state is JobState.DONE


def runner_of(store: Store, job_id: str) -> int:
    """The process id of the worker that runs it."""
    return int(known(store, job_id).holder.split(":")[1])


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("workshop", ["polling", "redis", "postgresql"], indirect=True)
def test_the_job_of_a_killed_worker_is_done_once_by_another(
    workshop: Workshop, wait_until: Wait
) -> None:
    """After SIGKILL its process ends, another worker does the job, and never two at once."""
    with Store.open(workshop.url) as store:
        for _ in range(2):
            workshop.worker()
        queue(workshop, store, "j")
        wait_until(lambda: len(workshop.account("begun", "j")) == 1)
        killed, (first,) = runner_of(store, "j"), workshop.account("begun", "j")
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: is_gone(first))
        wait_until(lambda: len(workshop.account("begun", "j")) == 2)
        assert runner_of(store, "j") != killed
        workshop.go("j")
        wait_until(is_done(store, "j"))
        job = known(store, "j")
        assert job.attempts == 2
        assert [job.result] == [{"exit_code": 0, "output": {"by": pid}} for pid in ended(workshop)]
    assert workshop.account("twice", "j") == []


def ended(workshop: Workshop) -> list[int]:
    return workshop.account("ended", "j")


def test_a_worker_that_hangs_loses_its_job_and_its_process(
    workshop: Workshop, wait_until: Wait
) -> None:
    """A stopped worker's process ends before the next begins; woken, the worker writes nothing."""
    with Store.open(workshop.url) as store:
        workshop.worker()
        queue(workshop, store, "j")
        wait_until(lambda: len(workshop.account("begun", "j")) == 1)
        hung = runner_of(store, "j")
        os.kill(hung, signal.SIGSTOP)
        workshop.worker()
        wait_until(lambda: len(workshop.account("begun", "j")) == 2)
        os.kill(hung, signal.SIGCONT)
        # The other one is busy, so this is done by the one that hung.
        workshop.go("k")
        queue(workshop, store, "k", "prefill")
        wait_until(is_done(store, "k"))
        assert runner_of(store, "k") == hung
        workshop.go("j")
        wait_until(is_done(store, "j"))
        assert runner_of(store, "j") != hung
        assert known(store, "j").result == {"exit_code": 0, "output": {"by": ended(workshop)[0]}}
    assert len(ended(workshop)) == 1
    assert workshop.account("twice", "j") == []


def test_a_worker_that_is_told_to_end_gives_its_job_back(
    workshop: Workshop, wait_until: Wait
) -> None:
    """SIGTERM ends worker and process; the job waits again at once, and no attempt is lost."""
    with Store.open(workshop.url) as store:
        worker = workshop.worker()
        queue(workshop, store, "j")
        wait_until(lambda: len(workshop.account("begun", "j")) == 1)
        worker.stop()
        job = known(store, "j")
        assert (job.state, job.attempts) == (JobState.QUEUED, 0)
        assert is_gone(workshop.account("begun", "j")[0])
        workshop.go("j")
        workshop.worker()
        wait_until(is_done(store, "j"))


def test_jobs_of_one_project_and_kind_run_one_after_another(
    workshop: Workshop, wait_until: Wait
) -> None:
    """Two workers do six such jobs, and none of them finds another one running."""
    with Store.open(workshop.url) as store:
        names = [f"j{i}" for i in range(6)]
        for number, name in enumerate(names):
            store.add_job(new(name, queued_at=utc_now(), arguments={"number": number}))
            workshop.go(name)
        for _ in range(2):
            workshop.worker()
        for name in names:
            workshop.bell.ring(name)
        for name in names:
            wait_until(is_done(store, name))
    assert [workshop.account("twice", name) for name in names] == [[]] * 6
    assert [len(workshop.account("ended", name)) for name in names] == [1] * 6


def test_a_running_job_is_cancelled(workshop: Workshop, wait_until: Wait) -> None:
    """Its process ends, and it stays cancelled."""
    with Store.open(workshop.url) as store:
        workshop.worker()
        queue(workshop, store, "j")
        wait_until(lambda: len(workshop.account("begun", "j")) == 1)
        asked = store.cancel_job("j", utc_now())
        assert asked is not None
        assert asked.state is JobState.RUNNING
        wait_until(lambda: known(store, "j").state is JobState.CANCELLED)
        assert is_gone(workshop.account("begun", "j")[0])
    assert ended(workshop) == []


def test_a_redis_that_is_lost_loses_no_job(
    redis: RedisServer, tmp_path: Path, wait_until: Wait
) -> None:
    """Jobs queued before, while and after it is away are done once; its password stays hidden."""
    shop = Workshop(f"sqlite:///{tmp_path / 'assay.db'}", tmp_path, redis.url)
    with Store.open(shop.url) as store, shop.worker():
        queue(shop, store, "running")
        wait_until(lambda: len(shop.account("begun", "running")) == 1)
        redis.stop()
        shop.go("running")
        wait_until(is_done(store, "running"))
        shop.go("meanwhile")
        queue(shop, store, "meanwhile")
        wait_until(is_done(store, "meanwhile"))
        redis.start()
        wait_until(redis.answers)
        shop.go("after")
        queue(shop, store, "after")
        wait_until(is_done(store, "after"))
        wait_until(lambda: "Redis answers again" in shop.logs())
    for name in ("running", "meanwhile", "after"):
        assert len(shop.account("begun", name)) == len(shop.account("ended", name)) == 1
    assert shop.logs().count("Redis is out of reach") == 1
    assert "could not connect" not in shop.logs()
    assert PASSWORD not in shop.logs()


def test_redis_wakes_a_worker(redis: RedisServer, tmp_path: Path, wait_until: Wait) -> None:
    """A worker that looks at the store once an hour does a job when it is told of it."""
    stop, shop = threading.Event(), Workshop(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, redis.url)
    with Store.open(shop.url) as store:
        runner = Runner(store=store, stop=stop, commands=step(str(tmp_path)), tick=0.1)
        thread = threading.Thread(target=serve, args=(runner, shop.bell), kwargs={"look": 3600.0})
        thread.start()
        try:
            with shop.bell.connection() as connection:
                wait_until(lambda: Worker.count(connection=connection) == 1)
            shop.go("j")
            queue(shop, store, "j")
            wait_until(is_done(store, "j"), 30)
        finally:
            stop.set()
            shop.bell.ring("nothing")
            thread.join()


def test_a_redis_that_stands_still_keeps_no_worker_from_the_store(
    redis: RedisServer, tmp_path: Path, wait_until: Wait
) -> None:
    """It stops while a worker waits for its word: a job is done within seconds all the same."""
    stop, shop = threading.Event(), Workshop(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, redis.url)
    with shop.bell.connection() as connection, Store.open(shop.url) as store:
        number = connection.info("server")["process_id"]
        runner = Runner(store=store, stop=stop, commands=step(str(tmp_path)), tick=0.1)
        thread = threading.Thread(target=serve, args=(runner, shop.bell), kwargs={"look": 3600.0})
        thread.start()
        try:
            wait_until(lambda: Worker.count(connection=connection) == 1)
            os.kill(number, signal.SIGSTOP)
            shop.go("j")
            queue(shop, store, "j")
            wait_until(is_done(store, "j"), 20)
        finally:
            stop.set()
            os.kill(number, signal.SIGCONT)
            thread.join()


def test_a_redis_that_stands_still_ends_no_job(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job is renewed and done while Redis takes words and answers none."""
    monkeypatch.setattr("sync.jobs.listening._BEAT", 0.0)
    bell = Bell(redis.url)
    with bell.connection() as connection:
        number = connection.info("server")["process_id"]
    code = "import os, signal, time\nfrom sync.jobs.leash import hold_on\nhold_on()\n"
    code += f"os.kill({number}, signal.SIGSTOP)\ntime.sleep(4)\nos.kill({number}, signal.SIGCONT)"
    commands = {"train": lambda job: [sys.executable, "-c", code]}
    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store:
        runner = Runner(store=store, stop=threading.Event(), commands=commands, lease=3.0, tick=0.5)
        store.add_job(new("j"))
        bell.ring("j")
        try:
            listen(runner, bell, 10, Trouble(logging.getLogger(), ""))
        finally:
            os.kill(number, signal.SIGCONT)
        assert (known(store, "j").state, known(store, "j").error) == (JobState.DONE, "")


def test_what_stands_in_redis_is_not_run(
    redis: RedisServer, tmp_path: Path, wait_until: Wait
) -> None:
    """An entry that names a function is taken for the id of a job that there is not."""
    shop = Workshop(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, redis.url)
    with shop.bell.connection() as connection, shop.worker():
        planted = shop.bell.queue(connection)
        planted.enqueue_call("os.mkdir", [str(tmp_path / "made")], job_id="planted")
        wait_until(lambda: planted.fetch_job("planted") is None)
        wait_until(lambda: planted.is_empty())
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("mode", ["polling", "redis"])
def test_the_command_does_jobs_until_it_is_told_to_end(
    mode: str, tmp_path: Path, wait_until: Wait, request: pytest.FixtureRequest
) -> None:
    """`assay worker` does what waits; idle, it ends with 0 on SIGTERM; Redis forgets both."""
    values = {"ASSAY_HOME": str(tmp_path), "ASSAY_LOG_LEVEL": "INFO"}
    if mode == "redis":
        values["ASSAY_REDIS_URL"] = request.getfixturevalue("redis").url
    url = f"sqlite:///{tmp_path / 'assay.db'}"
    bell = Bell(values.get("ASSAY_REDIS_URL", ""))
    environment = {**os.environ, **values, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "from sync.cli import main; main()", "worker"]
    with Store.open(url) as store, (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            store.add_job(new("j", "audit", 0, arguments={"export": "none.json"}))
            bell.ring("j")
            wait_until(lambda: known(store, "j").state is JobState.FAILED)
            assert "none.json" in known(store, "j").error
            if bell.url:
                with bell.connection() as connection:
                    wait_until(lambda: Worker.count(connection=connection) == 1)
                    wait_until(lambda: not list(connection.scan_iter("rq:job:*")))
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    if bell.url:
        with bell.connection() as connection:
            assert Worker.count(connection=connection) == 0
    assert PASSWORD not in (tmp_path / "log").read_text()
