"""A language model that answers for one label config."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import label_configs
from backend.engines.base import Abstention, Answer, Late, Proposal
from backend.llm.account import Spent
from backend.llm.asking import Asking, Line, Outcome
from backend.llm.conversation import Conversation
from backend.llm.lines import Lines, Pool
from backend.llm.scores import calibrated
from label_configs import LabelConfig, spoken
from sync.errors import Skippable
from sync.records import Json

_log = logging.getLogger(__name__)

#: Seconds in place of the deadline where nobody waits.
_PATIENCE = 6 * 3600.0


@dataclass(frozen=True, kw_only=True)
class LlmModel:
    """Asks an endpoint for each task that it does not remember. Threads may share it."""

    conversation: Conversation
    lines: Lines
    key: str = field(repr=False)
    folder: Path | None
    project_id: int
    image: Callable[[Any], str] | None
    #: Whether nobody waits.
    patient: bool = False
    #: What to make of the model's sureness; see `scores.calibrated`.
    calibration: Mapping[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic

    @property
    def _config(self) -> LabelConfig:
        return self.conversation.config

    @cached_property
    def _line(self) -> Line:
        return self.lines.line(self.conversation.options, self.key, self.folder)

    @cached_property
    def _pool(self) -> Pool:
        return self.lines.pool(self.conversation.options)

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """One answer a task; what is not answered in time is an abstention.

        A question that is under way at the deadline goes on: its answer is there the next time.
        """
        if not tasks:
            return []
        before = self._line.account.spent()
        outcomes = self.outcomes([task["data"] for task in tasks])
        answers = [
            self._answer(outcome, task["data"])
            for outcome, task in zip(outcomes, tasks, strict=True)
        ]
        self._tell(answers, before)
        return answers

    def outcomes(self, data: Sequence[Json]) -> list[Outcome]:
        """What becomes of each task's data, in order."""
        options = self.conversation.options
        seconds = _PATIENCE if self.patient else options.deadline_seconds
        until = self.clock() + seconds
        asking = Asking(
            conversation=self.conversation,
            line=self._line,
            image=self.image,
            until=until,
            clock=self.clock,
        )
        coming = [self._coming(asking, item) for item in data]
        late = f"not answered within {seconds:g} seconds"
        return [_awaited(found, until - self.clock(), late) for found in coming]

    def _coming(self, asking: Asking, data: Json) -> Outcome | Future[Outcome]:
        asked = asking.key_and_body(data)
        if isinstance(asked, Outcome):
            return asked
        key, body = asked
        return asking.remembered(key) or self._pool.submit(
            f"{self.project_id} {key}", partial(asking.outcome, key, body, data)
        )

    def _answer(self, outcome: Outcome, data: Json) -> Answer:
        if outcome.answer is None:
            return (Late if outcome.late else Abstention)(outcome.reason)
        if all(said is None for said in outcome.answer.values()):
            return Abstention("the model leaves every control open")
        score = calibrated(outcome.sure, self.calibration)
        try:
            values = spoken.values(self._config, outcome.answer, data)
            values = spoken.visible(self._config, values)
            result = label_configs.write(self._config, values, score=score)
        except Skippable:
            return Abstention("the model's answer does not fit the task")
        return Proposal(result=result, score=score)

    def _tell(self, answers: Sequence[Answer], before: Spent) -> None:
        """One line a request: what was taken meanwhile, by others at the same time too."""
        spent = self._line.account.spent()
        more = spent.since(before)
        proposed = sum(isinstance(answer, Proposal) for answer in answers)
        _log.info(
            "project %s: %s of %s tasks answered, %s remembered; %s requests to %s, %s + %s "
            "tokens, cost %.4f (%.4f so far)",
            self.project_id,
            proposed,
            len(answers),
            more.remembered,
            more.requests,
            self.conversation.options.model,
            more.input_tokens,
            more.output_tokens,
            more.cost,
            spent.cost,
        )


def _awaited(found: Outcome | Future[Outcome], seconds: float, late: str) -> Outcome:
    if isinstance(found, Outcome):
        return found
    try:
        return found.result(timeout=max(0.0, seconds))
    except (NotYet, CancelledError):
        # One that waits for a thread is taken back; one that is asked already goes on.
        found.cancel()
        return Outcome(reason=late, late=True)
