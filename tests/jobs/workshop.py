"""A Redis of our own, and workers that share a store."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from sync.demo.processes import Child, free_port
from sync.jobs.bell import Bell
from sync.store.jobs import Job

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PASSWORD = "a-secret-of-redis"


def new(job_id: str, kind: str = "train", project_id: int = 1, **values: Any) -> Job:
    """A job that may begin."""
    known: dict[str, Any] = {"arguments": {}, "queued_at": NOW, **values}
    return Job(job_id=job_id, kind=kind, project_id=project_id, **known)


class RedisServer:
    """A Redis that keeps nothing when it ends."""

    def __init__(self, folder: Path) -> None:
        self._port, self._log = free_port(), folder / "redis.log"
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self._port}/0"
        self._process: Child | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--requirepass", PASSWORD]
        self._process = Child("Redis", command, {}, self._log)

    def answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as connection:
                return bool(connection.ping())
        except RedisError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None


class Workshop:
    """Workers that share a store, and jobs that go on when they are told to."""

    def __init__(self, url: str, folder: Path, redis_url: str) -> None:
        self.url, self.folder, self.bell = url, folder, Bell(redis_url)
        self.workers: list[Child] = []

    def worker(self) -> Child:
        name = f"worker {len(self.workers)}"
        command = [sys.executable, str(HERE / "a_worker.py"), self.url, str(self.folder)]
        command += [self.bell.url] if self.bell.url else []
        log = self.folder / f"{name}.log"
        self.workers.append(Child(name, command, {"PYTHONPATH": str(ROOT)}, log))
        return self.workers[-1]

    def go(self, job_id: str) -> None:
        (self.folder / f"go-{job_id}").touch()

    def account(self, what: str, job_id: str) -> list[int]:
        """The processes that did this, in order."""
        try:
            lines = [line.split() for line in (self.folder / "account").read_text().splitlines()]
        except FileNotFoundError:
            return []
        return [int(pid) for did, named, pid in lines if (did, named) == (what, job_id)]

    def logs(self) -> str:
        return "".join(worker.log.read_text() for worker in self.workers)
