"""Workers of jobs, and a Redis of our own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.store import Store
from tests.jobs.workshop import RedisServer, Workshop
from tests.postgresql import new_database


@pytest.fixture
def redis(tmp_path: Path, wait_until: Callable[..., None]) -> Iterator[RedisServer]:
    """A running Redis with a password."""
    if shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed: apt-get install redis-server")
    server = RedisServer(tmp_path)
    try:
        server.start()
        wait_until(server.answers)
        yield server
    finally:
        server.stop()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened


@pytest.fixture(params=["polling", "redis"])
def workshop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workshop]:
    """A store, and workers that look into it or are woken by Redis; on PostgreSQL where asked."""
    woken = request.param != "polling"
    redis_url = request.getfixturevalue("redis").url if woken else ""
    url = f"sqlite:///{tmp_path / 'assay.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgresql"))
    shop = Workshop(url, tmp_path, redis_url)
    yield shop
    for worker in shop.workers:
        worker.stop()
