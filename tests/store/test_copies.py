"""Backups: made while others write, whole, and good to go on from."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from sync.cli.root import assay
from sync.errors import ConfigurationError
from sync.records import Annotation, Gold, Project, Task
from sync.store import Store
from sync.store.copies import backup, restore
from tests.postgresql import programs
from tests.store.released import statements
from tests.store.test_reused import BATCH

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PROJECT = Project(project_id=1, title="t", label_config="<View/>", model_version="assay-1")


def task(number: int) -> Task:
    return Task(task_id=number, data={}, data_hash="h", batch="b", updated_at=NOW)


def annotation(number: int, choice: str = "a") -> Annotation:
    return Annotation(
        annotation_id=number,
        task_id=number,
        annotator=7,
        result=[{"value": {"choices": [choice]}}],
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=NOW,
        updated_at=NOW,
    )


def contents(url: str) -> dict[str, list[Any]]:
    """Every row of every table."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+pg8000:"))
    tables = sa.MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        found = {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in tables.sorted_tables
        }
    engine.dispose()
    return found


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with two labelled tasks."""
    made = f"sqlite:///{tmp_path / 'home' / 'assay.db'}"
    with Store.open(made) as store:
        fill(store)
    return made


def fill(store: Store) -> None:
    store.save_project(PROJECT)
    store.apply(1, [(task(n), [annotation(n)]) for n in (1, 2)], NOW, NOW)


def go_on(store: Store) -> list[tuple[int, str, int]]:
    """What Label Studio holds by now is pulled; the first submissions after it."""
    seen = [(task(1), [annotation(1)]), (task(2), [annotation(2, "b")]), (task(3), [annotation(3)])]
    store.apply(1, seen, LATER, LATER)
    return [
        (row["annotation_id"], row["result"][0]["value"]["choices"][0], row["edits"])
        for row in store.first_submissions(1, [1, 2, 3])
    ]


def test_a_restored_store_is_as_it_was(url: str, tmp_path: Path) -> None:
    """All tables are equal, and what stood there meanwhile is kept beside it."""
    before = contents(url)
    backup(url, tmp_path / "copy")
    with Store.open(url) as store:
        go_on(store)
    meanwhile = contents(url)
    kept = restore(url, tmp_path / "copy", NOW)
    assert contents(url) == before
    assert kept is not None
    assert contents(f"sqlite:///{kept}") == meanwhile


def test_a_restored_store_counts_from_a_number_that_never_was(url: str, tmp_path: Path) -> None:
    """A worker that remembers verdicts of the store before must not find its counts again."""
    with Store.open(url) as store:
        store.freeze(1, BATCH, [], [], {})
        backup(url, tmp_path / "copy")
        counted = {store.marks(1)["b"].changes}
        store.add_gold(1, [Gold(task_id=1, result=[])])
        counted.add(store.marks(1)["b"].changes)
        restore(url, tmp_path / "copy", NOW)
    with Store.open(url) as store:
        assert store.marks(1)["b"].changes > max(counted)


def test_the_worker_goes_on_from_a_backup(url: str, tmp_path: Path) -> None:
    """What came since is read again: no first submission is lost, doubled or replaced."""
    backup(url, tmp_path / "copy")
    with Store.open(url) as store:
        expected = go_on(store)
    restore(url, tmp_path / "copy", LATER)
    with Store.open(url) as store:
        project = store.project(1)
        assert project is not None
        assert project.cursor == NOW
        assert go_on(store) == expected == [(1, "a", 0), (2, "a", 1), (3, "a", 0)]


def test_a_backup_is_one_moment_of_a_store_in_use(url: str, tmp_path: Path) -> None:
    """Of a writer that adds a task and its annotation in one step, a copy has both or neither."""
    stop = threading.Event()

    def write() -> None:
        with Store.open(url) as store:
            number = 10
            while not stop.is_set():
                store.apply(1, [(task(number), [annotation(number)])], NOW, NOW)
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            backup(url, tmp_path / f"copy{number}")
    finally:
        stop.set()
        writer.join()
    sizes = []
    for number in range(10):
        found = contents(f"sqlite:///{tmp_path / f'copy{number}'}")
        assert len(found["tasks"]) == len(found["annotations"]) == len(found["revisions"])
        sizes.append(len(found["tasks"]))
    assert sizes == sorted(sizes)


def test_nobody_else_may_read_a_backup(url: str, tmp_path: Path) -> None:
    """It holds the secret keys of the draws, and is one file without a log beside it."""
    folder = tmp_path / "copies"
    folder.mkdir()
    backup(url, folder / "copy")
    assert [path.name for path in folder.iterdir()] == ["copy"]
    assert stat.S_IMODE((folder / "copy").stat().st_mode) == 0o600


def test_nobody_else_may_read_a_store_that_is_made(url: str, tmp_path: Path) -> None:
    """Neither a new one nor one that a backup brings back, whatever files are usually made like."""
    path, usual = Path(url.removeprefix("sqlite:///")), os.umask(0o022)
    try:
        made = stat.S_IMODE(path.stat().st_mode)
        backup(url, tmp_path / "copy")
        path.unlink()
        restore(url, tmp_path / "copy", NOW)
    finally:
        os.umask(usual)
    assert (made, stat.S_IMODE(path.stat().st_mode)) == (0o600, 0o600)


def test_a_backup_of_an_older_version_is_brought_up_to_date(url: str, tmp_path: Path) -> None:
    """A store of version 1 that is restored has today's tables and its rows."""
    with sqlite3.connect(tmp_path / "old") as old:
        for statement in statements(1, "sqlite"):
            old.execute(statement)
    old.close()
    restore(url, tmp_path / "old", LATER)
    with Store.open(url) as store:
        assert [t.task_id for t in store.tasks(1)] == [10]
        assert store.passes() == {}
        assert store.lease(1, "w", NOW, 60), "leases of then are gone"


