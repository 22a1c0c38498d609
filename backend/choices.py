"""The engine of each project, read again only where the settings file has changed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from backend.options import Chosen, chosen
from label_configs import LabelConfig
from sync.errors import ConfigurationError
from sync.settings import Settings

_log = logging.getLogger(__name__)

#: Label configs whose engines are remembered.
_REMEMBERED = 500

#: What tells one state of a file from another; None where there is no file.
_Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class _Known:
    stamp: _Stamp
    engine: Chosen
    #: What is wrong with the file, whose state before gave the engine.
    problem: str


class Choices:
    """What `options.chosen` says, and what it said last while the file is broken."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is read before it is asked for."""
        self._settings = settings
        self._known: dict[tuple[int, str], _Known] = {}
        self._stamp: _Stamp = None

    def look(self) -> None:
        """See whether the settings file has changed."""
        self._stamp = _stamp(self._settings.config)

    def of(self, project_id: int, config: LabelConfig) -> Chosen:
        """The project's engine, by the settings file as it was at the last look.

        Raises:
            ConfigurationError: the settings file is wrong, and was so since the start.
            Fatal: no engine serves the label config, or not the one that is named.
        """
        key, stamp = (project_id, config.xml), self._stamp
        known = self._known.get(key)
        if known is not None and known.stamp == stamp:
            return known.engine
        problem = ""
        try:
            engine = chosen(self._settings, project_id, config)
        except ConfigurationError as error:
            if known is None:
                raise
            # Once for each state of the file, since it is remembered below.
            _log.error("project %s: going on with the engine of before: %s", project_id, error)
            engine, problem = known.engine, str(error)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = _Known(stamp, engine, problem)
        return engine

    def check(self, project_id: int, config: LabelConfig) -> None:
        """See that the engine is what the settings file says, and not what it said before.

        Raises:
            ConfigurationError: the settings file is wrong.
            Fatal: no engine serves the label config, or not the one that is named.
        """
        self.of(project_id, config)
        known = self._known.get((project_id, config.xml))
        if known is not None and known.problem:
            raise ConfigurationError(known.problem)


def _stamp(file: Path) -> _Stamp:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
