"""Workers of jobs, and a Redis of our own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.store import Store
from tests.jobs.workshop import RedisServer, Workshop


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
    """A store in a file, and workers that look into it or are woken by Redis."""
    url = request.getfixturevalue("redis").url if request.param == "redis" else ""
    shop = Workshop(f"sqlite:///{tmp_path / 'assay.db'}", tmp_path, url)
    yield shop
    for worker in shop.workers:
        worker.stop()
