"""Models on disk, one folder a version, loaded once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import skops.io

from backend.disk import locked, replace_text
from sync.errors import ConfigurationError, Fatal
from sync.records import Json

#: Private types of scikit-learn and numpy that our own models hold; nothing else is loaded.
TRUSTED = frozenset(
    {
        "numpy.dtype",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
    }
)

_MODEL, _META, _CURRENT = "model.skops", "meta.json", "current"
_VERSION = re.compile(r"[a-z0-9_]+@[0-9a-f]{12}\Z")


@dataclass(frozen=True, kw_only=True)
class Version:
    """A model of a project."""

    name: str
    #: Whether it is the one that answers.
    is_current: bool
    #: Its account, as `publish` was given it.
    meta: Json


def trained_part(version: str) -> str:
    """The name of the model in a generator's version.

    An engine that also has a version of its own puts it before: "llm@<own>+<model>".
    """
    engine, _, rest = version.partition("@")
    return f"{engine}@{rest.rpartition('+')[2]}"


class Registry:
    """The models of all projects under one folder."""

    def __init__(self, folder: Path) -> None:
        """The folder, which holds one folder a project, is made when a model is published."""
        self._folder = folder
        self._lock = threading.Lock()
        #: The version in memory and what it learned, by project.
        self._loaded: dict[int, tuple[str, Any]] = {}

    def publish(
        self, project_id: int, engine: str, learned: Any, meta: Json, *, use: bool = True
    ) -> str:
        """Store a model under a version that names its content, and make it the current one.

        A reader sees the old version or the new one, never a part of it; what a process left half
        done is removed.

        Args:
            project_id: Label Studio's id.
            engine: the engine's name, which the version begins with.
            learned: what the engine's `fit` gave.
            meta: the account that stands beside it.
            use: whether it answers from now on.
        """
        home = self._home(project_id)
        with self._changing(project_id):
            for left in home.glob(".building-*"):
                shutil.rmtree(left, ignore_errors=True)
            building = Path(tempfile.mkdtemp(prefix=".building-", dir=home))
            try:
                version = self._build(building, engine, learned, meta)
                building.rename(home / version)
            except BaseException:
                shutil.rmtree(building, ignore_errors=True)
                raise
            if use:
                replace_text(home / _CURRENT, version)
        return version

    def _build(self, building: Path, engine: str, learned: Any, meta: Json) -> str:
        skops.io.dump(learned, building / _MODEL, compression=ZIP_DEFLATED)
        with (building / _MODEL).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            # Else the name could outlive a power cut, and the model not.
            os.fsync(file.fileno())
        text = json.dumps(meta | {"engine": engine}, sort_keys=True, indent=1)
        digest.update(text.encode())
        replace_text(building / _META, text)
        return f"{engine}@{digest.hexdigest()[:12]}"

    def current(self, project_id: int) -> str | None:
        """The version that answers now; None before the first training."""
        try:
            return (self._home(project_id) / _CURRENT).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def versions(self, project_id: int) -> list[Version]:
        """All versions of a project, newest first."""
        home, current = self._home(project_id), self.current(project_id)
        found = [
            Version(name=folder.name, is_current=folder.name == current, meta=_account(folder))
            for folder in (home.iterdir() if home.is_dir() else ())
            if _VERSION.match(folder.name)
        ]
        return sorted(found, key=lambda v: (str(v.meta.get("trained_at", "")), v.name))[::-1]

    def use(self, project_id: int, version: str) -> None:
        """Let another version answer from now on.

        Raises:
            ConfigurationError: there is no such version.
        """
        with self._changing(project_id):
            self._check(project_id, version)
            replace_text(self._home(project_id) / _CURRENT, version)

    def remove(self, project_id: int, version: str) -> None:
        """Delete a version that does not answer.

        Raises:
            ConfigurationError: there is no such version, or it is the one that answers.
        """
        with self._changing(project_id):
            self._check(project_id, version)
            if version == self.current(project_id):
                raise ConfigurationError(
                    f"model {version} is in use: let another one answer first "
                    "(assay models use VERSION)"
                )
            self._delete(project_id, version)

    def prune(self, project_id: int, keep: int, named: Collection[str]) -> list[str]:
        """Delete the oldest versions beyond `keep`; their names.

        The one that answers stays, and so do those that are named.
        """
        with self._changing(project_id):
            old = self.versions(project_id)[keep:]
            gone = [v.name for v in old if not v.is_current and v.name not in named]
            for version in gone:
                self._delete(project_id, version)
        return gone

    def load(self, project_id: int, version: str) -> Any:
        """What a version learned, read from disk the first time only.

        Raises:
            Fatal: the file holds types that our models do not have.
        """
        with self._lock:
            there, learned = self._loaded.get(project_id, ("", None))
            if there != version:
                learned = self.read(project_id, version)
                self._loaded[project_id] = (version, learned)
        return learned

    def read(self, project_id: int, version: str) -> Any:
        """What a version learned, read from disk.

        Raises:
            Fatal: the file holds types that our models do not have.
        """
        file = self._home(project_id) / version / _MODEL
        unknown = set(skops.io.get_untrusted_types(file=file))
        if not unknown <= TRUSTED:
            raise Fatal(
                f"model {version} holds types that Assay does not write "
                f"({', '.join(sorted(unknown - TRUSTED))}): delete its folder and train again"
            )
        return skops.io.load(file, trusted=sorted(unknown))

    def _home(self, project_id: int) -> Path:
        return self._folder / str(project_id)

    def _changing(self, project_id: int) -> AbstractContextManager[None]:
        """One change at a time: a version is not deleted while somebody puts it to use."""
        return locked(self._home(project_id) / ".changing")

    def _check(self, project_id: int, version: str) -> None:
        if not (_VERSION.match(version) and (self._home(project_id) / version).is_dir()):
            known = ", ".join(v.name for v in self.versions(project_id)) or "none"
            raise ConfigurationError(
                f"project {project_id} has no model {version!r} (there are: {known})"
            )

    def _delete(self, project_id: int, version: str) -> None:
        gone = self._home(project_id) / f".building-gone-{version}"
        (self._home(project_id) / version).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _account(folder: Path) -> Json:
    """A version's account; empty where somebody broke the file."""
    try:
        found = json.loads((folder / _META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
