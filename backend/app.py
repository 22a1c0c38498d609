"""The ML backend as a Flask app, spoken to as Label Studio 1.23 does."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from flask import Flask, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from backend.answers import Answers, Busy
from backend.bodies import Malformed, Predict, Setup, parse, project_of, rendered
from backend.hints import Hints
from backend.llm.spending import Spending
from backend.metrics import Metrics
from backend.models_routes import models_routes
from backend.progress_routes import add_progress
from backend.serving import Serving
from backend.shortcut import Shortcut
from backend.trainer import Trains, trainer_of
from sync.errors import Retriable, describe
from sync.settings import WAKING_ACTIONS, Settings
from sync.store import Store

_log = logging.getLogger(__name__)

_VERSION = version("label-studio-assay")
#: Bytes of a request's body, and of a webhook's, which holds one annotation with its task.
LARGEST_BODY, LARGEST_HOOK = 64 * 1024 * 1024, 16 * 1024 * 1024
_STARTED = "assay.started"


def create_app(
    settings: Settings, store_factory: Callable[[str], Store] = Store.open, *, warm: bool = False
) -> Flask:
    """The app.

    Args:
        settings: needs a backend password.
        store_factory: opens the store at a URL.
        warm: load the models of connected projects now, and new versions in the background.

    Raises:
        ConfigurationError: no password is set.
    """
    password = settings.require("backend_password")
    app = Flask("assay-backend", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    store = store_factory(settings.store_url)
    metrics = Metrics()
    metrics.registry.register(Spending(settings.home / "engines"))
    answers = Answers(store, Serving(settings), settings.queue_field)
    if warm:
        answers.warm()
    trainer = trainer_of(settings, store)
    guard = _Guard(settings.backend_user, password)
    _watch(app, metrics)
    predicted = _predicted(answers, metrics)
    _routes(app, guard, answers, predicted, metrics)
    login = (settings.backend_user, password)
    app.wsgi_app = Shortcut(app.wsgi_app, predicted, login, metrics)  # type: ignore[assignment]
    _webhook(app, guard, Hints(store), trainer, metrics)
    add_progress(app, guard.allows, _unauthorized, settings.home / "engines")
    models_routes(app, guard.allows, settings, store, trainer, metrics)
    return app


class _Guard:
    """Basic authentication, compared in constant time."""

    def __init__(self, user: str, password: str) -> None:
        self._wanted = f"{user}\0{password}".encode()

    def allows(self) -> bool:
        """Whether this request carries the right user and password."""
        try:
            given = request.authorization
        except ValueError:  # no base64
            return False
        if given is None or given.type != "basic":
            return False
        there = f"{given.username or ''}\0{given.password or ''}".encode()
        return hmac.compare_digest(there, self._wanted)


def _refuse(status: int, text: str) -> tuple[Response, int]:
    return jsonify({"error": text}), status


def _unauthorized() -> tuple[Response, int]:
    return _refuse(401, "user or password is wrong: see ASSAY_BACKEND_USER and _PASSWORD")


def _watch(app: Flask, metrics: Metrics) -> None:
    """Errors as JSON, and every request counted."""

    @app.errorhandler(Malformed)
    def _malformed(error: Malformed) -> tuple[Response, int]:
        return _refuse(400, str(error))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> tuple[Response, int]:
        return _refuse(error.code or 500, error.description or error.name)

    @app.errorhandler(Busy)
    def _full(error: Busy) -> tuple[Response, int]:
        return _refuse(503, str(error))

    @app.errorhandler(Retriable)
    def _busy(error: Retriable) -> tuple[Response, int]:
        _log.warning("%s: %s", request.path, error)
        return _refuse(503, "the store is busy or out of reach: try again")

    @app.errorhandler(Exception)
    def _unforeseen(error: Exception) -> tuple[Response, int]:
        _log.error("%s: %s", request.path, describe(error))
        return _refuse(500, "Assay's backend failed: its log says where")

    @app.before_request
    def _start() -> None:
        request.environ[_STARTED] = time.perf_counter()

    @app.after_request
    def _count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unknown"
        # A request that was refused before it began has no start.
        now = time.perf_counter()
        metrics.answered(route, response.status_code, now - request.environ.get(_STARTED, now))
        return response


def _raw(largest: int = LARGEST_BODY) -> bytes:
    """The request's body."""
    request.max_content_length = largest
    raw = request.get_data(cache=False)
    # A body of unknown length is cut at the limit without a word.
    if request.content_length is None and len(raw) >= largest:
        raise RequestEntityTooLarge
    return raw


