"""One writer a project: leases that outlive their holder's death, and stop one that lost them."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import LeaseLost, Retriable
from sync.lease import Leases
from sync.records import Project
from sync.store import Store

Wait = Callable[..., None]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = 1.0

#: Takes the lease, and writes a title for each line that it reads.
HOLDER = f"""
import sys
from sync.errors import LeaseLost
from sync.lease import Leases
from sync.store import Store
with Store.open(sys.argv[1]) as store, Leases(store, "a test", seconds={SECONDS}) as leases:
    mine = leases.take(1)
    print("held", flush=True)
    for line in sys.stdin:
        try:
            mine.update_project(1, title=line.strip())
            print("written", flush=True)
        except LeaseLost as error:
            print("lost", flush=True)
"""


#: Holds the lease, and stands within a transaction that has locked it.
INSIDE = """
import sys, time
from sync.store import Store, engine
engine.BUSY_SECONDS = 1
with Store.open(sys.argv[1]) as store:
    store.lease(1, "a test", store.clock(), 1)
    with store.fenced(1, "a test")._write():
        print("held", flush=True)
        sys.stdin.read()
"""


class Holder:
    """Another process that holds the lease of project 1."""

    def __init__(self, url: str, script: str = HOLDER) -> None:
        command = [sys.executable, "-c", script, url]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, **pipes)
        self.hear("held")

    def hear(self, wanted: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{wanted}\n"

    def tell(self, title: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{title}\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait()


@pytest.fixture
def held(database_url: str) -> Iterator[tuple[Store, Holder]]:
    """A store with project 1, whose lease another process holds."""
    with Store.open(database_url) as store:
        store.save_project(Project(project_id=1, title="", label_config="", model_version="v"))
        holder = Holder(database_url)
        yield store, holder
        holder.end()


def taken(store: Store, leases: Leases, wait_until: Wait) -> Store:
    """Our store for project 1, as soon as it can be had."""
    found: list[Store] = []

    def take() -> bool:
        mine = leases.take(1)
        found.extend([mine] if mine else [])
        return bool(found)

    wait_until(take)
    return found[0]


def test_a_process_that_stood_still_writes_no_more(
    held: tuple[Store, Holder], wait_until: Wait
) -> None:
    """Stopped for longer than its lease and continued, it leaves alone what the next one wrote."""
    store, holder = held
    holder.tell("first")
    holder.hear("written")
    holder.process.send_signal(signal.SIGSTOP)
    holder.tell("second")
    with Leases(store, "another test", seconds=SECONDS) as leases:
        mine = taken(store, leases, wait_until)
        mine.update_project(1, title="ours")
        holder.process.send_signal(signal.SIGCONT)
        holder.hear("lost")
        leases.give_back(1)
        # Nor does it come back to the right when that is free again.
        holder.tell("third")
        holder.hear("lost")
    project = store.project(1)
    assert project is not None
    assert project.title == "ours"


def test_a_dead_holder_is_followed(held: tuple[Store, Holder], wait_until: Wait) -> None:
    """Until its lease ends nobody gets it; then the next one does."""
    store, holder = held
    with Leases(store, "another test", seconds=SECONDS) as leases:
        assert leases.take(1) is None
        holder.process.kill()
        killed = time.monotonic()
        taken(store, leases, wait_until)
        assert time.monotonic() - killed < SECONDS + 2


def test_a_living_holder_keeps_it(held: tuple[Store, Holder]) -> None:
    """It is renewed for as long as its process lives, and whoever waits is told who holds it."""
    store, holder = held
    told: list[str] = []
    with (
        Leases(store, "another test", seconds=SECONDS) as leases,
        pytest.raises(Retriable, match=rf"by a test on .*, process {holder.process.pid}, "),
        leases.hold(1, 3 * SECONDS, told.append),
    ):
        pass
    assert len(told) == 1
    assert told[0].startswith("waiting for a test on ")
    holder.tell("still")
    holder.hear("written")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_stands_within_a_transaction_locks_nobody_out(
    database_url: str, wait_until: Wait
) -> None:
    """PostgreSQL ends the transaction of a process that stopped in it, and the next one goes on."""
    with Store.open(database_url) as store:
        store.save_project(Project(project_id=1, title="", label_config="", model_version="v"))
        holder = Holder(database_url, INSIDE)
        holder.process.send_signal(signal.SIGSTOP)
        with Leases(store, "another test", seconds=SECONDS) as leases:
            taken(store, leases, wait_until).update_project(1, title="ours")
        holder.end()


def test_each_write_of_a_fenced_store_is_refused(database_url: str) -> None:
    """Nothing of a transaction stays whose lease another one has; reads go on."""
    with Store.open(database_url) as store:
        store.save_project(Project(project_id=1, title="t", label_config="", model_version="v"))
        assert store.lease(1, "a", NOW, 10)
        mine = store.fenced(1, "a")
        mine.update_project(1, title="mine")
        assert store.lease(1, "b", NOW + timedelta(seconds=11), 10)
        for write in (
            lambda: mine.update_project(1, title="late"),
            lambda: mine.mark_deleted(1, [1], NOW),
            lambda: mine.note_pass(1, failures=1),
        ):
            with pytest.raises(LeaseLost, match="project 1"):
                write()
        assert not store.renew(1, "a", NOW + timedelta(seconds=12), 10)
        assert [p.title for p in mine.projects()] == ["mine"]


def test_a_clock_that_was_set_back_locks_nobody_out(database_url: str) -> None:
    """A lease that ends later than one can be taken for is free."""
    with Store.open(database_url) as store:
        assert store.lease(1, "a", NOW + timedelta(hours=1), 10)
        assert store.lease(1, "b", NOW, 10)
        assert not store.lease(1, "c", NOW + timedelta(seconds=5), 10)


def test_a_renewal_that_fails_in_an_unknown_way_is_tried_again(
    database_url: str, wait_until: Wait
) -> None:
    """A driver may raise what nobody knows: the lease is renewed a moment later all the same."""
    with Store.open(database_url) as store:
        store.save_project(Project(project_id=1, title="", label_config="", model_version="v"))
        told: list[datetime] = []

        def clock() -> datetime:
            told.append(NOW + timedelta(seconds=len(told)))
            if len(told) == 2:
                raise struct.error("a reply that was cut off")
            return told[-1]

        with Leases(store, "a test", clock, seconds=0.4) as leases:
            assert leases.take(1) is not None
            wait_until(lambda: store.leases()[1].until > NOW + timedelta(seconds=2))
