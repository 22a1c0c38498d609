"""Each look of `assay doctor`, at what is whole and at what is broken, without Label Studio."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pg8000.native
import pytest

from sync.doctor import Finding, State, here, there, worker
from sync.doctor.finding import look
from sync.errors import Retriable
from sync.records import Counts, Project
from sync.settings import Settings
from sync.status import Error, Health, Lease, ProjectStatus
from sync.store import Store

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PROJECT = Project(project_id=12, title="t", label_config="<View/>", model_version="assay-12")


def found(looked: Callable[[], str]) -> tuple[State, str]:
    finding = look("it", looked)
    return finding.state, finding.detail


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store on each database."""
    with Store.open(database_url) as opened:
        yield opened


def test_a_store_that_works_is_ok(store: Store) -> None:
    """It says the schema and how many projects are connected, and nothing stays written."""
    store.save_project(PROJECT)
    for _ in range(2):
        state, text = found(lambda: here.store(store))
        assert state is State.OK, text
        assert "1 connected project" in text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_store_that_may_not_be_written_is_wrong(database_url: str) -> None:
    """A database that is a read-only copy opens and reads, and cannot be used."""
    Store.open(database_url).close()
    host, name = database_url.removeprefix("postgresql://assay@").split("/")
    server, port = host.split(":")
    connection = pg8000.native.Connection("assay", host=server, port=int(port), database=name)
    connection.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    connection.close()
    with Store.open(database_url) as copy:
        state, text = found(lambda: here.store(copy))
    assert state is State.WRONG
    assert "read-only" in text
    assert "ASSAY_DATABASE_URL" in text


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        (0, State.OK),
        (9, State.WARNING),
        (-9, State.WARNING),
        (200, State.WRONG),
        (-200, State.WRONG),
    ],
)
def test_clocks_are_held_against_each_other(store: Store, seconds: int, state: State) -> None:
    """The database's clock against ours, as if ours went wrong by so many seconds."""

    def now() -> datetime:
        return datetime.now(UTC) - timedelta(seconds=seconds)

    told, text = found(lambda: here.store_clock(store, now))
    assert told is state
    assert f"{seconds:+d}"[:-1] in text or seconds == 0
    assert ("NTP" in text) is (state is not State.OK)


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, State.OK), (20, State.WARNING), (-600, State.WRONG)]
)
def test_label_studios_clock_is_held_against_ours(seconds: int, state: State) -> None:
    """By the time that its answers tell."""
    there_now = NOW + timedelta(seconds=seconds)
    server: Any = SimpleNamespace(version=lambda: "1.23.2", answered_at=there_now)
    told, text = found(lambda: there.clock(server, lambda: NOW))
    assert told is state
    assert ("NTP" in text) is (state is not State.OK)


def test_a_label_studio_that_tells_no_time_is_named() -> None:
    """A proxy may swallow the header; nothing else is wrong then."""
    server: Any = SimpleNamespace(version=lambda: "1.23.2", answered_at=None)
    assert found(lambda: there.clock(server, lambda: NOW))[0] is State.WARNING


@pytest.mark.parametrize(
    ("free", "state"),
    [(50 * 2**20, State.WRONG), (500 * 2**20, State.WARNING), (5 * 2**30, State.OK)],
)
def test_a_disk_that_is_nearly_full_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    """With the folder and the room that is left there; folders need not be there yet."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    settings = Settings(home=tmp_path / "not" / "there")
    told, text = found(lambda: here.disk(settings, tmp_path / "assay.db"))
    assert told is state
    assert str(tmp_path) in text
    assert ("make room" in text) is (state is not State.OK)


@pytest.mark.parametrize(
    ("release", "state"), [("1.23.2", State.OK), ("1.24.0", State.WARNING), ("2.0", State.WARNING)]
)
def test_an_untested_release_is_a_warning(release: str, state: State) -> None:
    """It may well work, so it is no failure."""
    server: Any = SimpleNamespace(version=lambda: release, url="http://ls")
    told, text = found(lambda: there.version(server))
    assert told is state
    assert release in text


def token(**values: Any) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    return f"e30.{middle}.sig"


@pytest.mark.parametrize(
    ("key", "state", "words"),
    [
        ("0" * 40, State.OK, "legacy token"),
        (token(exp=(NOW + timedelta(days=90)).timestamp()), State.OK, "expires on 2026-05-30"),
        (token(exp=(NOW + timedelta(days=3)).timestamp()), State.WARNING, "make a new one"),
        (token(token_type="refresh"), State.OK, "personal access token"),
        ("a.b.c", State.OK, "legacy token"),
    ],
)
def test_the_kind_of_the_key_is_told(key: str, state: State, words: str) -> None:
    """A personal access token tells when it ends; the key itself is never shown."""
    server: Any = SimpleNamespace(me=lambda: {"email": "lead@example.com"})
    settings = Settings(label_studio_api_key=key)
    told, text = found(lambda: there.account(settings, server, NOW))
    assert (told, "lead@example.com" in text) == (state, True)
    assert words in text
    assert key not in text


def versions(**values: Any) -> tuple[State, str]:
    return found(lambda: there.backend(Settings(), lambda: values, [PROJECT]))


def test_a_backend_of_another_store_or_version_is_named() -> None:
    """It would show candidates of blind tasks, or behave as another release does."""
    ours = there.installed("label-studio-assay")
    assert versions(versions=["assay-12"], assay=ours)[0] is State.OK
    state, text = versions(versions=["assay-7"], assay=ours)
    assert state is State.WRONG
    assert "ASSAY_DATABASE_URL" in text
    state, text = versions(versions=["assay-12"], assay="0.0.1")
    assert state is State.WARNING
    assert "start it again" in text
    assert versions(versions=["assay-12"])[0] is State.WARNING


def standing(**values: Any) -> ProjectStatus:
    plain: dict[str, Any] = {
        "health": Health.OK,
        "advice": "",
        "cursor": None,
        "lag_seconds": None,
        "hinted_at": None,
        "counts": Counts(),
        "last_pass": None,
        "error": None,
        "lease": Lease(holder="host:1:abc", until=NOW, held=True),
        "batches": (),
        "jobs": (),
        "set_aside": (),
    }
    return ProjectStatus(project=12, title="t", **plain | values)


def error(kind: str) -> Error:
    return Error(kind=kind, text="It broke.", at=NOW, failures=3, remedy="do this")


@pytest.mark.parametrize(
    ("values", "state", "words"),
    [
        ({}, State.OK, "host:1:abc"),
        ({"advice": "start assay run"}, State.WARNING, "start assay run"),
        ({"health": Health.FAILING, "error": error("retriable")}, State.WARNING, "do this"),
        ({"health": Health.FAILING, "error": error("fatal")}, State.WRONG, "It broke; do this"),
        ({"health": Health.FAILING, "error": error("configuration")}, State.WRONG, "do this"),
    ],
)
def test_a_worker_that_fails_or_is_gone_is_told(
    values: dict[str, Any], state: State, words: str
) -> None:
    """What passes by itself is a warning; what does not is wrong."""
    (finding,) = worker.passes([standing(**values)])
    assert finding.state is state
    assert words in finding.detail


def test_what_a_look_raises_is_its_finding() -> None:
    """Any error that Assay explains is a finding, and no traceback."""

    def broken() -> str:
        raise Retriable("Label Studio is down: start it")

    assert look("it", broken) == Finding(
        what="it", state=State.WRONG, detail="Label Studio is down: start it"
    )