def _body(largest: int = LARGEST_BODY) -> Any:
    """The request's JSON; None where it is none."""
    return parse(_raw(largest))


def _posted_project() -> Any:
    """The project that a body names, which may be empty."""
    body = _body() if request.content_length else {}
    if not isinstance(body, dict):
        raise Malformed("the body is not a JSON object")
    return body.get("project")


def _for_freeze() -> bool:
    return request.headers.get("X-Assay-Purpose") == "candidates"


def _predicted(answers: Answers, metrics: Metrics) -> Callable[[bytes, bool], bytes]:
    """From the body of a request for predictions, and whether a freeze asks, to the answer's."""

    def predicted(raw: bytes, for_freeze: bool) -> bytes:
        asked = Predict.read(parse(raw))
        elements, count = answers.predict(
            asked.project_id,
            asked.tasks,
            asked.label_config,
            for_freeze=for_freeze,
            context=asked.context,
        )
        for source, number in count.items():
            metrics.predictions.labels(source).inc(number)
        return rendered({"results": elements})

    return predicted


def _routes(
    app: Flask,
    guard: _Guard,
    answers: Answers,
    predicted: Callable[[bytes, bool], bytes],
    metrics: Metrics,
) -> None:
    @app.get("/")
    @app.get("/health")
    def health() -> Any:
        return {"status": "UP"}

    @app.get("/openapi.json")
    def openapi() -> Any:
        description = files("backend").joinpath("openapi.json").read_bytes()
        return Response(description, content_type="application/json")

    @app.post("/setup")
    def setup() -> Any:
        if not guard.allows():
            return _unauthorized()
        asked = Setup.read(_body())
        return answers.setup(asked.project_id, asked.schema, for_freeze=_for_freeze())

    @app.post("/predict")
    def predict() -> Any:
        if not guard.allows():
            return _unauthorized()
        answer = predicted(_raw(), _for_freeze())
        return Response(answer, content_type="application/json")

    @app.route("/versions", methods=["GET", "POST"])
    def versions() -> Any:
        if not guard.allows():
            return _unauthorized()
        named = request.args.get("project") if request.method == "GET" else _posted_project()
        # Label Studio names its project when it asks for /setup, and here it does not.
        found = answers.versions(None if named is None else project_of(named))
        return {"versions": found, "assay": _VERSION}

    @app.get("/metrics")
    def show_metrics() -> Any:
        if not guard.allows():
            return _unauthorized()
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)


def _webhook(app: Flask, guard: _Guard, hints: Hints, trainer: Trains, metrics: Metrics) -> None:
    @app.post("/webhook")
    def webhook() -> Any:
        # Before the body is read, which may be large.
        by_secret = hints.project_of(request.headers.get("X-Assay-Secret", ""))
        if by_secret is None and not guard.allows():
            return _refuse(401, "neither the webhook's secret nor user and password are right")
        body = _body(LARGEST_HOOK)
        if not isinstance(body, dict):
            raise Malformed("the body is not a JSON object")
        there = body.get("project")
        project_id = project_of(there.get("id") if isinstance(there, dict) else there)
        if by_secret not in (None, project_id):
            return _refuse(401, "the secret is another project's")
        if not hints.knows(project_id):
            _log.info("project %s: a webhook came, and Assay is not connected to it", project_id)
        elif body.get("action") in WAKING_ACTIONS:
            hints.give(project_id)
        elif body.get("action") == "START_TRAINING":
            metrics.trainings.inc()
            trainer.request(project_id)
        return {"status": "ok"}
