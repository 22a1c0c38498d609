"""The worker that serves all projects: fairness, economy, patience, a clean stop."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from sync.errors import ConfigurationError
from sync.labelstudio import LabelStudio
from sync.settings import Settings
from sync.store import Store
from sync.worker import Memory, Pass, turns, visit
from sync.worker.loop import run

if TYPE_CHECKING:
    from conftest import Site, Work

Join = Callable[[Store, int, int], None]
Wait = Callable[..., None]


def gaps(visits: list[tuple[float, int]]) -> dict[int, list[float]]:
    """Seconds between visits, by project."""
    times: dict[int, list[float]] = defaultdict(list)
    for moment, project_id in visits:
        times[project_id].append(moment)
    return {i: [b - a for a, b in pairwise(found)] for i, found in times.items()}


def test_a_huge_project_does_not_starve_fifty(
    small_site: Site,
    join: Join,
    work: Work,
    wait_until: Wait,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With one pass at a time, all others have their turn between the pages of a long pull."""
    monkeypatch.setenv("ASSAY_PASSES_AT_ONCE", "1")
    monkeypatch.setattr(turns, "SLICE", 0.0)
    join(store, 1, 5_000)
    for project_id in range(2, 52):
        join(store, project_id, 1)
    with work(store, 60) as seen:
        wait_until(lambda: len(seen.visits) == 51)
    pages = [place for place, asked in enumerate(small_site.log) if asked == (1, "changes")]
    assert len(pages) > 10
    looks = [place for place, (i, kind) in enumerate(small_site.log) if kind == "look" and i > 1]
    assert len(looks) == 50
    # Projects become due together, and the huge one is the first of them.
    assert max(looks) < pages[3]
    assert len(store.task_ids(1)) == 5_000


