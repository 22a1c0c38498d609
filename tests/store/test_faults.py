"""A store that cannot be opened or reached says why, and whether trying again can help."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pg8000.native  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa

from sync.errors import ConfigurationError, Retriable
from sync.records import Project
from sync.store import Store

PROJECT = Project(project_id=1, title="t", label_config="<View/>", model_version="assay-1")

#: The driver leaves the socket of a connection that failed to the garbage collector.
leaves_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def collected() -> Iterator[None]:
    """What the test left behind is collected while its filters hold."""
    yield
    gc.collect()


@pytest.mark.parametrize("url", ["mysql://u:p@h/d", "postgres://u@h/d", "x", ""])
def test_an_unknown_database_is_named(url: str) -> None:
    """A URL of another database is refused with how it begins and what is allowed."""
    kind = url.split(":")[0]
    with pytest.raises(ConfigurationError, match=rf"'{kind}'.*allowed are sqlite:///FILE and"):
        Store.open(url)


def test_a_port_that_is_none_is_refused() -> None:
    """A malformed PostgreSQL URL is a wrong setting, and its password is not shown."""
    with pytest.raises(ConfigurationError, match="HOST:PORT") as refused:
        Store.open("postgresql://u:secret@h:abc/d")
    assert "secret" not in str(refused.value)


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    """A folder, a file as a folder and a file that is no database are wrong settings."""
    note = tmp_path / "note.txt"
    note.write_text("no database" * 100, encoding="utf-8")
    for path in (tmp_path, note / "assay.db", note):
        with pytest.raises(ConfigurationError, match=r"cannot be opened.*ASSAY_DATABASE_URL"):
            Store.open(f"sqlite:///{path}")


@leaves_sockets
@pytest.mark.usefixtures("collected")
def test_a_server_that_does_not_answer_may_answer_later(port: int) -> None:
    """A refused connection is worth another try, and the password is not shown."""
    with pytest.raises(Retriable, match=r"cannot be opened \(Connection refused\)") as refused:
        Store.open(f"postgresql://u:secret@127.0.0.1:{port}/d")
    assert "secret" not in str(refused.value)
    assert "source_address" not in str(refused.value)


@leaves_sockets
@pytest.mark.usefixtures("collected")
def test_a_database_or_account_that_is_not_there_is_a_wrong_setting(postgresql: str) -> None:
    """The server's own words name what is missing."""
    with pytest.raises(ConfigurationError, match='"nowhere" does not exist'):
        Store.open(postgresql.rsplit("/", 1)[0] + "/nowhere")
    with pytest.raises(ConfigurationError, match='"nobody" does not exist'):
        Store.open(postgresql.replace("assay@", "nobody@"))


def test_a_schema_from_the_future_is_refused(database_url: str) -> None:
    """An older Assay does not write into a newer one's tables."""
    with Store.open(database_url) as store:
        store.save_project(PROJECT)
    engine = sa.create_engine(database_url.replace("postgresql:", "postgresql+pg8000:"))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE meta SET value = '999' WHERE key = 'schema'"))
    engine.dispose()
    with pytest.raises(ConfigurationError, match=r"schema 999 .* install the newer Assay"):
        Store.open(database_url)


@leaves_sockets
@pytest.mark.usefixtures("collected")
def test_a_lost_connection_is_worth_another_try(
    postgresql: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Reads and writes whose connection is cut are Retriable, told once, and the next ones work."""
    port = int(postgresql.rsplit(":", 1)[1].split("/")[0])
    admin = pg8000.native.Connection("assay", host="127.0.0.1", port=port, database="postgres")
    with Store.open(postgresql) as store:

        def cut(_connection: sa.Connection) -> None:
            admin.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

        for use in (store.projects, lambda: store.save_project(PROJECT)):
            sa.event.listen(store._engine, "begin", cut)
            with pytest.raises(Retriable, match="out of reach"):
                use()
            sa.event.remove(store._engine, "begin", cut)
            use()
    admin.close()
    assert caplog.messages == []


def test_a_full_lock_queue_is_worth_another_try(tmp_path: Path) -> None:
    """SQLite's "database is locked" reaches the caller as Retriable."""
    url = f"sqlite:///{tmp_path / 'assay.db'}"
    with Store.open(url) as first, Store.open(url) as second:
        with second._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        with first._engine.begin(), pytest.raises(Retriable, match="locked"):
            second.save_project(PROJECT)
