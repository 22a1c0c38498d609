"""What the list of a project's tasks answers, by which the mirror is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sync.labelstudio.query import between, changed, criterion, query
from sync.labelstudio.transport import Transport
from sync.records import Json

#: Everything of a task that the mirror keeps; a reply without the rest is three times as fast.
_INCLUDE = ",".join(
    (
        "id,updated_at,data,annotations",
        "result,completed_by,ground_truth,was_cancelled,lead_time,created_at",
    )
)
#: What a list of tasks tells beside them.
_LISTED = ("tasks", "total", "total_annotations", "total_predictions")
#: The newest task (id, updated_at), and the numbers of tasks, annotations and predictions.
Look = tuple[tuple[tuple[int, str], ...], int, int, int]
#: Tasks in one request, with all that the mirror keeps, and without.
PAGE, IDS_PAGE = 500, 10_000


class Listing:
    """Tasks of a project, whole or only their ids and stamps."""

    _http: Transport

    @property
    def answered_at(self) -> datetime | None:
        """The server's clock in its last reply, to the second; None if it did not tell."""
        return self._http.server_clock

    def changed_tasks(
        self,
        project_id: int,
        since: datetime | None,
        size: int = PAGE,
        *,
        until: datetime | None = None,
        after: int = 0,
    ) -> list[Json]:
        """Up to `size` tasks changed from `since` to `until`, with ids beyond `after`, by id.

        By id, since a task's place in that order never changes while pages are read.
        """
        items = changed(since, until)
        if after:
            items.append(criterion("id", "Number", after, "greater"))
        return self._tasks(project_id, items, "tasks:id", _INCLUDE, size)

    def newest_change(self, project_id: int, until: datetime | None = None) -> list[Json]:
        """The task changed last, not later than `until`, with id and updated_at; [] if none."""
        items = changed(None, until)
        return self._tasks(project_id, items, "-tasks:updated_at", "id,updated_at", 1)

    def look(self, project_id: int) -> Look:
        """What tells cheaply whether anything changed: the newest task, and how many there are."""
        found = self._list(project_id, [], "-tasks:updated_at", "id,updated_at", 1)
        newest = tuple((task["id"], task["updated_at"]) for task in found["tasks"])
        return newest, found["total"], found["total_annotations"], found["total_predictions"]

    def tasks_by_id(self, project_id: int, task_ids: Sequence[int]) -> list[Json]:
        """These tasks of the project, without those that are gone. Few ids: they are an address."""
        chosen = {"all": False, "included": list(task_ids)}
        size = len(task_ids)
        return list(self._list(project_id, [], "tasks:id", _INCLUDE, size, chosen)["tasks"])

    def stamps(self, project_id: int, after: int, upto: int | None = None) -> list[Json]:
        """Up to `IDS_PAGE` tasks with ids beyond `after`, by id, and what tells of a change.

        Each has id, updated_at, total_annotations and cancelled_annotations.
        """
        include = "id,updated_at,total_annotations,cancelled_annotations"
        reply = self._http.get(
            "api/tasks/",
            ("tasks",),
            project=project_id,
            page_size=IDS_PAGE,
            include=include,
            query=query(between(after, upto), "tasks:id"),
        )
        return list(reply["tasks"])

    def count_tasks(self, project_id: int, after: int = 0, upto: int | None = None) -> int:
        """Number of tasks of the project with ids beyond `after` up to `upto`."""
        return int(self._list(project_id, between(after, upto), "tasks:id", "id", 1)["total"])

    def task_ids(self, project_id: int, *, predicted: bool = False) -> Iterable[int]:
        """Ids of all tasks, or of those that hold a prediction, in order.

        Predictions themselves are looked at: Label Studio's counter of them is set after them,
        and is wrong where some were deleted.
        """
        held = [criterion("predictions_model_versions", "String", False, "empty")] * predicted
        if predicted and not self._list(project_id, held, "tasks:id", "id", 1)["total"]:
            return
        last = 0
        while True:
            items = [criterion("id", "Number", last, "greater"), *held]
            page = self._tasks(project_id, items, "tasks:id", "id", IDS_PAGE)
            yield from (task["id"] for task in page)
            if len(page) < IDS_PAGE:
                return
            last = page[-1]["id"]

    def _tasks(
        self, project_id: int, items: list[Json], order: str, include: str, size: int
    ) -> list[Json]:
        return list(self._list(project_id, items, order, include, size)["tasks"])

    def _list(
        self,
        project_id: int,
        items: list[Json],
        order: str,
        include: str,
        size: int,
        chosen: Json | None = None,
    ) -> Json:
        return dict(
            self._http.get(
                "api/tasks/",
                _LISTED,
                project=project_id,
                fields="all",
                # As the team wrote them: addresses in a cloud storage are else those by which the
                # editor reads them, and a task is written back as it was read.
                resolve_uri="false",
                page_size=size,
                include=include,
                query=query(items, order, chosen),
            )
        )
