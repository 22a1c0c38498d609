"""Which model answers for a project now."""

from __future__ import annotations

from dataclasses import dataclass

from backend.engines import ENGINES, Model, Surroundings
from backend.options import Chosen, chosen
from backend.registry import Registry
from backend.uploads import uploads_of
from label_configs import LabelConfig
from sync.errors import Fatal
from sync.settings import Settings


@dataclass(frozen=True)
class Served:
    """A model with the version that it answers under."""

    model: Model
    version: str


class Serving:
    """The models of all projects."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is loaded before it is asked for."""
        self._settings = settings
        self._registry = Registry(settings.home / "models")
        self._fetch = uploads_of(settings)

    def version(self, project_id: int, config: LabelConfig) -> str:
        """The generator's version; empty before the first training.

        Raises:
            Fatal: no engine serves the label config, or a setting is wrong.
        """
        return self._versions(project_id, chosen(self._settings, project_id, config), config)[0]

    def model(self, project_id: int, config: LabelConfig) -> Served | None:
        """The model that answers now; None before the first training.

        Raises:
            Fatal: no engine serves the label config, a setting is wrong, or the model is broken.
        """
        engine = chosen(self._settings, project_id, config)
        # Asked once: a training that ends meanwhile must not lend its version to these answers.
        version, trained = self._versions(project_id, engine, config)
        if not version:
            return None
        if not version.startswith(f"{engine.name}@"):
            raise Fatal(f"model {version} is not of the engine {engine.name}: train again")
        learned = self._registry.load(project_id, trained) if trained else None
        model = ENGINES[engine.name].model(learned, config, self._around(project_id, engine))
        return Served(model, version)

    def _versions(self, project_id: int, engine: Chosen, config: LabelConfig) -> tuple[str, str]:
        """The version that answers, and the trained one in it; each empty where there is none."""
        trained = self._registry.current(project_id) or ""
        own = ENGINES[engine.name].version(self._around(project_id, engine), config)
        if engine.starts and not trained.startswith(f"{engine.name}@"):
            return f"{engine.name}@{own}", ""
        if not own or not trained:
            return trained, trained
        return f"{engine.name}@{own}+{trained.partition('@')[2]}", trained

    def _around(self, project_id: int, engine: Chosen) -> Surroundings:
        return Surroundings(
            options=engine.options,
            fetch=self._fetch,
            settings=self._settings,
            folder=self._settings.home / "engines" / str(project_id),
            project_id=project_id,
        )
