"""How a project's last training went, beside its models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_STATUS = "status.json"


def write_status(home: Path, project_id: int, **values: Any) -> None:
    """Replace the status in one step."""
    folder = home / "models" / str(project_id)
    folder.mkdir(parents=True, exist_ok=True)
    building = folder / f".{_STATUS}"
    building.write_text(json.dumps(values, indent=1), encoding="utf-8")
    building.replace(folder / _STATUS)


def read_status(home: Path, project_id: int) -> dict[str, Any]:
    """State (idle, running, done or failed) with reason, times and version where known."""
    try:
        text = (home / "models" / str(project_id) / _STATUS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {"state": "idle"}
    found: dict[str, Any] = json.loads(text)
    return found
