"""How a project's last training went, beside its models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backend.disk import is_locked, replace_text

_STATUS, _LOCK = "status.json", ".training"


def training_lock(home: Path, project_id: int) -> Path:
    """The file that a process locks while it trains the project."""
    return home / "models" / str(project_id) / _LOCK


def write_status(home: Path, project_id: int, **values: Any) -> None:
    """Replace the status in one step."""
    folder = home / "models" / str(project_id)
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(folder / _STATUS, json.dumps(values, indent=1))


def read_status(home: Path, project_id: int) -> dict[str, Any]:
    """State (idle, running, done or failed) with reason, times and version where known.

    A training that was killed could not say so: nobody holds its lock any more.
    """
    found = _read(home, project_id)
    if found["state"] == "running" and not is_locked(training_lock(home, project_id)):
        # It may have ended between the two looks.
        found = _read(home, project_id)
        if found["state"] == "running":
            reason = "the training ended without a word, perhaps for lack of memory"
            return found | {"state": "failed", "reason": reason}
    return found


def _read(home: Path, project_id: int) -> dict[str, Any]:
    try:
        text = (home / "models" / str(project_id) / _STATUS).read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(text)
    except (FileNotFoundError, ValueError):
        return {"state": "idle"}
    return found
