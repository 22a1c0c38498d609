"""GET /progress: how far a project's running or last predictions are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, request

from backend.bodies import project_of
from backend.progress import read


def add_progress(
    app: Flask, allows: Callable[[], bool], refuse: Callable[[], Any], home: Path
) -> None:
    """Add the route.

    Args:
        app: where to.
        allows: whether the request has the right user and password.
        refuse: what one that has not is answered with.
        home: the folder of the engines.
    """

    @app.get("/progress")
    def progress() -> Any:
        if not allows():
            return refuse()
        project_id = project_of(request.args.get("project"))
        return {"project": project_id, **read(home / str(project_id))}
