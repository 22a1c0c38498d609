"""Trainings as jobs of the workers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend import trainer
from backend.app import create_app
from backend.model import AssayModel
from backend.registry import Registry
from sync.jobs.bell import enqueue
from sync.jobs.runner import Runner
from sync.settings import Settings
from sync.store import Store
from sync.store.jobs import Job, JobState

Label = Callable[..., None]
Wait = Callable[..., None]
Auth = tuple[str, str]


@pytest.fixture
def with_redis(
    team_settings: Settings, port: int, monkeypatch: pytest.MonkeyPatch, store: Store
) -> Settings:
    """Settings that name a Redis, which is down."""
    monkeypatch.setenv("ASSAY_REDIS_URL", f"redis://:hidden@127.0.0.1:{port}/0")

    def forbidden(project_id: int) -> Any:
        raise AssertionError("the backend trains by itself")

    monkeypatch.setattr(trainer, "_train", forbidden)
    return Settings.load()


def run(store: Store) -> Job:
    """The only job, after a worker did it."""
    (queued,) = store.jobs()
    assert Runner(store=store, stop=threading.Event(), tick=0.2).run_one()
    job = store.job(queued.job_id)
    assert job is not None
    return job


def test_a_worker_trains(team_settings: Settings, store: Store, label: Label) -> None:
    """The job's process publishes the model, and its account is the job's result."""
    label(30, {})
    enqueue(team_settings, store, "train", 1)
    job = run(store)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert job.result is not None
    assert job.result["output"]["version"] == Registry(team_settings.home / "models").current(1)


def test_a_training_that_cannot_work_is_not_tried_again(
    team_settings: Settings, store: Store
) -> None:
    """The reason is the job's error."""
    enqueue(team_settings, store, "train", 1)
    job = run(store)
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    assert job.error.startswith("0 tasks outside the validation sample and gold are labelled")


def test_whatever_asks_for_trainings_queues_one_job(
    with_redis: Settings, store: Store, auth: Auth, wait_until: Wait
) -> None:
    """Label Studio's button, the route and a host of models: all of it works without Redis."""
    start: dict[str, Any] = {"action": "START_TRAINING", "project": {"id": 1}}
    with create_app(with_redis, lambda url: store).test_client() as client:
        assert ask(client, "/webhook", start, auth) == 200
        wait_until(lambda: len(store.jobs(1)) == 1)
        assert ask(client, "/train", {"project": 1}, auth) == 200
        assert AssayModel(project_id="1", label_config="<View/>").fit("START_TRAINING", start) == {}
        assert ask(client, "/train", {"project": 2}, auth) == 200
        wait_until(lambda: len(store.jobs(2)) == 1)
    assert {(job.kind, job.project_id) for job in store.jobs()} == {("train", 1), ("train", 2)}
    assert len(store.jobs()) == 2


def ask(client: FlaskClient, path: str, body: dict[str, Any], auth: Auth) -> int:
    return client.post(path, json=body, auth=auth).status_code


def test_clicks_while_the_store_stands_still_cost_one_thread(
    with_redis: Settings, store: Store, monkeypatch: pytest.MonkeyPatch, wait_until: Wait
) -> None:
    """However many ask meanwhile, it is queued once more in all afterwards."""
    go_on, began = threading.Event(), []

    def stands(*asked: Any) -> None:
        began.append(asked)
        go_on.wait(60)

    monkeypatch.setattr(trainer, "enqueue", stands)
    queueing, before = trainer.Queueing(with_redis, store), threading.active_count()
    for _ in range(50):
        queueing.request(1)
    assert threading.active_count() <= before + 1
    go_on.set()
    wait_until(lambda: threading.active_count() <= before)
    assert len(began) == 2