def test_an_idle_project_costs_one_request_a_poll(
    small_site: Site,
    join: Join,
    work: Work,
    wait_until: Wait,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once nothing is new, only the cheap look is asked; a new task brings a full pass."""
    monkeypatch.setattr(visit, "SETTLE", 0.0)
    join(store, 1, 3)
    with work(store, 0.2) as seen:
        wait_until(lambda: len(seen.looks) >= 1)
        before = dict(small_site.asked)
        wait_until(lambda: len(seen.looks) >= 4)
        asked = {kind: n - before[1, kind] for (_, kind), n in small_site.asked.items()}
        assert asked.pop("look") >= 3
        assert set(asked.values()) == {0}
        small_site.add(1, 1)
        wait_until(lambda: len(store.task_ids(1)) == 4)


def test_what_changes_late_is_looked_for_again(
    small_site: Site,
    join: Join,
    work: Work,
    wait_until: Wait,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a change one full pass more follows, when no transaction from before can be open."""
    monkeypatch.setattr(visit, "SETTLE", 1.5)
    join(store, 1, 3)
    with work(store, 0.2) as seen:
        wait_until(lambda: len(seen.passes) == 2)
        between = len(seen.looks)
        assert between >= 2
        wait_until(lambda: len(seen.looks) >= between + 3)
        assert len(seen.passes) == 2


def test_a_failing_project_backs_off_alone(
    small_site: Site, join: Join, work: Work, wait_until: Wait, store: Store
) -> None:
    """Its tries come ever more slowly and its error is noted; the other one goes on as before."""
    join(store, 1, 1)
    join(store, 2, 1)
    small_site.broken[1] = 400
    with work(store, 0.2) as seen:
        wait_until(lambda: len(seen.failures) >= 4)
        state = store.passes()[1]
        assert (state.failures, state.error_kind) == (len(seen.failures), "fatal")
        assert "answered 400" in state.error
        pauses = gaps([(moment, i) for moment, i, _ in seen.failures])[1]
        assert pauses == sorted(pauses)
        assert len([i for _, i in seen.visits if i == 2]) > len(seen.failures)
        assert store.passes()[2].error == ""
        del small_site.broken[1]
        wait_until(lambda: store.passes()[1].failures == 0)
        assert store.passes()[1].error == ""


def test_an_unforeseen_failure_keeps_the_task_out_of_its_note(
    join: Join, work: Work, wait_until: Wait, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in one project's pass is noted by its kind and place, without its text."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("quotes the task: text 7")

    monkeypatch.setattr(visit, "one_pass", fail)
    join(store, 1, 1)
    with work(store, 0.2):
        wait_until(lambda: store.passes()[1].failures > 0 if store.passes() else False)
    assert "ZeroDivisionError at test_loop.py" in store.passes()[1].error
    assert "text 7" not in store.passes()[1].error


def test_a_hint_wakes_it(join: Join, work: Work, wait_until: Wait, store: Store) -> None:
    """With an hour between polls, a hint is followed within half a second, and a bit."""
    join(store, 1, 1)
    with work(store, 3600) as seen:
        wait_until(lambda: len(seen.visits) == 1)
        hinted = time.monotonic()
        store.hint(1, datetime.now(UTC))
        wait_until(lambda: len(seen.visits) == 2)
        assert seen.visits[1][0] - hinted < 2


def test_projects_come_and_go(join: Join, work: Work, wait_until: Wait, store: Store) -> None:
    """A worker with nothing to do waits; what is connected is taken up, and left when it goes."""
    with work(store, 0.2) as seen:
        wait_until(lambda: len(seen.reasons) == 1)
        assert "no project is connected yet: run assay connect" in seen.reasons[0]
        join(store, 1, 1)
        join(store, 2, 1)
        wait_until(lambda: {i for _, i in seen.visits} == {1, 2})
        store.forget_project(1)
        left = time.monotonic()
        wait_until(lambda: len([i for moment, i in seen.visits if moment > left and i == 2]) > 4)
        assert [i for moment, i in seen.visits if moment > left + 1 and i == 1] == []
        assert [i for _, i, _ in seen.failures if i == 2] == []


def test_one_project_alone(join: Join, work: Work, wait_until: Wait, store: Store) -> None:
    """A worker of one project leaves the others alone, and must be given one that is connected."""
    for project_id in (1, 2):
        join(store, project_id, 1)
    with work(store, 0.2, only=2) as seen:
        wait_until(lambda: len(seen.visits) >= 3)
    assert {i for _, i in seen.visits} == {2}
    with (
        pytest.raises(ConfigurationError, match="not connected to project 3"),
        work(store, 0.2, only=3),
    ):
        pass


def test_each_project_has_a_memory_of_its_own(
    join: Join, work: Work, wait_until: Wait, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every full pass of a project is given what the one before it judged, and no other's."""
    given: dict[int, list[Memory]] = defaultdict(list)
    real = visit.one_pass

    def one_pass(
        server: LabelStudio, store: Store, settings: Settings, project_id: int, **rest: Any
    ) -> Pass:
        given[project_id].append(rest["memory"])
        return real(server, store, settings, project_id, **rest)

    monkeypatch.setattr(visit, "one_pass", one_pass)
    monkeypatch.setattr(visit, "FULL_SECONDS", 0.0)
    join(store, 1, 1)
    join(store, 2, 1)
    with work(store, 0.1):
        wait_until(lambda: min(len(given[1]), len(given[2])) >= 2)
    assert all(memory is given[1][0] for memory in given[1])
    assert given[1][0] is not given[2][0]
    assert isinstance(given[1][0], Memory)


def test_a_refused_key_ends_it(
    small_site: Site, join: Join, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that can do nothing at all ends with the reason."""
    monkeypatch.setenv("ASSAY_POLL_SECONDS", "0.2")
    join(store, 1, 1)
    small_site.broken[1] = 401
    with (
        LabelStudio(small_site.url, "key") as server,
        pytest.raises(ConfigurationError, match="ASSAY_LABEL_STUDIO_API_KEY"),
    ):
        run(server, store, Settings.load(), threading.Event())


def test_it_ends_in_the_middle_of_a_long_pull(
    small_site: Site, join: Join, work: Work, wait_until: Wait, store: Store
) -> None:
    """Told to stop it ends within seconds, gives the lease back, and the next one goes on."""
    small_site.page_seconds = 0.2
    join(store, 1, 8_000)
    with work(store, 0.2):
        wait_until(lambda: len(store.task_ids(1)) > 0)
        stopped = time.monotonic()
    assert time.monotonic() - stopped < 5
    held = len(store.task_ids(1))
    assert 0 < held < 8_000
    assert store.leases() == {}
    small_site.page_seconds = 0
    with work(store, 0.2) as seen:
        wait_until(lambda: len(seen.passes) > 0)
    assert len(store.task_ids(1)) == 8_000


def test_two_workers_share(database_url: str, join: Join, work: Work, wait_until: Wait) -> None:
    """Of twenty projects each of two workers does its part; none is visited more for that."""
    with Store.open(database_url) as store, Store.open(database_url) as other:
        for project_id in range(20):
            join(store, project_id, 1)
        with work(store, 1.0) as one, work(other, 1.0) as two:
            began = time.monotonic()
            wait_until(lambda: min(len(one.visits), len(two.visits)) >= 30)
            most = 20 * (2 + (time.monotonic() - began) / 0.9)
            done = len(one.visits) + len(two.visits)
    # Each goes there once at the start; a pause is at least 0.9 intervals.
    assert done <= most
