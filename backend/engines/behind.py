"""One ML backend behind Assay: its client, what waits for it, its versions and its answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.engines.answer_cache import AnswerCache
from backend.progress import Progress
from sync.errors import describe
from sync.generator import Failure, Generator, Group, Item, Line, Proposal, pace_of
from sync.records import Json

_log = logging.getLogger(__name__)

#: Tasks that may wait for one backend, whoever asked for them.
MOST_WAITING = 50_000
#: Seconds that /setup may take in the background, that the first question waits for it, and
#: after which it is told the label config again, to learn of a new version.
SETUP_SECONDS, FIRST_SECONDS, REFRESH_SECONDS = 30.0, 3.0, 60.0
_FILE = "upstream.sqlite"


@dataclass(frozen=True)
class Asked(Group):
    """A project's tasks, with where their answers are kept."""

    url: str = ""
    folder: Path | None = None
    #: Label Studio's address, which a backend may need for uploads.
    hostname: str = ""


@dataclass(eq=False)
class _Told:
    """What is known of the backend's version for a label config."""

    version: str = ""
    asked_at: float | None = None
    known: threading.Event = field(default_factory=threading.Event)


class Behind:
    """A client of one ML backend for all projects that use it."""

    def __init__(
        self,
        options: Any,
        user: str,
        password: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is sent before the first question.

        Args:
            options: of the engine `upstream`.
            user: for basic authentication, with `password`.
            password: the same.
            clock: seconds, for when to ask for the version again.
        """
        self.generator = Generator(options.url, user, password, seconds=options.timeout_seconds)
        self.line: Line[Group] = Line(
            self.generator.predict,
            pace_of(options.timeout_seconds, options.most_chunk),
            options.at_once,
            begun=self._begun,
            settled=self._settled,
            most_waiting=MOST_WAITING,
        )
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[Asked, _Told] = {}
        self._caches: dict[Path | None, AnswerCache] = {}
        self._progress: dict[Path | None, Progress] = {}

    def version(self, asked: Asked) -> str:
        """The version that /setup named; "" where none is known or it is another each time.

        Asked for in the background, and again from time to time; only the first question waits,
        and not for long.
        """
        with self._lock:
            told = self._told.setdefault(asked, _Told())
            now = self._clock()
            due = told.asked_at is None or now - told.asked_at >= REFRESH_SECONDS
            if due:
                told.asked_at = now
        if due:
            threading.Thread(
                target=self._refresh, args=(asked, told), name="setup", daemon=True
            ).start()
        told.known.wait(FIRST_SECONDS)
        # Who waited in vain has shown that waiting does not help.
        told.known.set()
        return told.version

    def _refresh(self, asked: Asked, told: _Told) -> None:
        try:
            version = self.generator.told(asked, SETUP_SECONDS, asked.hostname)
            if told.version != version and told.known.is_set():
                # A version that changes with each question says nothing.
                again = self.generator.told(asked, SETUP_SECONDS, asked.hostname)
                version = version if again == version else ""
            told.version = version
        except Failure:
            pass
        finally:
            told.known.set()

    def submit(self, asked: Asked, tasks: Mapping[bytes, Json]) -> list[Item[Group]]:
        """Let tasks wait under the keys of their answers."""
        return self.line.submit(asked, list(tasks.items()))

    def cache(self, asked: Asked) -> AnswerCache:
        """The answers of a project."""
        with self._lock:
            folder = asked.folder
            if folder not in self._caches:
                path = None if folder is None else folder / _FILE
                self._caches[folder] = AnswerCache(path)
            return self._caches[folder]

    def progress(self, asked: Asked) -> Progress:
        """How far a project's tasks are."""
        with self._lock:
            return self._progress.setdefault(asked.folder, Progress(asked.folder))

    def _begun(self, items: Sequence[Item[Any]]) -> None:
        with _unhindered():
            self.progress(items[0].group).asked(len(items))

    def _settled(self, items: Sequence[Item[Any]]) -> None:
        """Keep answers and count all; those that are given up are of any project."""
        by_group: dict[Asked, dict[Any, Proposal]] = {}
        for item in items:
            if item.proposal is not None:
                by_group.setdefault(item.group, {})[item.key] = item.proposal
        for asked, made in by_group.items():
            with _unhindered():
                self.cache(asked).put(made)
            with _unhindered():
                self.progress(asked).answered([p.reason if p.failed else "" for p in made.values()])


@contextmanager
def _unhindered() -> Iterator[None]:
    """A full disk costs what would be kept, and not those who wait for answers."""
    try:
        yield
    except Exception as error:
        _log.error("answers or their progress are not kept: %s", describe(error))
