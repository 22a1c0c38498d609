"""What a request for predictions is answered with."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import label_configs
from backend.engines import Abstention, Answer, Late, Model, Proposal
from backend.ledger import Element, Found, from_ledger
from backend.serving import Serving
from label_configs import LabelConfig
from sync.errors import AssayError, Fatal, Retriable, describe, trail
from sync.records import Json, Project
from sync.settings import model_version
from sync.store import Store

_log = logging.getLogger(__name__)

#: Why an engine that learns is silent at first.
UNTRAINED = "no model is trained yet: label some tasks, then run assay train"

#: Failures on single tasks after which the model is taken to fail as a whole.
_MOST_FAILURES = 8
#: Seconds for which it is believed whether a project is connected, and how many are remembered.
_KNOWN_SECONDS, _MOST_PROJECTS = 1.0, 1000
#: Requests that engines answer at a time, which leaves some of a server's 16 threads for /health
#: and /setup however slow engines are; and seconds that one more waits for its turn.
_MOST_AT_ONCE, _SLOT_SECONDS = 12, 0.2
_ANY = (
    '<View><Text name="t" value="$t"/><Choices name="c" toName="t"><Choice value="a"/></Choices>'
    "</View>"
)


class Busy(Retriable):
    """Too many requests wait for engines."""


class Answers:
    """Answers from the frozen ledger, from an engine, or not at all."""

    def __init__(
        self,
        store: Store,
        serving: Serving,
        queue_field: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Models are loaded when they are first asked, or all together by `warm`."""
        self._store, self._serving, self._clock = store, serving, clock
        self._queue_field = queue_field
        self._configs: dict[str, LabelConfig] = {}
        self._slots = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._projects: dict[int, tuple[float, Project | None]] = {}

    def setup(self, project_id: int, xml: str, *, for_freeze: bool) -> dict[str, str]:
        """What `/setup` is answered with: the model version; to a freeze what is wrong, too."""
        if not for_freeze:
            return {"model_version": model_version(project_id)}
        try:
            config = self._config(self._xml(project_id, xml))
            version = self._serving.version(project_id, config)
        except AssayError as error:
            _log.warning("project %s: no version: %s", project_id, error)
            return {"model_version": "", "problem": str(error)}
        return {"model_version": version}

    def versions(self, project_id: int | None) -> list[str]:
        """Versions of a project, or of all that Assay is connected to.

        The one that Label Studio shows comes first; trained ones follow, the newest before older.
        """
        if project_id is not None:
            return [model_version(project_id), *self._serving.trained(project_id)]
        return [
            version
            for project in self._store.projects()
            for version in (project.model_version, *self._serving.trained(project.project_id))
        ]

    def predict(
        self,
        project_id: int,
        tasks: Sequence[Json],
        xml: str,
        *,
        for_freeze: bool,
        context: Json | None = None,
    ) -> Found:
        """One element a task, in their order, and how many came from where.

        A connected project is answered from the ledger alone: whatever else we said would be
        stored as a visible prediction, and the task could not be judged blind afterwards.

        Args:
            project_id: Label Studio's id.
            tasks: each has an id and data, and nothing else.
            xml: the label config of the request, if it has one.
            for_freeze: a freeze asks, so an engine answers for every task.
            context: what a person just drew, where Label Studio asks interactively.
        """
        ids = [int(task["id"]) for task in tasks]
        if not for_freeze and self._is_closed(project_id, ids, context):
            return self._ledger(project_id, tasks)
        found = self._engine(project_id, tasks, xml, for_freeze, context)
        # An engine may take longer than to connect and freeze.
        if not for_freeze and self._is_closed(project_id, ids, context):
            return self._ledger(project_id, tasks)
        return found

    def _is_closed(self, project_id: int, ids: Sequence[int], context: Json | None) -> bool:
        """Whether only the ledger may answer.

        What helps a person who draws is not stored, so it may be told where nothing is withheld.
        """
        if self._connected(project_id) is None:
            return False
        return context is None or bool(self._store.withheld(project_id, ids))

    def _xml(self, project_id: int, xml: str) -> str:
        project = None if xml else self._connected(project_id)
        return project.label_config if project else xml

    def _engine(
        self,
        project_id: int,
        tasks: Sequence[Json],
        xml: str,
        for_freeze: bool,
        context: Json | None,
    ) -> Found:
        def nothing(why: str) -> list[Element]:
            return [_abstained(Abstention(why), for_freeze) for _ in tasks]

        try:
            config = self._config(self._xml(project_id, xml))
            if for_freeze:
                # What is placed or judged comes from the engine that was asked for, or from none.
                self._serving.check(project_id, config)
            served = self._serving.model(project_id, config)
            if served is None:
                _log.info("project %s: no model is trained yet, abstaining", project_id)
                return nothing(UNTRAINED), Counter(abstained=len(tasks))
            with self._slot():
                answers, failed = _ask(served.model, tasks, context)
        except Busy:
            raise
        except AssayError as error:
            _log.warning("project %s: abstaining: %s", project_id, error)
            return nothing(str(error)), Counter(failed=len(tasks))
        except Exception as error:
            # Label Studio would show an annotator an error page for whatever escapes here. The
            # error's own text stays out of the log: it may quote the task.
            told = describe(error), trail(error)
            _log.error("project %s: abstaining: %s (by way of %s)", project_id, *told)
            return nothing("the engine failed: the backend's log says where"), Counter(
                failed=len(tasks)
            )
        shown = "" if for_freeze else model_version(project_id)
        elements = [
            _element(answer, shown or answer.version or served.version)
            if isinstance(answer, Proposal)
            else _abstained(answer, for_freeze)
            for answer in answers
        ]
        answered = sum("result" in element for element in elements)
        return elements, Counter(
            engine=answered, failed=failed, abstained=len(tasks) - answered - failed
        )

    def _ledger(self, project_id: int, tasks: Sequence[Json]) -> Found:
        return from_ledger(self._store, project_id, tasks, self._queue_field)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """A thread for an engine, of which some are kept for what must not wait for engines."""
        if not self._slots.acquire(timeout=_SLOT_SECONDS):
            raise Busy(f"{_MOST_AT_ONCE} requests wait for engines already: try again")
        try:
            yield
        finally:
            self._slots.release()

    def _config(self, xml: str) -> LabelConfig:
        if xml not in self._configs:
            if len(self._configs) > 100:
                self._configs.clear()
            self._configs[xml] = label_configs.parse(xml)
        return self._configs[xml]

    def warm(self, seconds: float = 20.0) -> None:
        """Load what requests need: models of connected projects, for at most about that long.

        From then on new versions are loaded in the background.
        """
        label_configs.parse(_ANY)  # imports what reads label configs, which takes a while
        until = self._clock() + seconds
        for project in self._store.projects():
            if self._clock() > until:
                _log.warning("the other models are loaded when they are first asked")
                break
            try:
                self._serving.model(project.project_id, self._config(project.label_config))
            except Exception as error:
                _log.warning("project %s has no model now: %s", project.project_id, describe(error))
        self._serving.watch()

    def _connected(self, project_id: int) -> Project | None:
        """The project, as it was at most a second ago.

        Just after `connect` a task may so still get a live answer, which becomes a visible
        prediction. No blind task is hurt: a freeze takes longer to start than that, and refuses
        a batch whose tasks show predictions.
        """
        now = self._clock()
        until, project = self._projects.get(project_id, (0.0, None))
        if now >= until:
            project = self._store.project(project_id)
            if len(self._projects) > _MOST_PROJECTS:
                self._projects.clear()
            self._projects[project_id] = (now + _KNOWN_SECONDS, project)
        return project


