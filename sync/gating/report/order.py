"""An order of tasks that nobody chose, and the answers in it.

An export is looked at once, so nothing is won by the order in which answers came; and whoever
learned or tired over time would make a bound of the beginning contradict the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from label_configs import LabelConfig
from sync.gating.judged import Values
from sync.gating.people.answers import NONE, Answers, Whole
from sync.gating.report.reading import ReadItem


def place(task_id: int) -> bytes:
    """Sorts tasks as if drawn by lot: the SHA-256 of the id as text."""
    return hashlib.sha256(str(task_id).encode()).digest()


def by_lot(items: Sequence[ReadItem], config: LabelConfig) -> Answers:
    """The answers as arrays, in the order of their tasks' places.

    Args:
        items: what was read.
        config: the label config.
    """
    coder = _Coder(config)
    order = sorted(range(len(items)), key=lambda i: place(items[i].item.task_id))
    rows = [
        (task, answer, coder.code(values))
        for task in order
        for answer, values in zip(items[task].item.answers, items[task].answers, strict=True)
    ]
    gold = [coder.code(read.gold) for read in items]
    names = sorted({answer.annotator for _, answer, _ in rows})
    people = {name: who for who, name in enumerate(names)}
    seconds = [np.nan if a.lead_time is None else a.lead_time for _, a, _ in rows]
    return Answers(
        config=config,
        annotators=tuple(names),
        wholes=tuple(coder.codes),
        task=np.array([task for task, _, _ in rows], dtype=np.int64),
        person=np.array([people[answer.annotator] for _, answer, _ in rows], dtype=np.int64),
        whole=np.array([code for _, _, code in rows], dtype=np.int64),
        seconds=np.array(seconds, dtype=np.float64),
        gold=np.array(gold, dtype=np.int64),
    )


class _Coder:
    def __init__(self, config: LabelConfig) -> None:
        self._names = [control.name for control in config.controls]
        self.codes: dict[Whole, int] = {}

    def code(self, values: Values | None) -> int:
        """The code of what an answer says in all controls; `NONE` for a skip or no gold."""
        if values is None:
            return NONE
        whole = tuple(values.get(name) for name in self._names)
        return self.codes.setdefault(whole, len(self.codes))
