"""A database that fails in the middle: a sentence with a remedy, nothing half-written, and on."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from sync.errors import Fatal, Retriable
from sync.records import Annotation, Project, Task
from sync.store import Store, engine
from tests.postgresql import Cluster

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROJECT = Project(project_id=1, title="t", label_config="<View/>", model_version="assay-1")

#: The driver leaves the socket of a connection that failed to the garbage collector.
leaves_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def collected() -> Iterator[None]:
    """What the test left behind is collected while its filters hold."""
    yield
    gc.collect()


def entry(number: int) -> tuple[Task, list[Annotation]]:
    data = {"text": f"{number} " + "word " * 200}
    task = Task(task_id=number, data=data, data_hash="h", batch="b", updated_at=NOW)
    annotation = Annotation(
        annotation_id=number,
        task_id=number,
        annotator=7,
        result=[{"value": {"choices": ["a"]}}],
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=NOW,
        updated_at=NOW,
    )
    return task, [annotation]


def write(store: Store, count: int = 200) -> None:
    """Take over that many tasks with an annotation each, and the cursor."""
    store.apply(1, [entry(number) for number in range(count)], NOW, NOW)


def is_empty(store: Store) -> bool:
    project = store.project(1)
    assert project is not None
    found = store.tasks(1), store.annotations(1), store.first_submissions(1, range(200))
    return found == ([], [], []) and project.cursor is None


def on_sqlite(store: Store) -> bool:
    return store._engine.dialect.name == "sqlite"


def run(store: Store, *statements: str) -> None:
    with store._engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.save_project(PROJECT)
        yield opened


def test_a_lock_that_is_held_too_long(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer that waits gives up with a sentence, and goes on when the lock is gone."""
    with Store.open(database_url) as holder:
        holder.save_project(PROJECT)
        # The holder's own connection is made: it may stand still within its transaction.
        monkeypatch.setattr(engine, "BUSY_SECONDS", 0.2)
        waiting = Store.open(database_url)
        with holder._engine.begin() as connection:
            connection.execute(
                sa.update(sa.table("projects", sa.column("title"))).values(title="x")
            )
            with pytest.raises(Retriable, match="has been writing for too long"):
                waiting.update_project(1, title="y")
        waiting.update_project(1, title="y")
        project = waiting.project(1)
        waiting.close()
    assert project is not None
    assert project.title == "y"


def test_a_disk_that_is_full(store: Store) -> None:
    """The page that did not fit is not there in part, and fits when there is room."""
    if on_sqlite(store):
        with store._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
        room = ("PRAGMA max_page_count = 1000000",)
    else:
        # What the server says when a file cannot grow, at the 100th revision.
        run(
            store,
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.annotation_id = 100 THEN "
            "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END IF; "
            "RETURN NEW; END $$",
            "CREATE TRIGGER no_room BEFORE INSERT ON revisions FOR EACH ROW "
            "EXECUTE FUNCTION no_room()",
        )
        room = ("DROP TRIGGER no_room ON revisions", "DROP FUNCTION no_room")
    with pytest.raises(Retriable, match="free space on its disk"):
        write(store)
    assert is_empty(store)
    run(store, *room)
    write(store)
    assert len(store.first_submissions(1, range(200))) == 200


def test_a_store_that_may_only_be_read(store: Store) -> None:
    """Trying again cannot help, so it is Fatal; reading goes on."""
    if on_sqlite(store):
        run(store, "PRAGMA query_only = ON")
        remedy = "right to write the file"
    else:
        database = store._engine.url.database
        run(store, f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        # Connections of now keep what they began with.
        store._engine.dispose()
        remedy = "name the primary"
    with pytest.raises(Fatal, match=remedy):
        write(store)
    assert is_empty(store)


def test_a_process_that_is_killed_before_it_commits(database_url: str, store: Store) -> None:
    """All rows of a page were sent, and none of them is there; the next process goes on."""
    code = (
        "import os, sys; import sqlalchemy as sa; from sync.store import Store\n"
        "from tests.store.test_failing import write\n"
        "store = Store.open(sys.argv[1])\n"
        "sa.event.listen(store._engine, 'commit', lambda _: os.kill(os.getpid(), 9))\n"
        "write(store)"
    )
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", code, database_url], check=False, cwd=root)
    assert killed.returncode == -signal.SIGKILL
    assert is_empty(store)
    write(store)
    assert len(store.tasks(1)) == 200


def test_more_readers_than_connections(store: Store) -> None:
    """Whoever waits too long for a connection is told so, and the next one gets it."""
    pool = store._engine.pool
    assert isinstance(pool, sa.QueuePool)
    pool._timeout = 0.1
    with ExitStack() as held:
        for _ in range(pool.size() + pool._max_overflow):
            held.enter_context(store._engine.connect())
        with pytest.raises(Retriable, match="all connections of this process"):
            store.projects()
    assert store.projects() == [PROJECT]


@leaves_sockets
@pytest.mark.usefixtures("collected")
def test_a_server_that_is_stopped_and_started_again() -> None:
    """PostgreSQL stops in the middle of a page and comes back: the same store goes on."""
    with Cluster() as cluster, Store.open(cluster.url) as store:
        store.save_project(PROJECT)

        def stop(_connection: sa.Connection) -> None:
            cluster.stop()

        sa.event.listen(store._engine, "commit", stop)
        with pytest.raises(Retriable, match="see that it runs"):
            write(store)
        sa.event.remove(store._engine, "commit", stop)
        with pytest.raises(Retriable, match="out of reach"):
            store.projects()
        cluster.start()
        assert is_empty(store)
        write(store)
        assert len(store.tasks(1)) == 200


@leaves_sockets
@pytest.mark.usefixtures("collected")
def test_a_server_that_stalls(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which nothing comes is given up, and a new one is made."""
    monkeypatch.setattr(engine, "SILENT_SECONDS", 0.5)
    with Store.open(postgresql) as store:
        stopped: list[int] = []

        def stall(connection: sa.Connection) -> None:
            stopped.append(connection.scalar(sa.text("SELECT pg_backend_pid()")) or 0)
            os.kill(stopped[0], signal.SIGSTOP)

        sa.event.listen(store._engine, "begin", stall)
        try:
            with pytest.raises(Retriable, match="out of reach"):
                store.projects()
        finally:
            os.kill(stopped[0], signal.SIGCONT)
        sa.event.remove(store._engine, "begin", stall)
        store.projects()


def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    """It names the way back: a backup."""
    path = tmp_path / "assay.db"
    with Store.open(f"sqlite:///{path}") as store:
        store.save_project(PROJECT)
        write(store)
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(40 * 4096))
    with (
        pytest.raises(Fatal, match="bring back a backup"),
        Store.open(f"sqlite:///{path}") as store,
    ):
        write(store)


def test_no_data_stands_in_an_error(store: Store) -> None:
    """A statement that fails by a fault of ours does not tell what was to be written."""
    with pytest.raises(Fatal, match="refuses a statement of Assay") as failed:
        store.note_pass(1, error="x" * 9, failures=None)
    shown = "".join(traceback.format_exception(failed.value))
    assert "x" * 9 not in shown
