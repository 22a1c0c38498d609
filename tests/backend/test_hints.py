"""Webhooks are answered at once, whatever the store does, and none of their news is lost."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from backend.app import LARGEST_HOOK, create_app
from backend.hints import Hints
from sync.errors import Retriable
from sync.records import Project
from sync.settings import Settings
from sync.store import Store

Wait = Callable[..., None]
EVENT = {"action": "ANNOTATION_CREATED", "project": {"id": 1}}
SECRET = {"X-Assay-Secret": "hook"}
#: Seconds after which Label Studio gives up on a webhook (its WEBHOOK_TIMEOUT).
LABEL_STUDIO_WAITS = 1.0


@pytest.fixture
def written(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The projects of the hints that reach the store, in order."""
    found: list[int] = []
    hint = store.hint

    def note(project_id: int, when: datetime) -> None:
        hint(project_id, when)
        found.append(project_id)

    monkeypatch.setattr(store, "hint", note)
    return found


@pytest.fixture
def locked(store: Store) -> Iterator[Callable[[], None]]:
    """The store, locked by another writer until the call."""
    engine = sa.create_engine(store._engine.url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection.rollback
    engine.dispose()


def test_a_thousand_hooks_do_not_wait_for_a_locked_store(
    team_settings: Settings,
    store: Store,
    locked: Callable[[], None],
    written: list[int],
    wait_until: Wait,
) -> None:
    """Each is answered before Label Studio loses patience, and one write tells of all of them."""
    app = create_app(team_settings, lambda url: store)
    taken: list[float] = []

    def post(_: int) -> int:
        began = time.perf_counter()
        with app.test_client() as client:
            status = client.post("/webhook", json=EVENT, headers=SECRET).status_code
        taken.append(time.perf_counter() - began)
        return status

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(post, range(1000))) == {200}
    assert max(taken) < LABEL_STUDIO_WAITS
    assert written == []
    locked()
    wait_until(lambda: store.hints()[1] is not None)
    assert len(written) <= 2


def test_hints_are_written_seldom(store: Store, written: list[int], wait_until: Wait) -> None:
    """News of half a second makes a handful of writes, the last of which tells of the last."""
    moments = itertools.count()
    hints = Hints(store, lambda: datetime.fromtimestamp(next(moments), UTC))
    began = time.monotonic()
    while time.monotonic() < began + 0.5:
        hints.give(1)
    last = datetime.fromtimestamp(next(moments) - 1, UTC)
    wait_until(lambda: store.hints()[1] == last)
    # One at once, and one more each 0.2 s.
    assert len(written) <= 2 + (time.monotonic() - began) / 0.2


def test_a_store_that_does_not_answer_is_not_waited_for(
    client: FlaskClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets that cannot be read are a 503 in time; those that were read go on to count."""
    answers = threading.Event()
    secrets = store.webhook_secrets

    def slow() -> dict[int, str]:
        answers.wait(30)
        return secrets()

    monkeypatch.setattr(store, "webhook_secrets", slow)
    began = time.monotonic()
    for _ in range(20):
        assert client.post("/webhook", json=EVENT, headers=SECRET).status_code == 503
    assert time.monotonic() - began < LABEL_STUDIO_WAITS
    answers.set()


def test_a_project_connected_just_now_is_let_in(
    client: FlaskClient, store: Store, wait_until: Wait
) -> None:
    """Its secret is read when it first comes; after it left, its secret opens nothing."""
    assert client.post("/webhook", json=EVENT, headers=SECRET).status_code == 200
    new = Project(
        project_id=5, title="t", label_config="", model_version="v", webhook_secret="fresh"
    )
    store.save_project(new)
    event = {"action": "TASKS_CREATED", "project": {"id": 5}}

    def status(project_id: int = 5) -> int:
        sent = event | {"project": {"id": project_id}}
        return client.post("/webhook", json=sent, headers={"X-Assay-Secret": "fresh"}).status_code

    wait_until(lambda: status() == 200)
    assert status(1) == 401
    store.forget_project(5)
    wait_until(lambda: status() == 401)


def test_a_webhook_is_bounded(client: FlaskClient) -> None:
    """More than one annotation can be is refused; a stranger's is not even read."""
    large = b" " * (LARGEST_HOOK + 1)
    assert client.post("/webhook", data=large, headers=SECRET).status_code == 413
    assert client.post("/webhook", data=large).status_code == 401


def test_a_failing_store_delays_hints(
    store: Store, written: list[int], wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hint that could not be written is written when the store answers again."""
    hint, failures = store.hint, iter([Retriable("busy"), ValueError("odd")])

    def fail(project_id: int, when: datetime) -> None:
        for error in failures:
            raise error
        hint(project_id, when)

    monkeypatch.setattr(store, "hint", fail)
    Hints(store).give(1)
    wait_until(lambda: written == [1])


def test_a_thread_that_cannot_start_silences_no_later_hint(
    store: Store, written: list[int], monkeypatch: pytest.MonkeyPatch, wait_until: Wait
) -> None:
    """The system may refuse a thread for lack of memory: the next webhook has one."""
    start, refused = threading.Thread.start, [True]

    def begin(thread: threading.Thread) -> None:
        if refused:
            refused.clear()
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", begin)
    hints = Hints(store)
    with pytest.raises(RuntimeError):
        hints.give(1)
    hints.give(1)
    wait_until(lambda: written == [1])
