"""What a request for predictions is answered with."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Sequence
from typing import Any

import label_configs
from backend.engines import Guess, Model
from backend.engines.base import single_choice
from backend.registry import Registry
from label_configs import LabelConfig
from sync.errors import AssayError, Fatal
from sync.records import Json
from sync.settings import model_version
from sync.store import Store

_log = logging.getLogger(__name__)

Element = dict[str, Any]

#: Failures on single tasks after which the model is taken to fail as a whole.
_MOST_FAILURES = 8


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

    def versions(self, project_id: int | None) -> list[str]:
        """The version of a project, or of all that Assay is connected to."""
        if project_id is not None:
            return [model_version(project_id)]
        return [project.model_version for project in self._store.projects()]

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
        return self._engine(project_id, [task["data"] for task in tasks], xml, for_freeze)

    def _engine(
        self, project_id: int, data: list[Json], xml: str, for_freeze: bool
    ) -> tuple[list[Element], Counter[str]]:
        nothing: list[Element] = [{} for _ in data]
        # Asked once: a training that ends meanwhile must not lend its version to these answers.
        version = self._registry.current(project_id)
        if version is None:
            _log.info("project %s: no model is trained yet, abstaining", project_id)
            return nothing, Counter(abstained=len(data))
        shown = version if for_freeze else model_version(project_id)
        try:
            config = self._config(xml)
            model = self._registry.load(project_id, version, config)
            guesses, failed = _ask(model, data)
            elements = [_element(config, guess, shown) if guess else {} for guess in guesses]
        except AssayError as error:
            _log.warning("project %s: abstaining: %s", project_id, error)
            return nothing, Counter(failed=len(data))
        except Exception as error:
            # Label Studio would show an annotator an error page for whatever escapes here. The
            # error's own text stays out of the log: it may quote the task.
            where = "".join(traceback.format_tb(error.__traceback__))
            kind = type(error).__name__
            _log.error("project %s: %s: %s, abstaining\n%s", project_id, version, kind, where)
            return nothing, Counter(failed=len(data))
        answered = sum(bool(element) for element in elements)
        return elements, Counter(
            engine=answered, failed=failed, abstained=len(data) - answered - failed
        )

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


def _ask(model: Model, data: list[Json]) -> tuple[list[Guess | None], int]:
    """One guess a task, and on how many tasks the model failed.

    Where it fails on all together they are asked one by one, so that one bad task costs only
    itself.

    Raises:
        Fatal: it fails on one after the other, or leaves tasks out.
    """
    try:
        return _counted(model.predict(data), len(data)), 0
    except Exception as error:
        if len(data) == 1:
            raise
        _log.warning("asking one by one, since together it failed: %s", type(error).__name__)
    guesses: list[Guess | None] = []
    failed = 0
    for item in data:
        try:
            guesses += _counted(model.predict([item]), 1)
        except Exception as error:
            _log.warning("abstaining on a task: %s", type(error).__name__)
            guesses.append(None)
            failed += 1
            if failed == _MOST_FAILURES:
                raise Fatal(f"the model failed on {failed} tasks, so no more are asked") from error
    return guesses, failed


def _counted(guesses: list[Guess | None], tasks: int) -> list[Guess | None]:
    if len(guesses) != tasks:
        raise Fatal(f"the model gave {len(guesses)} answers to {tasks} tasks")
    return guesses


def _element(config: LabelConfig, guess: Guess, version: str) -> Element:
    label, score = guess
    control = single_choice(config)
    # A score that is no number would make Label Studio drop the whole reply.
    if control is None or label not in control.allowed or not 0.0 <= score <= 1.0:
        return {}
    values = {control.name: frozenset({label})}
    result = label_configs.write(config, values, score=score)
    return {"result": result, "score": score, "model_version": version}
