"""Where the numbers of tasks differ: counting halves finds what was deleted without a listing."""

from __future__ import annotations

from sync.labelstudio import LabelStudio
from sync.store import Store

#: Tasks in a stretch that is listed and not halved again.
LISTED = 500
#: With more stretches than this, listing everything costs less than counting.
MANY = 8

#: Ids beyond the first, up to the second; None is without an end.
Stretch = tuple[int, int | None]


def uneven(server: LabelStudio, store: Store, project_id: int) -> list[Stretch]:
    """Stretches of ids in which Label Studio and the mirror count other numbers of tasks."""
    found: list[Stretch] = []
    todo: list[Stretch] = [(0, None)]
    while todo:
        after, upto = todo.pop()
        held = store.count_tasks(project_id, after, upto)
        if held == server.count_tasks(project_id, after, upto):
            continue
        middle = store.nth_task(project_id, after, upto, held // 2) if held > LISTED else None
        if middle in (None, upto):
            found.append((after, upto))
        else:
            todo += [(after, middle), (middle, upto)]
        if len(found) + len(todo) > MANY * 2:
            return [(0, None)]
    return found
