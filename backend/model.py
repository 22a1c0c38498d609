"""The same answers as a `LabelStudioMLBase` model, for servers that host such classes."""

from __future__ import annotations

from typing import Any

from label_studio_ml.model import LabelStudioMLBase

from backend.answers import Answers
from backend.bodies import Predict, project_of
from backend.registry import Registry
from backend.training import Trainer
from sync.settings import Settings, model_version
from sync.store import Store


class AssayModel(LabelStudioMLBase):  # type: ignore[misc]
    """Answers from the frozen ledger or from the project's trained model."""

    def setup(self) -> None:
        """Named by label-studio-ml 2.x; the version is one per project and set in `predict`."""

    def predict(self, tasks: list[dict[str, Any]], context: Any = None, **kwargs: Any) -> Any:
        """One element a task, an empty one where Assay abstains."""
        settings = Settings.load()
        named = kwargs.get("project") or getattr(self, "project_id", None) or 0
        body = {"project": named, "tasks": tasks, "label_config": self.label_config or ""}
        asked = Predict.read(body)
        self.model_version = model_version(asked.project_id)
        with Store.open(settings.store_url) as store:
            answers = Answers(store, Registry(settings.home / "models"))
            elements, _ = answers.predict(
                asked.project_id, asked.tasks, asked.label_config, for_freeze=False
            )
        return elements

    def fit(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Train when Label Studio asks for it, and on nothing else."""
        event = kwargs.get("event") or (args[0] if args and isinstance(args[0], str) else None)
        data = kwargs.get("data") or (args[1] if len(args) > 1 else {})
        if event == "START_TRAINING" and isinstance(data, dict):
            there = data.get("project")
            project_id = project_of(there.get("id") if isinstance(there, dict) else there)
            Trainer(Settings.load().home).request(project_id)
        return {}
