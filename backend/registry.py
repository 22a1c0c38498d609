"""Models on disk, one folder a version, loaded once."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import skops.io

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


class Registry:
    """The models of all projects under one folder."""

    def __init__(self, folder: Path) -> None:
        """The folder, which holds one folder a project, is made when a model is published."""
        self._folder = folder
        self._lock = threading.Lock()
        #: The version in memory and what it learned, by project.
        self._loaded: dict[int, tuple[str, Any]] = {}

    def publish(self, project_id: int, engine: str, learned: Any, meta: dict[str, Any]) -> str:
        """Store a model under a version that names its content, and make it the current one.

        A reader sees the old version or the new one, never a part of it.
        """
        home = self._folder / str(project_id)
        home.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=home))
        try:
            skops.io.dump(learned, building / _MODEL, compression=ZIP_DEFLATED)
            text = json.dumps(meta | {"engine": engine}, sort_keys=True, indent=1)
            digest = hashlib.sha256(text.encode() + (building / _MODEL).read_bytes())
            version = f"{engine}@{digest.hexdigest()[:12]}"
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

    def load(self, project_id: int, version: str) -> Any:
        """What a version learned, read from disk the first time only.

        Raises:
            Fatal: the file holds types that our models do not have.
        """
        with self._lock:
            there, learned = self._loaded.get(project_id, ("", None))
            if there != version:
                learned = self._read(project_id, version)
                self._loaded[project_id] = (version, learned)
        return learned

    def _read(self, project_id: int, version: str) -> Any:
        file = self._folder / str(project_id) / version / _MODEL
        unknown = set(skops.io.get_untrusted_types(file=file))
        if not unknown <= TRUSTED:
            raise Fatal(
                f"model {version} holds types that Assay does not write "
                f"({', '.join(sorted(unknown - TRUSTED))}): delete its folder and train again"
            )
        return skops.io.load(file, trusted=sorted(unknown))
