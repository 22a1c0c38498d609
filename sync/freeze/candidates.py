"""From a generator's raw answers to candidates that can be judged."""

from __future__ import annotations

from collections.abc import Sequence

import label_configs
from label_configs import LabelConfig
from sync.errors import Skippable
from sync.generator import Proposal
from sync.records import Candidate, Result, Task


def candidates(
    tasks: Sequence[Task],
    proposals: Sequence[Proposal],
    batch: str,
    version: str,
    config: LabelConfig,
) -> list[Candidate]:
    """One candidate a task; its result is None, with the reason, where it cannot be judged.

    Args:
        tasks: what was asked.
        proposals: the answers, in the order of `tasks`.
        batch: name of the batch.
        version: the generator's version where an answer names none.
        config: the project's label config; an answer that it does not allow is no candidate.
    """
    return [
        _candidate(task, proposal, batch, version, config)
        for task, proposal in zip(tasks, proposals, strict=True)
    ]


def _candidate(
    task: Task, proposal: Proposal, batch: str, version: str, config: LabelConfig
) -> Candidate:
    answer = proposal.answer or {}
    result, reason = _judged(answer.get("result"), proposal.reason, config, task)
    return Candidate(
        task_id=task.task_id,
        batch=batch,
        result=result,
        score=_score(answer.get("score")),
        generator_version=str(answer.get("model_version") or version),
        reason=reason,
    )


def _judged(
    result: object, reason: str, config: LabelConfig, task: Task
) -> tuple[Result | None, str]:
    if result is None:
        return None, reason
    if not isinstance(result, list) or not all(isinstance(region, dict) for region in result):
        return None, "the generator's result is not a list of regions"
    try:
        values = label_configs.read(config, result, task.data)
    except Skippable as error:
        return None, str(error)
    if not values and not label_configs.may_be_empty(config):
        return None, "the generator's result holds no label"
    return result, ""


def _score(value: object) -> float | None:
    """The score where it is a number in [0, 1]; Label Studio refuses others."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= 1 else None
