"""Candidates beside the answers of people, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import label_configs
from label_configs import LabelConfig
from sync.errors import Skippable
from sync.records import Item, Json, Result

#: Typed value of each control that a result answers.
Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A task whose candidate people have judged."""

    task_id: int
    #: None where the candidate cannot be read.
    candidate: Values | None
    #: One for each annotator; None for a skip.
    answers: tuple[Values | None, ...]
    data: Json = field(default_factory=dict)


def judged(items: Sequence[Item], config: LabelConfig) -> tuple[Judged, ...]:
    """The items that have a candidate and an answer, in their order.

    An answer that cannot be read counts as none. A candidate that cannot be read is None: it
    proposes no label, and nothing confirms it.
    """
    found = []
    for item in items:
        if item.candidate is None:
            continue
        answers = tuple(_answers(item, config))
        if answers:
            candidate = _read(config, item.candidate, item)
            found.append(
                Judged(
                    task_id=item.task_id,
                    candidate=candidate[0] if candidate else None,
                    answers=answers,
                    data=item.data,
                )
            )
    return tuple(found)


def _answers(item: Item, config: LabelConfig) -> list[Values | None]:
    found: list[Values | None] = []
    for answer in item.answers:
        if answer.result is None:
            found.append(None)
        else:
            found += _read(config, answer.result, item)
    return found


def _read(config: LabelConfig, result: Result, item: Item) -> list[Values]:
    """The values, or nothing where they cannot be read."""
    try:
        return [read_values(config, result, item)]
    except Skippable:
        return []


def read_values(config: LabelConfig, result: Result, item: Item) -> Values:
    """A result of the item, checked against its data.

    Raises:
        Malformed: it cannot be read.
    """
    return label_configs.read(config, result, item.data or None, task=item.task_id)
