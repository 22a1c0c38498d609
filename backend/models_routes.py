"""Routes for models and trainings, which the command line asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, request

from backend.bodies import Malformed, parse, project_of
from backend.metrics import Metrics
from backend.registry import Registry, trained_part
from backend.status import read_status
from backend.trainer import Trains
from sync.errors import ConfigurationError
from sync.records import Json
from sync.settings import Settings
from sync.store import Store
from sync.worker.once import utc_now


def models_routes(
    app: Flask,
    allows: Callable[[], bool],
    settings: Settings,
    store: Store,
    trainer: Trains,
    metrics: Metrics,
) -> None:
    """Add the routes /models, /models/use, /models/<version>, /train and /status.

    Args:
        app: answers errors as JSON.
        allows: whether the request at hand carries the right user and password.
        settings: say where the models are.
        store: knows which projects are connected, and which versions frozen batches name.
        trainer: starts trainings.
        metrics: count them.
    """
    registry = Registry(settings.home / "models")

    def connected(named: Any) -> int:
        _check(allows)
        project_id = project_of(named)
        if store.project(project_id) is None:
            abort(404, f"Assay is not connected to project {project_id}: run assay connect")
        return project_id

    _models(app, connected, allows, registry, store)

    @app.post("/train")
    def train() -> Any:
        project_id = connected(_body(allows).get("project"))
        asked = utc_now()
        metrics.trainings.inc()
        trainer.request(project_id)
        return {"requested": asked.isoformat()}

    @app.get("/status")
    def status() -> Any:
        return read_status(settings.home, connected(request.args.get("project")))


def _models(
    app: Flask,
    connected: Callable[[Any], int],
    allows: Callable[[], bool],
    registry: Registry,
    store: Store,
) -> None:
    def frozen(project_id: int) -> set[str]:
        return {trained_part(version) for version in store.generator_versions(project_id)}

    @app.get("/models")
    def models() -> Any:
        project_id = connected(request.args.get("project"))
        named = frozen(project_id)
        return {
            "models": [
                {"version": v.name, "current": v.is_current, "frozen": v.name in named, **v.meta}
                for v in registry.versions(project_id)
            ]
        }

    @app.post("/models/use")
    def use() -> Any:
        body = _body(allows)
        project_id, version = connected(body.get("project")), _text(body, "version")
        try:
            registry.use(project_id, version)
        except ConfigurationError as error:
            abort(404, str(error))
        return {"version": version}

    @app.delete("/models/<version>")
    def remove(version: str) -> Any:
        project_id = connected(request.args.get("project"))
        if version in frozen(project_id) and request.args.get("force") != "true":
            abort(
                409,
                f"the candidates of a frozen batch came from model {version}: it is kept so that "
                "they can be made again, unless it is removed with --force",
            )
        try:
            registry.remove(project_id, version)
        except ConfigurationError as error:
            abort(409 if version == registry.current(project_id) else 404, str(error))
        return {"version": version}


def _check(allows: Callable[[], bool]) -> None:
    if not allows():
        abort(401, "user or password is wrong: see ASSAY_BACKEND_USER and _PASSWORD")


def _body(allows: Callable[[], bool]) -> Json:
    """The request's JSON object, read only for those who may ask."""
    _check(allows)
    body = parse(request.get_data(cache=False))
    if not isinstance(body, dict):
        raise Malformed("the body is not a JSON object")
    return body


def _text(body: Json, key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise Malformed(f'"{key}" is missing or not a text')
    return value
