"""How many tasks of a batch each label and each slice has, counted once at freeze."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import label_configs
from label_configs import LabelConfig
from sync.errors import ConfigurationError, Skippable
from sync.gating.judged import Values
from sync.gating.policy import GatePolicy
from sync.records import Json, Result, Strata

#: Slices of a field: with more, hardly one has enough tasks to be judged.
MOST_SLICES = 50
#: The slice of the tasks that lack the field.
WITHOUT = "(none)"


def slice_of(data: Json, field: str) -> str:
    """The slice that a task is in: the field's value as text."""
    value = data.get(field)
    if value is None or value == "":
        return WITHOUT
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def labels_of(config: LabelConfig, candidate: Values) -> set[tuple[str, str]]:
    """Each control and label that a candidate proposes."""
    return {
        (name, label)
        for name, value in candidate.items()
        for label, _ in label_configs.pairs(config.by_name[name], value, None)
        if label is not None
    }


def strata(
    rows: Iterable[tuple[int, Result, Json]],
    config: LabelConfig,
    policy: GatePolicy,
    sampled: Iterable[int] = (),
) -> Strata:
    """Count what the policy asks about; nothing of the rest.

    Args:
        rows: task id, candidate and data of each task of the batch that has a candidate.
        config: the label config.
        policy: its criteria on labels and slices.
        sampled: ids of the tasks in the draw order, whose slices are kept.

    Raises:
        ConfigurationError: a field has more than `MOST_SLICES` values.
    """
    fields = [part.field for part in policy.gate.slice]
    wants_labels = policy.gate.labels.min_precision is not None
    labels: defaultdict[str, Counter[str]] = defaultdict(Counter)
    slices: dict[str, Counter[str]] = {field: Counter() for field in fields}
    kept, of_task = frozenset(sampled), {}
    for task_id, candidate, data in rows:
        own = {field: slice_of(data, field) for field in fields}
        for field, value in own.items():
            slices[field][value] += 1
        if own and task_id in kept:
            of_task[task_id] = own
        if wants_labels:
            for control, label in _labels(config, candidate, data):
                labels[control][label] += 1
    for field, values in slices.items():
        _refuse_many(field, values)
    return Strata(
        labels={control: dict(counts) for control, counts in labels.items()},
        slices={field: dict(counts) for field, counts in slices.items()},
        of_task=of_task,
    )


def _labels(config: LabelConfig, candidate: Result, data: Json) -> set[tuple[str, str]]:
    try:
        return labels_of(config, label_configs.read(config, candidate, data or None))
    except Skippable:
        return set()


def _refuse_many(field: str, values: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where a field has too many values to be judged each."""
    if len(values) > MOST_SLICES:
        raise ConfigurationError(
            f"gate.slice: the field {field!r} has {len(values)} values in the batch, and at most "
            f"{MOST_SLICES} can be judged: name a field with fewer values, or remove the slice"
        )


def to_json(found: Strata) -> Json:
    """JSON-ready; `from_json` gives it back."""
    text: Json = json.loads(json.dumps(asdict(found)))
    return text


def from_json(values: Json) -> Strata | None:
    """What `to_json` gave; None where nothing was kept."""
    if not values:
        return None
    of_task = {int(task_id): own for task_id, own in values["of_task"].items()}
    return Strata(labels=values["labels"], slices=values["slices"], of_task=of_task)
