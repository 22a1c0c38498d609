"""Label Studio's JSON into records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sync.errors import Skippable
from sync.hashing import data_hash
from sync.records import Annotation, Json, Task

#: The batch of tasks that name none.
DEFAULT_BATCH = "default"


def time(text: str) -> datetime:
    """An ISO 8601 time as UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def task(raw: Json, batch_field: str, queue_field: str) -> Task:
    """A task of the tasks list.

    Raises:
        Skippable: it lacks what a task must have.
    """
    try:
        data = raw["data"]
        batch = data.get(batch_field)
        return Task(
            task_id=int(raw["id"]),
            data=data,
            data_hash=data_hash(data, queue_field),
            batch=DEFAULT_BATCH if batch in (None, "") else str(batch),
            updated_at=time(raw["updated_at"]),
            created_at=time(raw["created_at"]) if raw.get("created_at") else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Skippable(f"task {raw.get('id')} is malformed: {error!r}") from None


def annotation(raw: Json, task_id: int) -> Annotation:
    """An annotation of the tasks list.

    Raises:
        Skippable: it lacks what an annotation must have.
    """
    try:
        return Annotation(
            annotation_id=int(raw["id"]),
            task_id=task_id,
            annotator=_user(raw.get("completed_by")),
            result=_regions(raw["result"]),
            was_cancelled=bool(raw.get("was_cancelled")),
            ground_truth=bool(raw.get("ground_truth")),
            lead_time=None if raw.get("lead_time") is None else float(raw["lead_time"]),
            created_at=time(raw["created_at"]),
            updated_at=time(raw["updated_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Skippable(f"annotation {raw.get('id')} is malformed: {error!r}") from None


def _user(value: Any) -> int:
    """The user's id; 0 for an account that was deleted."""
    if isinstance(value, dict):
        value = value.get("id")
    return 0 if value is None else int(value)


def _regions(value: Any) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(region, dict) for region in value):
        raise ValueError("its result is not a list of regions")
    return value


def stamp(project: Json) -> str:
    """The project as Label Studio names it to ML backends, "<id>.<created>"."""
    return f"{project['id']}.{int(time(project['created_at']).timestamp())}"