def _ask(model: Model, tasks: Sequence[Json], context: Json | None) -> tuple[list[Answer], int]:
    """One answer a task, and on how many tasks the model failed.

    Where it fails on all together they are asked one by one, so that one bad task costs only
    itself.

    Raises:
        Fatal: it fails on one after the other, or leaves tasks out.
    """
    try:
        return _counted(model.predict(tasks, context), len(tasks)), 0
    except Exception as error:
        if len(tasks) == 1:
            raise
        _log.warning("asking one by one, since together it failed: %s", type(error).__name__)
    answers: list[Answer] = []
    failed = 0
    for task in tasks:
        try:
            answers += _counted(model.predict([task], context), 1)
        except Exception as error:
            _log.warning("abstaining on a task: %s", type(error).__name__)
            answers.append(Abstention("the engine failed on this task"))
            failed += 1
            if failed == _MOST_FAILURES:
                raise Fatal(f"the model failed on {failed} tasks, so no more are asked") from error
    return answers, failed


def _counted(answers: list[Answer], tasks: int) -> list[Answer]:
    if len(answers) != tasks:
        raise Fatal(f"the model gave {len(answers)} answers to {tasks} tasks")
    return answers


def _element(proposal: Proposal, version: str) -> Element:
    # A score that is no number would make Label Studio drop the whole reply.
    if not 0.0 <= proposal.score <= 1.0:
        return {}
    return {"result": proposal.result, "score": proposal.score, "model_version": version}


def _abstained(answer: Abstention, for_freeze: bool) -> Element:
    """Label Studio skips an element without a result; a freeze wants to know why there is none."""
    if not for_freeze:
        return {}
    return {"abstained": answer.reason} | ({"again": True} if isinstance(answer, Late) else {})
