"""Trainings that start by themselves, after so many new annotations."""

from __future__ import annotations

import fcntl
import logging
import threading

import label_configs
from backend.options import chosen
from backend.status import read_status
from backend.trainer import Trains, trainer_of
from sync.errors import AssayError, describe
from sync.records import Project
from sync.settings import Settings
from sync.store import Store

_log = logging.getLogger(__name__)

#: Seconds between two looks at the store.
_PAUSE = 10.0


class Automatic:
    """Counts annotations in the store, in one process of a host however many serve."""

    def __init__(self, settings: Settings, store: Store, trainer: Trains) -> None:
        """Nothing is counted before `start`."""
        self._settings, self._store, self._trainer = settings, store, trainer
        #: Annotations at the last request, by project: a training that cannot even start must not
        #: be asked for again and again.
        self._asked: dict[int, int] = {}
        self._warned: dict[int, str] = {}
        self._stopped = threading.Event()

    def start(self) -> None:
        """Count in the background, until `stop` or as long as the process lives."""
        threading.Thread(target=self._run, daemon=True, name="automatic training").start()

    def stop(self) -> None:
        """Count no more; another process of the host goes on from here."""
        self._stopped.set()

    def _run(self) -> None:
        path = self._settings.home / "models" / ".automatic"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w") as file:
                # Another process of this host counts; when it ends, its lock goes with it.
                while not _taken(file.fileno()):
                    if self._stopped.wait(_PAUSE):
                        return
                self.look()
                while not self._stopped.wait(_PAUSE):
                    self.look()
        except OSError as error:
            _log.error("no training starts by itself: %s", describe(error))

    def look(self) -> None:
        """Ask for the trainings that are due."""
        try:
            projects = self._store.projects()
        except AssayError as error:
            _log.warning("annotations are not counted: %s", describe(error))
            return
        for project in projects:
            try:
                self._look(project)
            except Exception as error:
                told = describe(error)
                if self._warned.get(project.project_id) != told:
                    _log.warning(
                        "project %s: nothing trains by itself: %s", project.project_id, told
                    )
                self._warned[project.project_id] = told

    def _look(self, project: Project) -> None:
        project_id = project.project_id
        if not self._settings.engine(project_id).get("train_every"):
            return
        config = label_configs.parse(project.label_config)
        every = chosen(self._settings, project_id, config).train_every
        there = self._store.count_training_annotations(project_id)
        trained = int(read_status(self._settings.home, project_id).get("counted", 0))
        # Annotations may be deleted, and then fewer are there than were counted.
        since = max(min(trained, there), min(self._asked.get(project_id, 0), there))
        if there - since >= every:
            self._asked[project_id] = there
            _log.info("project %s: %s new annotations, so it trains", project_id, there - since)
            self._trainer.request(project_id)


def start_automatic(settings: Settings) -> None:
    """Start counting, with a connection to the store of its own."""
    store = Store.open(settings.store_url)
    Automatic(settings, store, trainer_of(settings, store)).start()


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
