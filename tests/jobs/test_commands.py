"""The commands that queue jobs, show them and do them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sync.cli.jobs import awaited
from sync.cli.root import App, assay, main
from sync.errors import ConfigurationError, Fatal
from sync.jobs.kinds import COMMANDS, command
from sync.jobs.runner import Runner
from sync.records import Project
from sync.settings import Settings
from sync.store import Store
from sync.store.jobs import Job, JobState
from tests.jobs.workshop import NOW, new

EXPORT = [
    {
        "id": 1,
        "data": {"text": "good"},
        "annotations": [
            {
                "id": 5,
                "completed_by": 3,
                "result": [
                    {
                        "id": "r",
                        "type": "choices",
                        "from_name": "label",
                        "to_name": "text",
                        "value": {"choices": ["a"]},
                    }
                ],
            }
        ],
    }
]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store of the environment's settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    with Store.open(Settings.load().store_url) as opened:
        yield opened


def test_a_project_that_is_held_has_an_exit_code_of_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By it a job knows that it has to wait, and for whom."""
    assert store.lease(1, "a long pull", store.clock(), 60)
    monkeypatch.setattr("sync.lease.PATIENCE", 0.0)
    monkeypatch.setattr("sys.argv", ["assay", "prefill", "--project=1"])
    with pytest.raises(SystemExit, match="69"):
        main(passing=75, held=69)


