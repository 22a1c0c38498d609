"""Models on disk, one folder a version, loaded once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import skops.io

from backend.engines import ENGINES, Model
from label_configs import LabelConfig
from sync.errors import Fatal

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


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model that is ready to answer."""

    version: str
    model: Model


class Registry:
    """The models of all projects under one folder."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when the first model is published."""
        self._folder = folder
        self._lock = threading.Lock()
        self._loaded: dict[tuple[int, str, str], Loaded] = {}

    def publish(self, project_id: int, engine: str, learned: Any, meta: dict[str, Any]) -> str:
        """Store a model under a version that names its content, and make it the current one.

        A reader sees the old version or the new one, never a part of it.
        """
        home = self._folder / str(project_id)
        home.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=home))
        try:
            skops.io.dump(learned, building / _MODEL)
            text = json.dumps(meta | {"engine": engine}, sort_keys=True, indent=1)
            digest = hashlib.sha256(text.encode() + os.urandom(16)).hexdigest()[:12]
            version = f"{engine}@{digest}"
            (building / _META).write_text(text, encoding="utf-8")
            building.rename(home / version)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        pointer = home / f".{_CURRENT}"
        pointer.write_text(version, encoding="utf-8")
        pointer.replace(home / _CURRENT)
        return version

    def current(self, project_id: int) -> str | None:
        """The version that answers now; None before the first training."""
        try:
            return (self._folder / str(project_id) / _CURRENT).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def versions(self, project_id: int) -> list[str]:
        """All versions, oldest first."""
        home = self._folder / str(project_id)
        if not home.is_dir():
            return []
        found = [path for path in home.iterdir() if (path / _META).is_file()]
        return [path.name for path in sorted(found, key=lambda p: p.stat().st_mtime)]

    def load(self, project_id: int, version: str, config: LabelConfig) -> Loaded:
        """The model of a version, read from disk the first time only.

        Raises:
            Fatal: the file holds types that our models do not have.
        """
        key = (project_id, version, config.xml)
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._read(project_id, version, config)
            return self._loaded[key]

    def _read(self, project_id: int, version: str, config: LabelConfig) -> Loaded:
        file = self._folder / str(project_id) / version / _MODEL
        unknown = set(skops.io.get_untrusted_types(file=file))
        if not unknown <= TRUSTED:
            raise Fatal(
                f"model {version} holds types that Assay does not write "
                f"({', '.join(sorted(unknown - TRUSTED))}): delete its folder and train again"
            )
        learned = skops.io.load(file, trusted=sorted(unknown))
        engine = ENGINES[version.split("@", 1)[0]]
        return Loaded(version=version, model=engine.model(learned, config))
