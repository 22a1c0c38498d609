"""Which model answers for a project now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from backend.choices import Choices
from backend.engines import ENGINES, Model, Surroundings
from backend.options import Chosen
from backend.registry import Registry
from backend.uploads import uploads_of
from label_configs import LabelConfig
from sync.errors import Fatal, describe
from sync.settings import Settings

_log = logging.getLogger(__name__)

#: Seconds between two looks for new versions.
_LOOK = 0.5
#: Seconds before a version that could not be loaded is tried again.
_RETRY = 30.0
#: Label configs of one project whose models are kept: a changed one is asked beside the old one.
_CONFIGS = 3


@dataclass(frozen=True)
class Served:
    """A model with the version that it answers under."""

    model: Model
    version: str


@dataclass(frozen=True)
class _Ready:
    """A model, and what it was made of."""

    engine: Chosen
    config: LabelConfig
    served: Served


class Serving:
    """The models of all projects, each loaded once.

    A new version is loaded beside the one that answers, which goes on until the new one is ready;
    one that cannot be loaded leaves it in place.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is loaded before it is asked for."""
        self._settings, self._clock = settings, clock
        self._registry = Registry(settings.home / "models")
        self._fetch = uploads_of(settings)
        self._choices = Choices(settings)
        self._loading = threading.RLock()
        self._ready: dict[int, list[_Ready]] = {}
        #: The trained version of each project that answers now.
        self._current: dict[int, str] = {}
        #: The version that could not be loaded, why, and when it is tried again.
        self._broken: dict[int, tuple[str, Exception, float]] = {}
        self._arounds: dict[int, Surroundings] = {}
        self._watcher: threading.Thread | None = None

    def version(self, project_id: int, config: LabelConfig) -> str:
        """The generator's newest version; empty before the first training.

        Raises:
            Fatal: no engine serves the label config, a setting is wrong, or the model is broken.
        """
        self._choices.look()
        self._choices.check(project_id, config)
        engine = self._choices.of(project_id, config)
        return self._whole(project_id, engine, config, self._newest(project_id))

    def check(self, project_id: int, config: LabelConfig) -> None:
        """See that what answers is what the settings file asks for.

        Raises:
            Fatal: the file is wrong, so that the engine of before answers, or none.
        """
        self._choices.check(project_id, config)

    def model(self, project_id: int, config: LabelConfig) -> Served | None:
        """The model that answers now; None before the first training.

        Raises:
            Fatal: no engine serves the label config, a setting is wrong, or the model is broken.
        """
        if not self._watched():
            self._choices.look()
        engine = self._choices.of(project_id, config)
        # Asked once: a training that ends meanwhile must not lend its version to these answers.
        trained = self._trained(project_id)
        version = self._whole(project_id, engine, config, trained)
        if not version:
            return None
        for ready in self._ready.get(project_id, ()):
            same = ready.config is config or ready.config.xml == config.xml
            if same and ready.served.version == version and ready.engine == engine:
                return ready.served
        with self._loading:
            return self._make(project_id, engine, config, trained)

    def trained(self, project_id: int) -> list[str]:
        """All trained versions of a project, newest first."""
        return [version.name for version in self._registry.versions(project_id)]

    def look(self) -> None:
        """See to changed settings, and load what is new of projects that have been asked for."""
        self._choices.look()
        for project_id in list(self._current):
            # Whatever goes wrong is logged there, and the next look comes soon.
            with suppress(Exception):
                self._newest(project_id)

    def watch(self) -> None:
        """Look for ever, in the background, so that requests need not: each look takes a while."""

        def work() -> None:
            while True:
                time.sleep(_LOOK)
                self.look()

        self._choices.look()
        self._watcher = threading.Thread(target=work, daemon=True, name="new versions")
        self._watcher.start()

    def _watched(self) -> bool:
        # A process that is forked off loses the thread.
        return self._watcher is not None and self._watcher.is_alive()

    def _trained(self, project_id: int) -> str:
        """The trained version that answers; empty where there is none."""
        there = self._current.get(project_id)
        if there is None:
            return self._newest(project_id)
        if not self._watched():
            with suppress(Exception):
                return self._newest(project_id)
        return there

    def _newest(self, project_id: int) -> str:
        version = self._registry.current(project_id)
        if version is None:
            self._current.pop(project_id, None)
            return ""
        if version != self._current.get(project_id):
            with self._loading:
                self._load(project_id, version)
        return version

    def _load(self, project_id: int, version: str) -> None:
        """Make a version ready for all that is asked of the project, then let it answer."""
        if self._current.get(project_id) == version:  # another thread was first
            return
        broken, why, again = self._broken.get(project_id, ("", Fatal(""), 0.0))
        if broken == version and self._clock() < again:
            raise why
        try:
            self._registry.load(project_id, version)
            for ready in self._ready.get(project_id, ()):
                if version.startswith(f"{ready.engine.name}@"):
                    self._make(project_id, ready.engine, ready.config, version)
        except Exception as error:
            self._broken[project_id] = (version, error, self._clock() + _RETRY)
            _log.error("project %s: %s is not loaded: %s", project_id, version, describe(error))
            raise
        self._current[project_id] = version
        _log.info("project %s: answers come from %s", project_id, version)

    def _make(self, project_id: int, engine: Chosen, config: LabelConfig, trained: str) -> Served:
        version = self._whole(project_id, engine, config, trained)
        for ready in self._ready.get(project_id, ()):
            if (ready.served.version, ready.engine, ready.config) == (version, engine, config):
                return ready.served  # another thread was first
        if not version.startswith(f"{engine.name}@"):
            raise Fatal(f"model {version} is not of the engine {engine.name}: train again")
        own = trained.startswith(f"{engine.name}@")
        learned = self._registry.load(project_id, trained) if own else None
        model = ENGINES[engine.name].model(learned, config, self._around(project_id, engine))
        served = Served(model, version)
        others = [r for r in self._ready.get(project_id, []) if r.config.xml != config.xml]
        # Replaced and not changed: other threads read it without a lock.
        self._ready[project_id] = [_Ready(engine, config, served), *others][:_CONFIGS]
        return served

    def _whole(self, project_id: int, engine: Chosen, config: LabelConfig, trained: str) -> str:
        """The version of an engine with what it learned; empty where it has to learn first."""
        if not trained.startswith(f"{engine.name}@"):
            if not engine.starts:
                return trained
            trained = ""
        own = ENGINES[engine.name].version(self._around(project_id, engine), config)
        if not trained:
            return f"{engine.name}@{own}"
        return f"{engine.name}@{own}+{trained.partition('@')[2]}" if own else trained

    def _around(self, project_id: int, engine: Chosen) -> Surroundings:
        known = self._arounds.get(project_id)
        if known is None or known.options is not engine.options:
            known = self._arounds[project_id] = Surroundings(
                options=engine.options,
                fetch=self._fetch,
                settings=self._settings,
                folder=self._settings.home / "engines" / str(project_id),
                project_id=project_id,
            )
        return known
