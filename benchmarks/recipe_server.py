"""label-studio-ml's scikit-learn text recipe, served as label-studio-ml 2 serves a model.

It stands in for a server that the package index does not have. What it does at each request is
what was seen there (label-studio-ml 2.0.1dev, commit d02cedf): a new model object, which reads the
label config and writes and reads its version in a key-value store on SQLite; probabilities put
into a text for the log at any level; answers as the SDK's pydantic objects; the learned
pipeline itself is kept by the process and loaded at the first request.

    RECIPE_FOLDER=... gunicorn benchmarks.recipe_server:app --workers 1 --threads 8
"""

from __future__ import annotations

import logging
import os
import pickle
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask, Response, jsonify, request
from label_studio_sdk.label_interface import LabelInterface
from label_studio_sdk.label_interface.objects import PredictionValue
from pydantic import BaseModel

from benchmarks.recipe import Recipe

_log = logging.getLogger(__name__)
#: The pipeline, once a process.
_kept: dict[str, Recipe] = {}


class Reply(BaseModel):
    """All answers of a request."""

    model_version: str | None = None
    predictions: list[PredictionValue]


class KeyValues:
    """Texts by key on SQLite: a lock, a connection for each access, and memory of what was read."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self._read: dict[str, str | None] = {}
        with closing(sqlite3.connect(file)) as there, there:
            there.execute("CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value TEXT)")

    def put(self, key: str, value: str) -> None:
        with self._lock, closing(sqlite3.connect(self._file)) as there, there:
            there.execute("REPLACE INTO kv VALUES (?, ?)", (key, value))
        # All of it is forgotten, whatever was written.
        self._read.clear()

    def get(self, key: str) -> str | None:
        if key not in self._read:
            with self._lock, closing(sqlite3.connect(self._file)) as there, there:
                row = there.execute("SELECT value FROM kv WHERE key = ?", (key,)).fetchone()
            self._read[key] = None if row is None else row[0]
        return self._read.get(key)


class Model:
    """Made anew for every request."""

    def __init__(self, folder: Path, values: KeyValues, xml: str) -> None:
        self._folder, self._values = folder, values
        self._interface: Any = LabelInterface(xml)
        if values.get("label_config") != xml:
            values.put("label_config", xml)
        values.get("model_version")
        values.put("model_version", "recipe-1")

    def _pipeline(self, *, blank: bool = False) -> Recipe:
        if blank:
            return _kept.setdefault("it", Recipe())
        if "it" not in _kept:
            _kept["it"] = pickle.loads((self._folder / "model.pkl").read_bytes())
        return _kept["it"]

    def predict(self, tasks: Sequence[dict[str, Any]]) -> Reply:
        tag = next(iter(self._interface.controls))
        field = self._interface.get_object(tag.to_name[0]).value.lstrip("$")
        model = self._pipeline()
        shares = model.predict_proba([task["data"][field] for task in tasks])
        best = shares.argmax(axis=1)
        scores = shares[np.arange(len(best)), best]
        _log.debug(f"shares: {shares}, best: {best}, scores: {scores}")  # at any level, as there
        labels, predictions = model.labels, []
        for index, score in zip(best, scores, strict=True):
            region = {
                "from_name": tag.name,
                "to_name": tag.to_name[0],
                "type": "choices",
                "value": {"choices": [labels[index]]},
            }
            version = self._values.get("model_version")
            predictions.append(PredictionValue(result=[region], score=score, model_version=version))
        return Reply(predictions=predictions, model_version=self._values.get("model_version"))

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        model = self._pipeline(blank=True)
        model.fit(texts, labels)
        (self._folder / "model.pkl").write_bytes(pickle.dumps(model))


def create_app(folder: Path) -> Flask:
    app = Flask("recipe")
    values = KeyValues(folder / "cache.db")

    @app.get("/health")
    def health() -> Any:
        return {"status": "UP"}

    @app.post("/predict")
    def predict() -> Any:
        body: Any = request.json
        reply = Model(folder, values, body["label_config"]).predict(body["tasks"])
        return jsonify({"results": reply.model_dump()["predictions"]})

    @app.post("/webhook")
    def webhook() -> Any:
        body: Any = request.json
        Model(folder, values, body["label_config"]).fit(body["texts"], body["labels"])
        return {"status": "ok"}

    @app.before_request
    def _before() -> None:
        _log.debug("request headers: %s, body: %s", request.headers, request.get_data())

    @app.after_request
    def _after(response: Response) -> Response:
        _log.debug("status: %s, body: %s", response.status, response.get_data())
        return response

    return app


if "RECIPE_FOLDER" in os.environ:
    app = create_app(Path(os.environ["RECIPE_FOLDER"]))
