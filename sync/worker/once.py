"""One pass over a project: pull what changed, judge every frozen batch, show the verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import label_configs
from label_configs import LabelConfig
from sync.clock import Clock as Clock
from sync.clock import utc_now as utc_now
from sync.freeze import extend
from sync.gating.candidates import Anchoring, arms, pooled
from sync.gating.candidates.regression import Earlier
from sync.gating.gate import earlier_batch, gate
from sync.gating.policy import from_dict
from sync.gating.scores import Reader
from sync.gating.verdict import State, Verdict
from sync.labelstudio import LabelStudio
from sync.pull import Fields, Pulled, connected, pull
from sync.push import push
from sync.records import Batch, Project
from sync.settings import Settings
from sync.store import Store
from sync.worker.evidence import evidence, gold_tasks


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
) -> Pass:
    """Pull, gate and push once.

    Args:
        server: where the project is.
        store: Assay's memory.
        settings: names of the task-data fields.
        project_id: a connected project.
        now: the clock.
        progress: told the number of tasks pulled so far.
    """
    fields = Fields(batch=settings.batch_field, queue=settings.queue_field)
    sweep = settings.sweep_seconds
    pulled = pull(server, store, project_id, fields, now, sweep_seconds=sweep, progress=progress)
    project = connected(store, project_id)
    verdicts = judge(store, project, now())
    extended = _lengthen(server, store, project, verdicts, settings)
    judged = [(b, verdicts[b.name]) for b in store.batches(project_id) if b.name in verdicts]
    pushed = push(server, store, project, pulled.project, judged)
    return Pass(pulled=pulled, verdicts=verdicts, extended=extended, pushed=pushed)


def judge(store: Store, project: Project, now: datetime) -> dict[str, Verdict]:
    """The verdict on each frozen batch of a project, also kept in the store.

    A batch whose freeze is going on, or was cut off, is left alone until it is complete.
    """
    batches = [batch for batch in store.batches(project.project_id) if batch.complete]
    if not batches:
        return {}
    config = label_configs.parse(project.label_config)
    judges = _Judge(store, project, config, now)
    return {batch.name: judges.judge(batch) for batch in batches}


class _Judge:
    """Judges batches, oldest first, each beside the last one of its generator that passed.

    Scores are compared that measure the same: with the same weights and the same least overlap.
    """

    def __init__(self, store: Store, project: Project, config: LabelConfig, now: datetime) -> None:
        self._store, self._project, self._config, self._now = store, project, config, now
        # Read once: all batches of a project have the same gold.
        self._gold = gold_tasks(store, project.project_id)
        self._passed: dict[tuple[Any, ...], Earlier] = {}

    def judge(self, batch: Batch) -> Verdict:
        project_id, policy = self._project.project_id, from_dict(batch.policy)
        config = weighted(self._config, batch)
        found = evidence(self._store, project_id, batch, self._gold)
        weights = tuple(config.weight(control.name) for control in config.controls)
        measure = batch.generator, policy.gate.min_overlap, weights
        reader = Reader(config)
        verdict = gate(found, policy, config, self._passed.get(measure), reader)
        if verdict.state is State.PASS:
            self._passed[measure] = earlier_batch(found, policy, reader)
        self._store.record_verdict(project_id, batch.name, verdict.to_dict(), self._now)
        return verdict


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


def weighted(config: LabelConfig, batch: Batch) -> LabelConfig:
    """The config with the weights of the freeze, unless it has changed so that none is left."""
    whole = replace(config, weights=batch.weights)
    return whole if any(whole.weight(control.name) for control in config.controls) else config


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
