"""Candidates into Label Studio, each once, whatever is cut off in the middle.

At each import Label Studio counts anew the predictions of all tasks that have any, which is nine
tenths of its work: so there are few imports and large ones.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sync.errors import Retriable
from sync.labelstudio import LabelStudio
from sync.records import Candidate, Json, Project
from sync.store import Store

#: Predictions in one import, and characters of its results.
MOST, LONGEST = 25_000, 32_000_000
#: How long an import that was cut off may still arrive, and the pause between two looks, seconds.
ARRIVES, LOOK = 60.0, 1.0


def portions(made: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """Candidates that have a result, in as few imports as Label Studio can take."""
    portion: list[Candidate] = []
    size = 0
    for candidate in made:
        length = len(json.dumps(candidate.result))
        if portion and (len(portion) >= MOST or size + length > LONGEST):
            yield portion
            portion, size = [], 0
        portion.append(candidate)
        size += length
    if portion:
        yield portion


def place(
    server: LabelStudio,
    store: Store,
    project: Project,
    made: Sequence[Candidate],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Import candidates in one request; Label Studio takes all of them or none.

    Args:
        server: where the project is.
        store: remembers the import until it is over.
        project: whose one model version they stand under.
        made: at least one, each with a result, of tasks without a prediction.
        now: the time.
        sleep: waits some seconds.

    Raises:
        Fatal: Label Studio does not allow one of them.
        Retriable: Label Studio does not answer, and the candidates did not arrive either.
    """
    store.begin_placing(project.project_id, made[0].task_id, now())
    try:
        server.import_predictions(
            project.project_id, [_prediction(c, project.model_version) for c in made]
        )
    except Retriable:
        # Label Studio works on where a proxy between us lost patience.
        if not settle(server, store, project.project_id, now, sleep):
            raise
    else:
        store.end_placing(project.project_id)


def settle(
    server: LabelStudio,
    store: Store,
    project_id: int,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], object] = time.sleep,
) -> bool:
    """Wait until an import that was cut off is there, or can no longer come; whether it came.

    Without it, a second run could place what the first one's import is about to place.
    """
    begun = store.placing(project_id)
    if begun is None:
        return False
    task_id, since = begun
    arrived = server.is_predicted(task_id)
    while not arrived and now() < since + timedelta(seconds=ARRIVES):
        sleep(LOOK)
        arrived = server.is_predicted(task_id)
    store.end_placing(project_id)
    return arrived


def _prediction(candidate: Candidate, version: str) -> Json:
    row: Json = {
        "task": candidate.task_id,
        "result": candidate.result,
        "model_version": version,
    }
    return row if candidate.score is None else row | {"score": candidate.score}
