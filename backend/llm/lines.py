"""What is shared by all requests of a process: threads to an endpoint, and a project's storage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backend.llm.account import Account
from backend.llm.asking import Line, Outcome
from backend.llm.cache import Cache
from backend.llm.endpoint import Endpoint
from backend.llm.options import LlmOptions
from backend.llm.persistence import FIRST, Persistence
from backend.llm.storage import Storage


class Pool:
    """Threads that ask one endpoint; the same question is asked once at a time."""

    def __init__(self, at_once: int) -> None:
        """Threads start when there is something to ask."""
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="llm")
        self._lock = threading.Lock()
        self._asked: dict[str, Future[Outcome]] = {}

    def submit(self, key: str, ask: Callable[[], Outcome]) -> Future[Outcome]:
        """The answer to come to the question with this key."""
        with self._lock:
            there = self._asked.get(key)
            if there is not None and not there.cancelled():
                return there
            future = self._asked[key] = self._threads.submit(ask)
        future.add_done_callback(lambda done: self._forget(key, done))
        return future

    def _forget(self, key: str, done: Future[Outcome]) -> None:
        with self._lock:
            if self._asked.get(key) is done:
                del self._asked[key]


@dataclass(frozen=True)
class _Way:
    """What all projects share that ask one endpoint with one key."""

    endpoint: Endpoint
    persistence: Persistence


class Lines:
    """Opened when they are first needed, so that a process that forks shares none."""

    def __init__(self, pause: float = FIRST) -> None:
        """Nothing is opened yet; the first pause before another try is at most so many seconds."""
        self._pause = pause
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, int], Pool] = {}
        self._ways: dict[tuple[str, int, int, str], _Way] = {}
        self._storages: dict[Path, Storage] = {}

    def pool(self, options: LlmOptions) -> Pool:
        """The threads to the endpoint, which all projects share."""
        with self._lock:
            key = (options.url, options.at_once)
            if key not in self._pools:
                self._pools[key] = Pool(options.at_once)
            return self._pools[key]

    def line(self, options: LlmOptions, key: str, folder: Path | None) -> Line:
        """A project's way to the endpoint.

        Args:
            options: the project's.
            key: the endpoint's, which may be empty.
            folder: where the project's account and answers are kept; None for memory.
        """
        way, storage = self._way(options, key), self._storage(folder)
        return Line(
            endpoint=way.endpoint,
            persistence=way.persistence,
            account=Account(storage, options),
            cache=Cache(storage, options.cache_megabytes),
        )

    def _storage(self, folder: Path | None) -> Storage:
        if folder is None:
            return Storage(None)
        with self._lock:
            if folder not in self._storages:
                self._storages[folder] = Storage(folder)
            return self._storages[folder]

    def _way(self, options: LlmOptions, key: str) -> _Way:
        """Shared, so that connections stay open, and all wait where one is asked to."""
        with self._lock:
            shared = (options.url, options.at_once, options.retries, key)
            if shared not in self._ways:
                rng = np.random.default_rng()
                self._ways[shared] = _Way(
                    Endpoint(options.url, key, options.at_once),
                    Persistence(options.retries, rng, first=self._pause),
                )
            return self._ways[shared]
