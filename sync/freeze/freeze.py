"""Closing a batch, in steps that can be taken up again after any interruption."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import label_configs
from label_configs import LabelConfig
from sync.errors import ConfigurationError
from sync.freeze.draw import draw
from sync.freeze.members import members, refuse_seen, still_open
from sync.freeze.queue import extend, open_tab
from sync.gating.candidates.strata import strata, to_json
from sync.gating.policy import GatePolicy, digest, to_dict
from sync.generator import Generator
from sync.labelstudio import LabelStudio, parse
from sync.lease import Writing
from sync.placing import candidates, place, portions, prioritised, settle
from sync.records import Batch, Candidate, Place, Project, Role, Strata, Task
from sync.store import Store

#: Told the step, and how much of it is done.
Progress = Callable[[str, int, int], object]


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """A closed batch in numbers."""

    batch: Batch
    tasks: int
    gold: int
    labelled: int
    without_candidate: int
    #: Why tasks have no candidate, with how many of each.
    reasons: tuple[tuple[str, int], ...]
    blind: int
    shown: int


def freeze(
    server: LabelStudio,
    store: Store,
    generator: Generator,
    project: Project,
    name: str,
    policy: GatePolicy,
    *,
    queue_field: str,
    key: str,
    now: datetime,
    progress: Progress = lambda step, done, total: None,
    writing: Writing | None = None,
) -> Frozen:
    """Close the batch `name` of a project whose mirror is up to date.

    Args:
        server: where the project is.
        store: the mirror and the ledger.
        generator: asked for the candidates.
        project: a connected project.
        name: the batch.
        policy: what the batch will be judged by; it cannot change afterwards.
        queue_field: task-data field that carries the order of the queue.
        key: a fresh sampling key, 64 hexadecimal digits.
        now: the moment of the freeze.
        progress: told of each step.
        writing: the store while nobody else writes for the project; default `store` itself.

    Raises:
        ConfigurationError: the batch cannot be closed; the text says what to do.
    """
    tasks = members(store, project.project_id, name)
    gold, labelled = store.gold(project.project_id), store.annotated_task_ids(project.project_id)
    asked = [t for t in tasks if t.task_id not in gold and t.task_id not in labelled]
    stamp, config = _there(server, project)
    _refuse_slices(asked, config, policy)
    refuse_seen(server, project.project_id, name, asked)
    made = _ask(generator, project, stamp, name, asked, config, progress)
    with writing() if writing else nullcontext(store) as held:
        asked, made = still_open(server, held, project, name, asked, made)
        batch, places = _batch(name, generator, asked, made, config, policy, key, now)
        hashes = {task.task_id: task.data_hash for task in asked}
        held.freeze(project.project_id, batch, made, places, hashes)
        batch = resume(server, held, project, batch, queue_field=queue_field, progress=progress)
        gold, labelled = held.gold(project.project_id), held.annotated_task_ids(project.project_id)
    return Frozen(
        batch=batch,
        tasks=len(tasks),
        gold=sum(task.task_id in gold for task in tasks),
        labelled=sum(t.task_id in labelled and t.task_id not in gold for t in tasks),
        without_candidate=len(asked) - batch.population,
        reasons=tuple(Counter(c.reason for c in made if c.result is None).most_common()),
        blind=_count(Role.BLIND, batch, places),
        shown=_count(Role.SHOWN, batch, places),
    )


def _count(role: Role, batch: Batch, places: Sequence[Place]) -> int:
    return sum(place.role is role for place in places[: batch.queue_length])


def _batch(
    name: str,
    generator: Generator,
    asked: Sequence[Task],
    made: Sequence[Candidate],
    config: LabelConfig,
    policy: GatePolicy,
    key: str,
    now: datetime,
) -> tuple[Batch, list[Place]]:
    """The batch, and its draw order."""
    population = _population(name, asked, made)
    places = draw(population, key, limit=policy.sample.limit, blind_share=policy.sample.blind_share)
    batch = Batch(
        name=name,
        frozen_at=now,
        sampling_key=key,
        policy=to_dict(policy),
        policy_digest=digest(policy),
        generator=generator.url,
        generator_version=_main_version(made),
        population=len(population),
        queue_length=min(policy.sample.size, len(places)),
        weights=dict(config.weights),
        strata=to_json(_strata(asked, made, places, config, policy)),
    )
    return batch, places


def resume(
    server: LabelStudio,
    store: Store,
    project: Project,
    batch: Batch,
    *,
    queue_field: str,
    progress: Progress = lambda step, done, total: None,
) -> Batch:
    """Bring a frozen batch into Label Studio, as far as it is not there yet."""
    _place(server, store, project, batch, progress)
    extend(
        server,
        store,
        project.project_id,
        batch,
        batch.queue_length,
        queue_field=queue_field,
        progress=lambda done, total: progress("queue", done, total),
    )
    views = open_tab(server, project.project_id, batch, queue_field)
    store.update_batch(project.project_id, batch.name, views=views, complete=True)
    found = store.batch(project.project_id, batch.name)
    return found or batch


def _ask(
    generator: Generator,
    project: Project,
    stamp: str,
    name: str,
    tasks: Sequence[Task],
    config: LabelConfig,
    progress: Progress,
) -> list[Candidate]:
    generator.check()
    version = generator.setup(project, stamp)
    proposals = generator.propose(
        project, stamp, tasks, lambda done: progress("candidates", done, len(tasks))
    )
    return candidates(tasks, proposals, name, version, config)


def _there(server: LabelStudio, project: Project) -> tuple[str, LabelConfig]:
    """What tells the project from others of its id, and its config with the weights there."""
    raw, config = server.project(project.project_id), label_configs.parse(project.label_config)
    weights = _weights(config, raw.get("control_weights"))
    return parse.stamp(raw), replace(config, weights=weights)


def _weights(config: LabelConfig, given: Any) -> dict[str, float]:
    """What each control counts; a project may still hold weights of controls that are gone."""
    if not isinstance(given, dict):
        return {}
    known = {
        name: {"overall": entry.get("overall")}
        for name, entry in given.items()
        if name in config.by_name and isinstance(entry, dict)
    }
    return dict(label_configs.weighted(config, known).weights)


def _strata(
    tasks: Sequence[Task],
    made: Sequence[Candidate],
    places: Sequence[Place],
    config: LabelConfig,
    policy: GatePolicy,
) -> Strata:
    data = {task.task_id: task.data for task in tasks}
    rows = [(c.task_id, c.result, data[c.task_id]) for c in made if c.result is not None]
    found = strata(rows, config, policy, [place.task_id for place in places])
    if policy.gate.labels.min_precision is not None and not any(
        config.weight(control) for control in found.labels
    ):
        raise ConfigurationError(
            "gate.labels.min_precision asks for the precision of each label, and no candidate has "
            "a label in a control that counts: remove it from the policy"
        )
    return found


def _refuse_slices(asked: Sequence[Task], config: LabelConfig, policy: GatePolicy) -> None:
    """Too many slices, before the generator works for nothing."""
    strata([(task.task_id, [], task.data) for task in asked], config, policy)


def _population(name: str, asked: Sequence[Task], made: Sequence[Candidate]) -> list[int]:
    """The tasks that have a candidate; an error where there is none."""
    population = [candidate.task_id for candidate in made if candidate.result is not None]
    if not asked:
        raise ConfigurationError(
            f"every task of batch {name!r} is gold or labelled already: nothing is left to judge, "
            "so import new tasks for it"
        )
    if not population:
        reason, count = Counter(c.reason for c in made).most_common(1)[0]
        raise ConfigurationError(
            f"the generator has no candidate for any of the {len(made)} tasks of batch {name!r} "
            f"({count}: {reason}); train it or name another one with ASSAY_GENERATOR_URL"
        )
    return population


def _main_version(made: Sequence[Candidate]) -> str:
    counts = Counter(c.generator_version for c in made if c.result is not None)
    return counts.most_common(1)[0][0]


def _place(
    server: LabelStudio, store: Store, project: Project, batch: Batch, progress: Progress
) -> None:
    """Import the candidates of all but the withheld tasks that are not there yet."""
    settle(server, store, project.project_id)
    made = [
        c for c in store.batch_candidates(project.project_id, batch.name) if c.result is not None
    ]
    ids = [c.task_id for c in made]
    absent = store.withheld(project.project_id, ids)
    absent |= set(server.task_ids(project.project_id, predicted=True))
    absent |= set(ids) - store.task_ids(project.project_id)
    rest = [c for c in made if c.task_id not in absent]
    validation = {p.task_id for p in store.places(project.project_id, batch.name)}
    data = {t.task_id: t.data for t in store.tasks(project.project_id, batch.name)}
    rest = prioritised(rest, validation, data, label_configs.parse(project.label_config))
    done = 0
    for portion in portions(rest):
        place(server, store, project, portion)
        done += len(portion)
        progress("predictions", done, len(rest))