def test_a_damaged_store_can_be_replaced(url: str, tmp_path: Path) -> None:
    """What is left of it is moved away as it is."""
    before = contents(url)
    backup(url, tmp_path / "copy")
    path = Path(url.removeprefix("sqlite:///"))
    path.write_bytes(b"damaged" * 1000)
    kept = restore(url, tmp_path / "copy", NOW)
    assert kept is not None
    assert kept.read_bytes() == b"damaged" * 1000
    assert contents(url) == before


def test_a_store_at_work_is_not_replaced(url: str, tmp_path: Path) -> None:
    """A live lease keeps the backup out, and its end lets it in."""
    backup(url, tmp_path / "copy")
    with Store.open(url) as store:
        assert store.lease(1, "host:1", NOW, 60)
    with pytest.raises(ConfigurationError, match=r"host:1 works on project 1: stop every worker"):
        restore(url, tmp_path / "copy", NOW)
    restore(url, tmp_path / "copy", NOW + timedelta(seconds=60))


def test_what_is_no_backup_is_refused(url: str, tmp_path: Path) -> None:
    """A file that is missing, another one, a damaged one, or one from the future."""
    before = contents(url)
    text, other, future, damaged = (tmp_path / n for n in ("text", "other", "future", "damaged"))
    text.write_text("no database " * 1000)
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE t (x)")
    made.close()
    backup(url, future)
    with sqlite3.connect(future) as made:
        made.execute("UPDATE meta SET value = '999'")
    made.close()
    backup(url, damaged)
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    for path, said in (
        (tmp_path / "missing", "there is no file"),
        (text, "is no backup of a store"),
        (other, "is no backup of a store"),
        (future, "schema 999"),
        (damaged, "is no backup of a store"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            restore(url, path, NOW)
    assert contents(url) == before


def test_where_a_backup_cannot_be_it_is_refused(url: str, tmp_path: Path) -> None:
    """A file that exists is not written over; a folder must be there, and a store."""
    (tmp_path / "there").write_text("mine")
    for target, said in (
        (tmp_path / "there", "exists already"),
        (tmp_path / "no" / "x", "written"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            backup(url, target)
    assert (tmp_path / "there").read_text() == "mine"
    with pytest.raises(ConfigurationError, match="there is no store at"):
        backup(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "copy")
    with pytest.raises(ConfigurationError, match="pg_dump"):
        backup("postgresql://u@h/d", tmp_path / "copy")


def test_the_commands(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`assay store backup` and `assay store restore` say where things are."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", url)
    before, file = contents(url), str(tmp_path / "copy")
    done = CliRunner().invoke(assay, ["store", "backup", file])
    assert (done.exit_code, file in done.output) == (0, True)
    done = CliRunner().invoke(assay, ["store", "restore", file])
    assert (done.exit_code, ".replaced-" in done.output) == (0, True)
    assert contents(url) == before


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_is_restored_by_its_own_tools(database_url: str, tmp_path: Path) -> None:
    """The commands of docs/operations.md give equal tables, and the worker goes on from them."""
    dump = tmp_path / "assay.dump"
    with Store.open(database_url) as store:
        fill(store)
    before = contents(database_url)
    pg_dump = [programs() / "pg_dump", "--format=custom", f"--file={dump}", database_url]
    subprocess.run(pg_dump, check=True)
    with Store.open(database_url) as store:
        expected = go_on(store)
    pg_restore = [programs() / "pg_restore", "--clean", "--if-exists", "--single-transaction"]
    subprocess.run([*pg_restore, f"--dbname={database_url}", dump], check=True)
    assert contents(database_url) == before
    with Store.open(database_url) as store:
        assert go_on(store) == expected