def run(*words: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(assay, words, standalone_mode=False, catch_exceptions=False)
    return done.stdout


def worked(store: Store) -> Job:
    """The newest job, after a worker did it."""
    (queued,) = store.jobs(most=1)
    assert Runner(store=store, stop=threading.Event(), tick=0.2).run_one(queued.job_id)
    job = store.job(queued.job_id)
    assert job is not None
    return job


def test_an_audit_in_the_background_says_the_same(store: Store, tmp_path: Path) -> None:
    """A worker prints and exits as the command does, wherever it runs."""
    Path("export.json").write_text(json.dumps(EXPORT))
    shown = CliRunner().invoke(assay, ["audit", "export.json"])
    assert "is queued for assay worker" in run("audit", "export.json", "--background")
    job = worked(store)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert job.arguments == {"export": str(tmp_path / "export.json")}
    assert job.result == {"exit_code": shown.exit_code, "output": shown.stdout}
    assert run("jobs", "show", job.job_id).endswith(shown.stdout + "\n")


def test_a_missing_export_is_named_at_once(store: Store) -> None:
    """Nothing is queued that cannot work."""
    with pytest.raises(ConfigurationError, match=r"none\.json is no file"):
        run("audit", "none.json", "--background")
    assert store.jobs() == []


def test_a_failed_audit_says_why(store: Store) -> None:
    """The job's error is the command's sentence."""
    Path("export.json").write_text("{}")
    run("audit", "export.json", "--background")
    job = worked(store)
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    assert "export.json" in job.error


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Whoever awaits a job has no patience, and does this between two looks."""
    monkeypatch.setattr("sync.cli.jobs._PATIENCE", 0.0)
    return lambda done: monkeypatch.setattr("sync.cli.jobs.time.sleep", lambda _: done())


def test_a_job_that_is_tried_again_is_awaited(
    store: Store, at_once: Callable[[Callable[[], object]], None]
) -> None:
    """While it waits for its next attempt no worker is missed."""
    job = store.add_job(new("j", queued_at=store.clock()))
    store.take_job("w", store.clock(), 60, 3)
    store.requeue_job("j", "w", store.clock() + timedelta(hours=1), error="busy")

    def ended() -> None:
        assert store.take_job("w", store.clock() + timedelta(hours=1), 60, 3) is not None
        assert store.end_job("j", "w", JobState.DONE, store.clock())

    at_once(ended)
    assert awaited(App(), job).state is JobState.DONE


def test_a_job_whose_workers_are_all_gone_is_not_awaited(
    store: Store, at_once: Callable[[Callable[[], object]], None]
) -> None:
    """Nobody takes it up after its worker died: the sentence says what to start."""
    job = store.add_job(new("j"))
    store.take_job("dead", NOW, 60, 3)
    at_once(lambda: pytest.fail("it is awaited for ever"))
    with pytest.raises(Fatal, match=r"no worker takes job j, .*: start assay worker"):
        awaited(App(), job)


def test_a_prefill_in_the_background_is_told_what_the_command_was(store: Store) -> None:
    """Batch and field come through as they were given, whatever they begin with."""
    run("prefill", "--background", "--project", "7", "--batch", "--b", "--where", "k=v=w")
    (job,) = store.jobs(7)
    assert job.arguments == {"batch": "--b", "where": "k=v=w"}
    words = ["prefill", "--project=7", "--batch=--b", "--where=k=v=w"]
    assert command(job, COMMANDS)[3:] == words


@pytest.fixture
def no_label_studio(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that name a Label Studio which is down."""
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", "0123456789abcdef0123456789abcdef01234567")


@pytest.mark.parametrize(
    ("connected", "state"), [(False, JobState.FAILED), (True, JobState.QUEUED)], ids=["no", "yes"]
)
@pytest.mark.slow
@pytest.mark.usefixtures("no_label_studio")
def test_a_prefill_is_tried_again_where_that_may_help(
    store: Store, connected: bool, state: JobState
) -> None:
    """Label Studio may come back; a project that is not connected stays so."""
    if connected:
        store.save_project(
            Project(project_id=7, title="t", label_config="<View/>", model_version="assay-7")
        )
    run("prefill", "--background", "--project", "7")
    job = worked(store)
    assert (job.state, job.attempts) == (state, 1)


def test_jobs_are_listed(store: Store) -> None:
    """Newest first, with what came of each; as JSON too."""
    assert run("jobs", "list") == "no job yet\n"
    store.add_job(new("waits", arguments={"n": 1}))
    store.add_job(new("done", "audit", 0))
    store.take_job("w", NOW, 60, 3, "done")
    result: dict[str, Any] = {"exit_code": 0, "output": "PASS: all is well\nmore"}
    store.end_job("done", "w", JobState.DONE, NOW, result=result)
    listed = run("jobs", "list")
    assert "PASS: all is well" in listed
    assert "more" not in listed
    found = json.loads(run("jobs", "list", "--json"))
    assert {job["job_id"]: job["state"] for job in found} == {"waits": "queued", "done": "done"}
    assert json.loads(run("jobs", "list", "--json", "--project", "1"))[0]["job_id"] == "waits"


@pytest.mark.parametrize(("promoted", "became"), [(True, "put into use"), (False, "not used")])
def test_a_training_is_listed_with_its_version(store: Store, promoted: bool, became: str) -> None:
    """And how much it learned from, and whether it answers now; details are in plain words."""
    store.add_job(new("t"))
    store.take_job("w", NOW, 60, 3, "t")
    account = {"version": "text@1", "examples": 27, "promoted": promoted, "decision": "why"}
    store.end_job("t", "w", JobState.DONE, NOW, result={"exit_code": 0, "output": account})
    listed = run("jobs", "list")
    assert "text@1: learned from 27 tasks" in listed
    assert became in listed
    shown = run("jobs", "show", "t")
    assert shown.split()[:2] == ["job", "t"]
    assert "False" not in shown.partition("{")[0]


def test_a_job_is_cancelled_by_its_name(store: Store) -> None:
    """A job that waits ends at once, a running one is asked to, an unknown one is named."""
    store.add_job(new("waits", arguments={"n": 1}))
    store.add_job(new("runs"))
    store.take_job("w", NOW, 60, 3, "runs")
    assert run("jobs", "cancel", "waits") == "waits is cancelled\n"
    assert "within seconds" in run("jobs", "cancel", "runs")
    with pytest.raises(ConfigurationError, match="no such job"):
        run("jobs", "cancel", "none")


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1"])
def test_a_training_on_too_little_is_refused_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The pull knows it: nothing is queued, and no backend is asked."""
    monkeypatch.setenv("ASSAY_REDIS_URL", url)
    monkeypatch.setenv("ASSAY_BACKEND_PASSWORD", "secret")
    monkeypatch.setattr("sync.cli.root.App.pull", lambda self, project_id: None)
    with pytest.raises(Fatal, match=r"^0 annotations of project 7 .* at least 10 other tasks"):
        run("train", "--project", "7", "--no-wait")
    assert store.jobs(7) == []


@pytest.mark.slow
def test_training_waits_for_its_job(
    store: Store, redis: Any, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None]
) -> None:
    """With Redis, assay train queues a job and says how it ended; its password is never shown."""
    monkeypatch.setenv("ASSAY_REDIS_URL", redis.url)
    monkeypatch.setattr("sync.cli.root.App.pull", lambda self, project_id: None)
    monkeypatch.setattr(Store, "count_training_annotations", lambda self, project_id: 10)
    outcome: list[str] = []

    def train() -> None:
        try:
            run("train", "--project", "7")
        except Fatal as error:
            outcome.append(str(error))

    thread = threading.Thread(target=train)
    thread.start()
    wait_until(lambda: len(store.jobs(7)) == 1)
    worked(store)
    thread.join()
    assert len(outcome) == 1
    assert "is failed: Assay is not connected to project 7" in outcome[0]


def test_a_wrong_address_of_redis_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold a password."""
    monkeypatch.setenv("ASSAY_REDIS_URL", "http://:a-secret@host")
    with pytest.raises(ConfigurationError, match="ASSAY_REDIS_URL: must start with redis://") as e:
        Settings.load()
    assert "a-secret" not in str(e.value)
