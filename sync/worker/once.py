"""One pass over a project: pull what changed, judge every frozen batch, show the verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import label_configs
from sync.clock import Clock as Clock
from sync.clock import utc_now as utc_now
from sync.freeze import extend
from sync.gating.candidates import Anchoring, arms, pooled
from sync.gating.policy import from_dict
from sync.gating.verdict import State, Verdict
from sync.labelstudio import LabelStudio
from sync.pull import Fields, Pulled, connected, pull
from sync.push import push
from sync.records import Batch, Project
from sync.settings import Settings
from sync.store import Store
from sync.worker.evidence import evidence, gold_tasks
from sync.worker.judging import Memory, judge, weighted


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What a pass came to."""

    pulled: Pulled
    #: Verdict of each frozen batch, oldest batch first.
    verdicts: dict[str, Verdict]
    #: Batches whose queue was made longer, with the number of tasks added.
    extended: dict[str, int]
    #: True if something was written to Label Studio's project.
    pushed: bool


def one_pass(
    server: LabelStudio,
    store: Store,
    settings: Settings,
    project_id: int,
    *,
    now: Clock = utc_now,
    progress: Callable[[int], object] = lambda tasks: None,
    memory: Memory | None = None,
) -> Pass:
    """Pull, gate and push once.

    Args:
        server: where the project is.
        store: Assay's memory.
        settings: names of the task-data fields.
        project_id: a connected project.
        now: the clock.
        progress: told the number of tasks pulled so far.
        memory: of what was judged before; see `judge`.
    """
    fields = Fields(batch=settings.batch_field, queue=settings.queue_field)
    sweep = settings.sweep_seconds
    pulled = pull(server, store, project_id, fields, now, sweep_seconds=sweep, progress=progress)
    project = connected(store, project_id)
    verdicts = judge(store, project, now(), memory)
    extended = _lengthen(server, store, project, verdicts, settings)
    judged = [(b, verdicts[b.name]) for b in store.batches(project_id) if b.name in verdicts]
    pushed = push(server, store, project, pulled.project, judged)
    return Pass(pulled=pulled, verdicts=verdicts, extended=extended, pushed=pushed)


def anchoring(store: Store, project: Project) -> tuple[Anchoring, ...]:
    """What showing candidates did, for each generator, pooled over its batches."""
    config = label_configs.parse(project.label_config)
    batches = [batch for batch in store.batches(project.project_id) if batch.complete]
    gold = gold_tasks(store, project.project_id) if batches else ()
    found = [
        arms(
            evidence(store, project.project_id, batch, gold),
            weighted(config, batch),
            from_dict(batch.policy).gate.min_overlap,
        )
        for batch in batches
    ]
    return pooled(found)


def _lengthen(
    server: LabelStudio,
    store: Store,
    project: Project,
    verdicts: dict[str, Verdict],
    settings: Settings,
) -> dict[str, int]:
    """Ask for more answers where a queue is used up and the batch is open; re-assert the rest."""
    added: dict[str, int] = {}
    for batch in store.batches(project.project_id):
        if batch.name not in verdicts:
            continue
        length = _length(batch, verdicts[batch.name])
        field = settings.queue_field
        n = extend(server, store, project.project_id, batch, length, queue_field=field)
        if n:
            added[batch.name] = n
    return added


def _length(batch: Batch, verdict: Verdict) -> int:
    used_up = verdict.blind_answered >= verdict.blind_asked
    if verdict.state is not State.MORE or not used_up or verdict.extend_to is None:
        return batch.queue_length
    return max(batch.queue_length, verdict.extend_to)
