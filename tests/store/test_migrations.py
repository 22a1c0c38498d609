"""A store that an earlier version made is brought up to date when it is opened."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sync.records import PassState
from sync.store import Store
from sync.store.schema import VERSION, metadata
from tests.store.released import VERSIONS, statements

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
def plain(database_url: str) -> Iterator[sa.Engine]:
    """The database without a store in between."""
    engine = sa.create_engine(database_url.replace("postgresql:", "postgresql+pg8000:"))
    yield engine
    engine.dispose()


def make(engine: sa.Engine, version: int) -> None:
    with engine.begin() as connection:
        for statement in statements(version, engine.dialect.name):
            connection.exec_driver_sql(statement)


def contents(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as the driver gives it."""
    found = sa.MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in found.sorted_tables
        }


def differences(engine: sa.Engine) -> list[Any]:
    """How the tables differ from those that the code describes, as Alembic sees it."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def defaults(engine: sa.Engine) -> dict[str, dict[str, str | None]]:
    """What the database itself puts where nothing is given; Alembic cannot compare JSON's."""
    inspector = sa.inspect(engine)
    return {
        name: {column["name"]: column["default"] for column in inspector.get_columns(name)}
        for name in inspector.get_table_names()
    }


def test_a_new_store_has_the_tables_of_the_code(database_url: str, plain: sa.Engine) -> None:
    """Alembic sees no difference, so that it would see one in a store that was migrated."""
    Store.open(database_url).close()
    assert differences(plain) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_every_released_store_is_brought_up_to_date(
    database_url: str, plain: sa.Engine, version: int
) -> None:
    """It then has the tables of a new one, and every row that it had."""
    make(plain, version)
    before = contents(plain)
    Store.open(database_url).close()
    assert differences(plain) == []
    after = contents(plain)
    assert after["meta"] == [{"key": "schema", "value": str(VERSION)}]
    for name in before.keys() - {"meta"}:
        assert len(before[name]) == 1
        old, new = before[name][0], after[name][0]
        assert {column: new[column] for column in old} == old
    migrated = defaults(plain)
    metadata.drop_all(plain)
    Store.open(database_url).close()
    assert defaults(plain) == migrated


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_kept_can_be_read_and_written(
    database_url: str, plain: sa.Engine, version: int
) -> None:
    """A migrated store gives its records, with empty values for what it did not keep."""
    make(plain, version)
    with Store.open(database_url) as store:
        (task,) = store.tasks(1)
        assert (task.data, task.updated_at) == ({"text": "täxt"}, NOW)
        batch = store.batch(1, "b")
        assert batch is not None
        assert batch.weights == ({} if version == 1 else {"label": 2.0})
        assert batch.strata == {}
        assert store.placing(1) == (None if version == 1 else (10, NOW))
        store.begin_placing(1, 12, NOW)
        store.note_pass(1, started_at=NOW)
        assert store.placing(1) == (12, NOW)


def test_an_old_store_can_be_opened_by_all_at_once(database_url: str, plain: sa.Engine) -> None:
    """Of four that open a store of version 1 together one migrates it, and nobody fails."""
    make(plain, 1)
    failed: list[BaseException] = []
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        try:
            Store.open(database_url).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert differences(plain) == []


def test_a_migration_that_is_cut_off_leaves_the_old_store(
    database_url: str, plain: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are one transaction: after a failure in the last, the store is as it was."""
    make(plain, 1)
    before = contents(plain)

    def fail(_operations: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"sync.store.migrations.v{VERSION}.upgrade", fail)
    with pytest.raises(KeyboardInterrupt):
        Store.open(database_url)
    assert contents(plain) == before
    monkeypatch.undo()
    Store.open(database_url).close()
    assert differences(plain) == []


def test_a_store_that_is_up_to_date_does_not_load_alembic(tmp_path: Any) -> None:
    """Nor does a new one: only a store that must change pays for the tool that changes it."""
    url = f"sqlite:///{tmp_path / 'assay.db'}"
    code = (
        "import sys; from sync.store import Store\n"
        "for _ in range(2): Store.open(sys.argv[1]).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, url], check=False).returncode == 0


def test_a_store_that_is_being_written_to_can_be_opened(tmp_path: Any) -> None:
    """One that is up to date asks for no lock: a long write keeps nobody from starting."""
    url = f"sqlite:///{tmp_path / 'assay.db'}"
    with Store.open(url) as store, store._engine.begin():
        Store.open(url).close()


def test_a_pass_is_noted_field_by_field(database_url: str) -> None:
    """What is not named stays, and a project without a pass has no state."""
    with Store.open(database_url) as store:
        store.note_pass(1, started_at=NOW, holder="w")
        store.note_pass(1, failures=2, error="down", lag=1.5)
        expected = PassState(
            project_id=1, started_at=NOW, holder="w", failures=2, error="down", lag=1.5
        )
        assert store.pass_state(1) == expected
        assert store.passes() == {1: expected}
        assert store.pass_state(2) is None
