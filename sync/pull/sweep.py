"""The sweep: a full look for what leaves no trace in the order of changes.

Label Studio forgets a deleted task without a word, moves annotations between tasks without
touching their `updated_at` (the action "remove duplicated tasks"), and a clock that is set
back stamps changes behind the cursor. So every task's `updated_at` and number of annotations
is compared with the mirror's, and what differs is read again. What the sweep cannot see is an
edit made past Label Studio, in its database, that leaves both as they were.
"""

from __future__ import annotations

from collections.abc import Sequence

from sync.clock import Clock
from sync.labelstudio import LabelStudio, parse
from sync.labelstudio.listing import IDS_PAGE
from sync.pull.narrow import Stretch, uneven
from sync.pull.take import Fields, take
from sync.pull.walk import Count
from sync.records import Json
from sync.store import Store

#: Tasks asked for by id at once: their ids stand in the address of the request.
CHOSEN = 100


def sweep(
    server: LabelStudio,
    store: Store,
    project_id: int,
    fields: Fields,
    now: Clock,
    count: Count,
    stretch: Stretch = (0, None),
) -> set[int]:
    """Read again what differs from the mirror, mark what is gone; the ids of the tasks gone.

    One page of ids and stamps of either side is in memory at a time.
    """
    after, end = stretch
    gone: set[int] = set()
    aside = store.aside_ids(project_id).get("task", set())
    while True:
        # The mirror first: a task that came between the two looks differs, and is read.
        held = store.stamps(project_id, after, end, IDS_PAGE)
        page = server.stamps(project_id, after, end)
        ends = [max(held)] if len(held) == IDS_PAGE else []
        ends += [page[-1]["id"]] if len(page) == IDS_PAGE else []
        upto = min(ends, default=end)
        there = {raw["id"]: raw for raw in page if upto is None or raw["id"] <= upto}
        known = {i for i in held.keys() | aside if i > after and (upto is None or i <= upto)}
        differ = [i for i, raw in there.items() if held.get(i) != _stamp(raw)]
        reread(server, store, project_id, fields, now, count, differ)
        if missing := known - there.keys():
            store.mark_deleted(project_id, missing, now())
            gone |= missing
        if upto == end:
            return gone
        after = upto or after


def even(
    server: LabelStudio,
    store: Store,
    project_id: int,
    fields: Fields,
    now: Clock,
    count: Count,
) -> set[int]:
    """Sweep only where the numbers of tasks differ; the ids of the tasks gone.

    Their annotations may have been moved to tasks with the same data, which are read again.
    """
    gone: set[int] = set()
    for stretch in uneven(server, store, project_id):
        gone |= sweep(server, store, project_id, fields, now, count, stretch)
    reread(server, store, project_id, fields, now, count, store.twins(project_id, gone))
    return gone


def reread(
    server: LabelStudio,
    store: Store,
    project_id: int,
    fields: Fields,
    now: Clock,
    count: Count,
    task_ids: Sequence[int],
) -> None:
    """Read these tasks again."""
    for start in range(0, len(task_ids), CHOSEN):
        tasks = server.tasks_by_id(project_id, task_ids[start : start + CHOSEN])
        count.add(take(store, project_id, tasks, fields, now()))


def _stamp(raw: Json) -> tuple[object, int]:
    number = raw["total_annotations"] + raw["cancelled_annotations"]
    return parse.time(raw["updated_at"]), number
