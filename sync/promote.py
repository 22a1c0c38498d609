"""Promote: the labels of a batch that passed, with a manifest that says where they come from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import label_configs
from label_configs import LabelConfig
from sync.duplicates import near_tasks, shown
from sync.errors import ConfigurationError, Fatal, Skippable
from sync.gating.candidates.strata import labels_of, slice_of
from sync.gating.policy import from_dict
from sync.gating.verdict import State, Verdict
from sync.records import Annotation, Batch, Json, Project, Result, Task
from sync.store import Store


@dataclass(frozen=True, kw_only=True)
class Promoted:
    """What was written."""

    labels: Path
    manifest: Path
    rows: int
    human: int
    #: Tasks left out since they are near-duplicates of tasks that evaluate.
    near_duplicates: int
    #: Tasks left out, by why.
    left_out: dict[str, int]


def promote(
    store: Store, project: Project, name: str, target: Path, version: str, now: datetime
) -> Promoted:
    """Write the labels of a passed batch as JSON lines, and a manifest beside them.

    Validation tasks that people were asked to judge and gold stay out: they evaluate, so nothing
    is trained on them; so do near-duplicates of those of any batch. Where people labelled a task,
    their label stands; under high risk only such tasks are written. A candidate with a label, or
    of a slice, that was too rare to be judged stays out too: the verdict says nothing of it.

    Args:
        store: the frozen batch, its verdict, its labels.
        project: a connected project.
        name: the batch.
        target: the file to write; the manifest gets its name with `.manifest.json`.
        version: Assay's own, for the manifest.
        now: the moment of promotion.

    Raises:
        ConfigurationError: there is no such frozen batch, or the file exists.
        Fatal: the batch has not passed, or no label of it can be written.
    """
    batch = store.batch(project.project_id, name)
    if batch is None:
        known = ", ".join(b.name for b in store.batches(project.project_id)) or "none"
        raise ConfigurationError(
            f"no frozen batch {name!r} (frozen: {known}): name one of these, or run assay freeze"
        )
    verdict = _passed(store, project, batch)
    if target.exists():
        raise ConfigurationError(f"{target} exists: name another file with --output")
    config = label_configs.parse(project.label_config)
    copies = _near_duplicates(store, project, batch, config)
    left_out: Counter[str] = Counter()
    rows = list(_rows(store, project, batch, config, _unjudged(verdict), copies.keys(), left_out))
    if not rows:
        why = told(left_out) or "it has no tasks any more"
        raise Fatal(
            f"batch {name!r} has nothing to promote: {why}; freeze a larger batch, or ask fewer of "
            "its tasks with sample.size"
        )
    content = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    human = sum(row["source"] == "human" for row in rows)
    manifest = target.with_name(target.name + ".manifest.json")
    account = _manifest(project, batch, verdict, rows, content, version, now)
    account["tasks_left_out"] = dict(sorted(left_out.items()))
    account["near_duplicates"] = dict(sorted(Counter(copies.values()).items()))
    target.parent.mkdir(parents=True, exist_ok=True)
    # The labels come last: without its manifest no label file is ever seen.
    _write(manifest, json.dumps(account, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    _write(target, content)
    return Promoted(
        labels=target,
        manifest=manifest,
        rows=len(rows),
        human=human,
        near_duplicates=len(copies),
        left_out=dict(left_out),
    )


def told(left_out: Mapping[str, int]) -> str:
    """Why tasks are left out, with how many of each, the most first; "" where none is."""
    most_first = sorted(left_out.items(), key=lambda found: -found[1])
    return ", ".join(f"{count} {why}" for why, count in most_first)


def _passed(store: Store, project: Project, batch: Batch) -> Verdict:
    row = store.verdict(project.project_id, batch.name)
    if row is None:
        raise Fatal(f"batch {batch.name!r} was never gated: run assay gate")
    verdict = Verdict.from_dict(row["verdict"])
    if verdict.state is not State.PASS:
        raise Fatal(f"batch {batch.name!r} has not passed. {verdict.sentence}")
    return verdict


#: Labels by their control, and slices by their field.
Unjudged = frozenset[tuple[str, str, str]]


def _unjudged(verdict: Verdict) -> Unjudged:
    """(criterion, control or field, label or value) of the parts that were too rare."""
    return frozenset(
        (criterion.name, part.of, part.name)
        for criterion in verdict.criteria
        for part in criterion.parts
        if not part.judged
    )


def _is_unjudged(result: Result, data: Json, config: LabelConfig, unjudged: Unjudged) -> bool:
    """Whether a candidate has such a label, or its task is in such a slice."""
    if any(f"slice {of}" == name and slice_of(data, of) == part for name, of, part in unjudged):
        return True
    rare = {(of, part) for name, of, part in unjudged if name == "labels"}
    if not rare:
        return False
    try:
        return not rare.isdisjoint(labels_of(config, label_configs.read(config, result, data)))
    except Skippable:
        # The label config has changed since the freeze: what it says of labels is not known.
        return True


def _near_duplicates(
    store: Store, project: Project, batch: Batch, config: LabelConfig
) -> dict[int, str]:
    """The batch's tasks that say nearly what a task says that evaluates, and by which measure.

    A task of the batch that evaluates itself is not among them. One that evaluated and was deleted
    since did so all the same.
    """
    project_id = project.project_id
    held_out = set(store.gold(project_id))
    for frozen in store.batches(project_id):
        held_out |= _asked(store, project_id, frozen)
    here = [t for t in store.tasks(project_id, batch.name) if t.task_id not in held_out]
    evaluated = [t for t in store.held_out_tasks(project_id) if t.task_id in held_out]
    found = near_tasks(
        [shown(task.data, config) for task in here],
        [shown(task.data, config) for task in evaluated],
    )
    return {here[one.index].task_id: one.measure for one in found}


def _asked(store: Store, project_id: int, batch: Batch) -> set[int]:
    """The validation tasks that people were asked to label."""
    return {place.task_id for place in store.places(project_id, batch.name)[: batch.queue_length]}


def _rows(
    store: Store,
    project: Project,
    batch: Batch,
    config: LabelConfig,
    unjudged: Unjudged,
    copies: Collection[int],
    left_out: Counter[str],
) -> Iterator[Json]:
    """One row a task: {task, data, result, source, score, generator_version}; the rest is told."""
    held_out = _asked(store, project.project_id, batch) | store.gold(project.project_id).keys()
    hashes = store.data_hashes(project.project_id, batch.name)
    people = _human_labels(store, project, config)
    candidates = {c.task_id: c for c in store.batch_candidates(project.project_id, batch.name)}
    held_hashes = {hashes[t] for t in held_out if t in hashes}
    only_people = from_dict(batch.policy).gate.risk == "high"
    for task in store.tasks(project.project_id, batch.name):
        if task.task_id in held_out:
            left_out["evaluate (validation or gold)"] += 1
        elif task.task_id in copies or task.data_hash in held_hashes:
            left_out["say nearly the same as one that evaluates"] += 1
        elif task.task_id in people:
            yield _row(task, people[task.task_id], "human", None, None)
        elif only_people:
            left_out["were labelled by nobody, which risk = high asks for"] += 1
        elif (candidate := candidates.get(task.task_id)) is None or candidate.result is None:
            left_out["have no candidate"] += 1
        elif hashes.get(task.task_id) != task.data_hash:
            left_out["were changed since the freeze"] += 1
        elif unjudged and _is_unjudged(candidate.result, task.data, config, unjudged):
            left_out["have a label or slice too rare to be judged"] += 1
        else:
            version = candidate.generator_version
            yield _row(task, candidate.result, "candidate", candidate.score, version)


def _row(task: Task, result: Result, source: str, score: float | None, version: str | None) -> Json:
    return {
        "task": task.task_id,
        "data": task.data,
        "result": result,
        "source": source,
        "score": score,
        "generator_version": version,
    }


def _human_labels(store: Store, project: Project, config: LabelConfig) -> dict[int, Result]:
    """The newest readable annotation of each task outside sample and gold."""
    found: defaultdict[int, list[Annotation]] = defaultdict(list)
    empty = label_configs.may_be_empty(config)
    for task, annotation in store.training_rows(project.project_id):
        try:
            if label_configs.read(config, annotation.result, task.data) or empty:
                found[annotation.task_id].append(annotation)
        except Skippable:
            continue
    return {
        task_id: max(annotations, key=lambda a: (a.updated_at, a.annotation_id)).result
        for task_id, annotations in found.items()
    }


def _manifest(
    project: Project,
    batch: Batch,
    verdict: Verdict,
    rows: list[Json],
    content: str,
    version: str,
    now: datetime,
) -> Json:
    return {
        "assay": version,
        "promoted_at": now.isoformat(),
        "project": {"id": project.project_id, "title": project.title},
        "label_config_sha256": hashlib.sha256(project.label_config.encode()).hexdigest(),
        "batch": batch.name,
        "parent": batch.parent,
        "frozen_at": batch.frozen_at.isoformat(),
        "generator": {"address": batch.generator, "version": batch.generator_version},
        "population": batch.population,
        "policy": batch.policy,
        "policy_digest": batch.policy_digest,
        "verdict": verdict.to_dict(),
        "left_out": [{"of": of, "name": name} for _, of, name in sorted(_unjudged(verdict))],
        "counts": {
            "rows": len(rows),
            "human": sum(row["source"] == "human" for row in rows),
            "candidate": sum(row["source"] == "candidate" for row in rows),
        },
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
    }


def _write(path: Path, text: str) -> None:
    building = path.with_name(f".{path.name}.building")
    building.write_text(text, encoding="utf-8")
    building.replace(path)
