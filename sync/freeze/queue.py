"""The validation queue: tasks that people are asked to label, and the tab that shows them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from sync.freeze.draw import gold_queue_id, queue_id, queue_mark
from sync.gating.policy import from_dict
from sync.labelstudio import LabelStudio, Missing, views
from sync.records import Batch, Json, Task
from sync.store import Store
from sync.store.schema import storable

#: Requests in flight: more do not make Label Studio faster.
_AT_ONCE = 4
#: Tasks that are looked at in one request.
_TOGETHER = 100

Progress = Callable[[int, int], object]


def extend(
    server: LabelStudio,
    store: Store,
    project_id: int,
    batch: Batch,
    length: int,
    *,
    queue_field: str,
    progress: Progress = lambda done, total: None,
) -> int:
    """Make the queue `length` validation tasks long, gold between them; how many were added.

    Each task gets its place in the queue and its number of annotators. Tasks that have their
    place already are left alone, so that an interrupted call can be repeated.
    """
    missing = [
        (task, place)
        for task, place in _wanted(store, project_id, batch, length)
        if task.data.get(queue_field) != place
    ]
    missing = _untouched(server, project_id, missing)
    overlap = from_dict(batch.policy).sample.overlap

    def put(item: tuple[Task, str]) -> None:
        task, place = item
        # A task that was deleted meanwhile needs no place.
        with suppress(Missing):
            server.patch_task(task.task_id, overlap=overlap, data=_data(task, queue_field, place))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for done, _ in enumerate(pool.map(put, missing), start=1):
                progress(done, len(missing))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if length != batch.queue_length:
        store.update_batch(project_id, batch.name, queue_length=length)
    return len(missing)


def _untouched(
    server: LabelStudio, project_id: int, missing: list[tuple[Task, str]]
) -> list[tuple[Task, str]]:
    """Those whose data are still what the mirror holds, since a write replaces the whole of them.

    The others get their place after the next pull.
    """
    found: list[tuple[Task, str]] = []
    for start in range(0, len(missing), _TOGETHER):
        some = missing[start : start + _TOGETHER]
        there = server.tasks_by_id(project_id, [task.task_id for task, _ in some])
        data = {raw["id"]: raw["data"] for raw in there}
        found += [(task, place) for task, place in some if data.get(task.task_id) == task.data]
    return found


def _data(task: Task, queue_field: str, place: str) -> Json:
    return task.data | {queue_field: place}


def _wanted(store: Store, project_id: int, batch: Batch, length: int) -> list[tuple[Task, str]]:
    """The tasks that belong into the queue with their queue field, in its order."""
    key, size = batch.sampling_key, from_dict(batch.policy).sample.size
    found = {
        place.task_id: queue_id(batch.name, key, place.task_id, place.position)
        for place in store.places(project_id, batch.name)[:length]
    }
    for task_id in store.gold(project_id):
        found[task_id] = gold_queue_id(batch.name, key, task_id, min(size, length))
    # Not the whole batch, which may be large: this is done at every pass.
    tasks = store.tasks_among(project_id, found).values()
    members = [(t, found[t.task_id]) for t in tasks if t.batch == storable(batch.name)]
    return sorted(members, key=lambda item: item[1])


def open_tab(
    server: LabelStudio, project_id: int, batch: Batch, queue_field: str
) -> dict[str, int]:
    """Open or mend the batch's validation tab; the batch's view ids with it."""
    data = views.validate(batch.name, queue_field, queue_mark(batch.name))
    view = server.put_view(project_id, batch.views.get("validate"), data)
    return batch.views | {"validate": view}
