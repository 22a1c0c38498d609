"""What was frozen, as an answer to a request for predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sync.hashing import data_hash
from sync.records import Json
from sync.settings import model_version
from sync.store import Store

Element = dict[str, Any]
#: One element a task, and how many came from where.
Found = tuple[list[Element], Counter[str]]


def from_ledger(store: Store, project_id: int, tasks: Sequence[Json], queue_field: str) -> Found:
    """The frozen candidate of each task, or an empty element.

    Args:
        store: where the ledger is.
        project_id: a connected project.
        tasks: each has an id and data.
        queue_field: task-data field that is no part of what was frozen.
    """
    # Label Studio may have given the id of a deleted task anew since the last pull.
    hashes = {int(task["id"]): data_hash(task["data"], queue_field) for task in tasks}
    withheld = store.withheld(project_id, hashes)
    frozen = store.candidates(project_id, hashes, hashes)
    count: Counter[str] = Counter()
    elements: list[Element] = []
    for task in tasks:
        candidate = frozen.get(int(task["id"]))
        element: Element = {}
        if int(task["id"]) in withheld:
            kind = "withheld"
        elif candidate is None or candidate.result is None:
            kind = "abstained"
        else:
            kind = "candidate"
            element = {"result": candidate.result, "model_version": model_version(project_id)}
            if candidate.score is not None:
                element["score"] = candidate.score
        count[kind] += 1
        elements.append(element)
    return elements, count
