"""An order of tasks that nobody chose.

An export is looked at once, so nothing is won by the order in which answers came; and whoever
learned or tired over time would make a bound of the beginning contradict the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sync.gating.people.answers import Answers
from sync.records import Item


def place(task_id: int) -> bytes:
    """Sorts tasks as if drawn by lot: the SHA-256 of the id as text."""
    return hashlib.sha256(str(task_id).encode()).digest()


def by_lot(answers: Answers, items: Sequence[Item]) -> Answers:
    """The answers with their rows in the order of their tasks' places.

    Args:
        answers: as read from the items.
        items: those that were read.
    """
    ranks = np.empty(len(items), dtype=np.int64)
    ranks[sorted(range(len(items)), key=lambda i: place(items[i].task_id))] = np.arange(len(items))
    order = np.argsort(ranks[answers.task], kind="stable")
    return replace(
        answers,
        task=answers.task[order],
        person=answers.person[order],
        whole=answers.whole[order],
        seconds=answers.seconds[order],
    )
