"""What a request for predictions is answered with."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

import label_configs
from backend.engines import Guess
from backend.engines.base import single_choice
from backend.registry import Registry
from label_configs import LabelConfig
from sync.errors import AssayError
from sync.records import Json
from sync.settings import model_version
from sync.store import Store

_log = logging.getLogger(__name__)

Element = dict[str, Any]


class Answers:
    """Answers from the frozen ledger, from an engine, or not at all."""

    def __init__(self, store: Store, registry: Registry) -> None:
        """Models are loaded when they are first asked."""
        self._store, self._registry = store, registry
        self._configs: dict[str, LabelConfig] = {}

    def version(self, project_id: int, *, for_freeze: bool) -> str:
        """The model version that `/setup` names."""
        if for_freeze:
            return self._registry.current(project_id) or ""
        return model_version(project_id)

    def predict(
        self, project_id: int, tasks: Sequence[Json], xml: str, *, for_freeze: bool
    ) -> tuple[list[Element], Counter[str]]:
        """One element a task, in their order, and how many came from where.

        A connected project is answered from the ledger alone: whatever else we said would be
        stored as a visible prediction, and the task could not be judged blind afterwards.

        Args:
            project_id: Label Studio's id.
            tasks: as Label Studio sends them; an engine sees their data and nothing else.
            xml: the label config of the request, if it has one.
            for_freeze: a freeze asks, so an engine answers for every task.
        """
        project = self._store.project(project_id)
        if project is not None and not for_freeze:
            return self._ledger(project_id, [int(task["id"]) for task in tasks])
        xml = xml or (project.label_config if project else "")
        guesses = self._guess(project_id, [task["data"] for task in tasks], xml)
        shown = self.version(project_id, for_freeze=for_freeze)
        elements = [_element(self._config(xml), guess, shown) if guess else {} for guess in guesses]
        count = Counter("engine" if element else "abstained" for element in elements)
        return elements, count

    def _ledger(self, project_id: int, ids: Sequence[int]) -> tuple[list[Element], Counter[str]]:
        withheld = self._store.withheld(project_id, ids)
        frozen = self._store.candidates(project_id, ids)
        count: Counter[str] = Counter()
        elements: list[Element] = []
        for task_id in ids:
            candidate = frozen.get(task_id)
            element: Element = {}
            if task_id in withheld:
                kind = "withheld"
            elif candidate is None or candidate.result is None:
                kind = "abstained"
            else:
                kind = "candidate"
                element = {
                    "result": candidate.result,
                    "model_version": model_version(project_id),
                }
                if candidate.score is not None:
                    element["score"] = candidate.score
            count[kind] += 1
            elements.append(element)
        return elements, count

    def _config(self, xml: str) -> LabelConfig:
        if xml not in self._configs:
            if len(self._configs) > 100:
                self._configs.clear()
            self._configs[xml] = label_configs.parse(xml)
        return self._configs[xml]

    def _guess(self, project_id: int, data: list[Json], xml: str) -> list[Guess | None]:
        """Guesses of the current model; none at all where it fails as a whole."""
        nothing: list[Guess | None] = [None] * len(data)
        version = self._registry.current(project_id)
        if version is None:
            _log.info("project %s: no model is trained yet, abstaining", project_id)
            return nothing
        try:
            config = self._config(xml)
            model = self._registry.load(project_id, version, config).model
            return model.predict(data)
        except AssayError as error:
            _log.warning("project %s: abstaining: %s", project_id, error)
        except Exception:
            # Label Studio would show an annotator an error page for whatever escapes here.
            _log.exception("project %s: model %s failed, abstaining", project_id, version)
        return nothing


def _element(config: LabelConfig, guess: Guess, version: str) -> Element:
    label, score = guess
    control = single_choice(config)
    if control is None or label not in control.allowed:
        return {}
    values = {control.name: frozenset({label})}
    result = label_configs.write(config, values, score=score)
    return {"result": result, "score": score, "model_version": version}
