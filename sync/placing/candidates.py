"""From a generator's raw answers to candidates that can be judged."""

from __future__ import annotations

from collections.abc import Sequence

from label_configs import LabelConfig
from sync.generator import Proposal, fault, score
from sync.records import Candidate, Task


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
    result = answer.get("result")
    reason = proposal.reason if result is None else fault(result, config, task.data)
    return Candidate(
        task_id=task.task_id,
        batch=batch,
        result=None if reason else result,
        score=score(answer.get("score")),
        generator_version=str(answer.get("model_version") or version),
        reason=reason,
    )
