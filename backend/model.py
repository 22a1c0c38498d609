"""The same answers as a `LabelStudioMLBase` model, for servers that host such classes."""

from __future__ import annotations

import subprocess
from functools import cache
from typing import Any

from label_studio_ml.model import LabelStudioMLBase

from backend.answers import Answers
from backend.bodies import Malformed, Predict, project_of
from backend.serving import Serving
from backend.trainer import command
from sync.jobs.bell import enqueue
from sync.settings import Settings, model_version
from sync.store import Store


@cache
def _answers() -> Answers:
    """Made once a process: hosts make a new object for every request."""
    settings = Settings.load()
    store = Store.open(settings.store_url)
    answers = Answers(store, Serving(settings), settings.queue_field)
    answers.warm()
    return answers


class AssayModel(LabelStudioMLBase):  # type: ignore[misc]
    """Answers from the frozen ledger or from the project's trained model."""

    #: Neither labels nor a changed project train: our own verdicts change the project.
    TRAIN_EVENTS = ("START_TRAINING",)

    def setup(self) -> None:
        """Name the one version of the project; label-studio-ml 2 calls this, 1.0.9 does not."""
        if getattr(self, "project_id", None):
            self.set("model_version", model_version(project_of(self.project_id)))

    def predict(self, tasks: list[dict[str, Any]], context: Any = None, **kwargs: Any) -> Any:
        """One element a task, an empty one where Assay abstains."""
        body = {
            "project": kwargs.get("project") or self._project(tasks),
            "tasks": tasks,
            "label_config": self.label_config or "",
        }
        asked = Predict.read(body)
        elements, _ = _answers().predict(
            asked.project_id,
            asked.tasks,
            asked.label_config,
            for_freeze=False,
            context=context if isinstance(context, dict) and context else None,
        )
        return elements

    def _project(self, tasks: list[dict[str, Any]]) -> Any:
        """1.0.9 does not tell a model its project, but each task does."""
        known = getattr(self, "project_id", None)
        return known or next((task.get("project") for task in tasks), None)

    def fit(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Start a training when Label Studio asks for it, and on nothing else."""
        event = kwargs.get("event") or next((a for a in args if isinstance(a, str)), None)
        data = kwargs.get("data") or next((a for a in args if isinstance(a, dict)), {})
        if event != "START_TRAINING":
            return {}
        there = data.get("project")
        try:
            project_id = project_of(there.get("id") if isinstance(there, dict) else there)
        except Malformed as error:
            return {"error": str(error)}
        settings = Settings.load()
        if settings.redis_url.get_secret_value():
            with Store.open(settings.store_url) as store:
                enqueue(settings, store, "train", project_id)
            return {}
        # It outlives this process, which the host may end as soon as we return.
        subprocess.Popen(command(project_id), start_new_session=True)  # noqa: S603 - a number
        return {}
