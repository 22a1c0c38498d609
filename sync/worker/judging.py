"""Verdicts on the frozen batches of a project; only of those anew whose evidence changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import label_configs
from label_configs import LabelConfig
from sync.gating.candidates.regression import Earlier
from sync.gating.gate import earlier_batch, gate
from sync.gating.policy import from_dict
from sync.gating.scores import Reader
from sync.gating.verdict import State, Verdict
from sync.records import Batch, GoldTask, Project
from sync.store import Store
from sync.store.evidence import Mark
from sync.worker.evidence import evidence, gold_tasks

#: Before the first verdict of a batch is recorded.
_NONE = Mark(changes=-1, verdict=None)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict, with all that it rested on."""

    verdict: Verdict
    batch: Batch
    #: How often its evidence had changed before it was read.
    changes: int
    #: What it was compared with.
    earlier: Earlier | None
    #: What later batches are compared with; None where it did not pass.
    passed: Earlier | None
    #: Batches are compared that share this.
    measure: tuple[Any, ...]
    #: Its number among the verdicts that the store keeps; -1 until it is known.
    number: int = -1


@dataclass(kw_only=True)
class Memory:
    """What one process remembers of one project's verdicts: the last one of each batch.

    It may be thrown away at any time, and other processes may judge meanwhile: by what it is
    believed stands in the store.
    """

    xml: str = ""
    config: LabelConfig | None = None
    judged: dict[str, Judged] = field(default_factory=dict)

    def take(self, xml: str) -> LabelConfig:
        """The label config, read; where it is another one than before, all verdicts are forgotten.

        Raises:
            ConfigurationError: it cannot be read.
        """
        if self.config is None or xml != self.xml:
            self.config, self.xml, self.judged = label_configs.parse(xml), xml, {}
        return self.config


def judge(
    store: Store, project: Project, now: datetime, memory: Memory | None = None
) -> dict[str, Verdict]:
    """The verdict on each frozen batch of a project, also kept in the store.

    A batch whose freeze is going on, or was cut off, is left alone until it is complete.

    Args:
        store: Assay's memory.
        project: as it stands in the store.
        now: when a verdict that is new was given.
        memory: of this project; what did not change since is not read again.
    """
    memory = Memory() if memory is None else memory
    # Before all that they vouch for: what is written meanwhile then counts as not yet seen.
    marks = store.marks(project.project_id)
    batches = [batch for batch in store.batches(project.project_id) if batch.complete]
    if not batches:
        return {}
    config = memory.take(project.label_config)
    judges = _Judge(store, project.project_id, config, now)
    memory.judged = {
        batch.name: judges.judge(batch, marks.get(batch.name, _NONE), memory.judged.get(batch.name))
        for batch in batches
    }
    return {name: judged.verdict for name, judged in memory.judged.items()}


class _Judge:
    """Judges batches, oldest first, each beside the last one of its generator that passed.

    Scores are compared that measure the same: with the same weights and the same least overlap.
    """

    def __init__(self, store: Store, project_id: int, config: LabelConfig, now: datetime) -> None:
        self._store, self._id, self._config, self._now = store, project_id, config, now
        self._passed: dict[tuple[Any, ...], Earlier] = {}

    def judge(self, batch: Batch, mark: Mark, before: Judged | None) -> Judged:
        """The verdict on a batch: the one before, where it would be the same."""
        same = before is not None and self._same(before, batch, mark)
        found = before if before is not None and same else self._anew(batch, mark)
        if found.passed is not None:
            self._passed[found.measure] = found.passed
        return found if found.number == mark.verdict else self._recorded(found, mark)

    def _same(self, before: Judged, batch: Batch, mark: Mark) -> bool:
        """Whether all is as it was; the label config is."""
        rested_on = before.batch, before.changes, before.earlier
        return rested_on == (batch, mark.changes, self._passed.get(before.measure))

    def _anew(self, batch: Batch, mark: Mark) -> Judged:
        policy, config = from_dict(batch.policy), weighted(self._config, batch)
        found = evidence(self._store, self._id, batch, self._gold)
        weights = tuple(config.weight(control.name) for control in config.controls)
        measure = batch.generator, policy.gate.min_overlap, weights
        earlier, reader = self._passed.get(measure), Reader(config)
        verdict = gate(found, policy, config, earlier, reader)
        passed = verdict.state is State.PASS
        return Judged(
            verdict=verdict,
            batch=batch,
            changes=mark.changes,
            earlier=earlier,
            passed=earlier_batch(found, policy, reader) if passed else None,
            measure=measure,
        )

    @cached_property
    def _gold(self) -> tuple[GoldTask, ...]:
        """Read once, if at all: the batches of a project have the same gold."""
        return gold_tasks(self._store, self._id)

    def _recorded(self, judged: Judged, mark: Mark) -> Judged:
        """Also where another process gave another verdict since."""
        name, verdict = judged.batch.name, judged.verdict.to_dict()
        new = self._store.record_verdict(self._id, name, verdict, self._now)
        last = -1 if mark.verdict is None else mark.verdict
        return replace(judged, number=last + new)


def weighted(config: LabelConfig, batch: Batch) -> LabelConfig:
    """The config with the weights of the freeze, unless it has changed so that none is left."""
    whole = replace(config, weights=batch.weights)
    return whole if any(whole.weight(control.name) for control in config.controls) else config
