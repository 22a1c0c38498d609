"""The Data Manager tabs that Assay keeps.

Only filter operators that the interface knows: one it does not know hangs the whole tab bar.
"""

from __future__ import annotations

from collections.abc import Sequence

from sync.records import Json

#: A tab lists at most this many tasks by id: each is one row of its filter.
LISTED = 50

#: Columns that would push the data off the screen.
_HIDDEN = [
    "tasks:inner_id",
    "tasks:cancelled_annotations",
    "tasks:total_predictions",
    "tasks:annotations_results",
    "tasks:annotations_ids",
    "tasks:predictions_score",
    "tasks:predictions_model_versions",
    "tasks:predictions_results",
    "tasks:file_upload",
    "tasks:storage_filename",
    "tasks:created_at",
    "tasks:updated_at",
    "tasks:updated_by",
    "tasks:avg_lead_time",
    "tasks:draft_exists",
]

#: What of a tab is ours, once people use it; its order they may change as well, until we write.
_OURS = ("title", "filters", "ordering")


def validate(batch: str, queue_field: str, mark: str) -> Json:
    """The validation queue of a batch, in its order."""
    column = f"tasks:data.{queue_field}"
    items = [_item(column, "contains", "String", mark)]
    return _view(f"Assay · validate {batch}", "and", items, [column])


def disagree(batch: str, task_ids: Sequence[int]) -> Json:
    """The validation tasks of a batch on which people and candidates differ."""
    items = [_item("tasks:id", "equal", "Number", task_id) for task_id in task_ids[:LISTED]]
    return _view(f"Assay · disagree {batch}", "or", items, ["tasks:id"])


def same(found: Json | None, wanted: Json) -> bool:
    """Whether a tab shows what it should: columns are the users' to arrange."""
    return found is not None and all(found.get(name) == wanted[name] for name in _OURS[:2])


def merged(found: Json, wanted: Json) -> Json:
    """A tab as it should be, with the columns as people arranged them."""
    kept = {name: value for name, value in found.items() if name != "selectedItems"}
    return kept | {name: wanted[name] for name in _OURS}


def _item(column: str, operator: str, kind: str, value: object) -> Json:
    return {"filter": f"filter:{column}", "operator": operator, "type": kind, "value": value}


def _view(title: str, conjunction: str, items: list[Json], ordering: list[str]) -> Json:
    return {
        "title": title,
        "type": "list",
        "target": "tasks",
        "filters": {"conjunction": conjunction, "items": items},
        "ordering": ordering,
        "hiddenColumns": {"explore": _HIDDEN, "labeling": _HIDDEN},
        "columnsWidth": {},
        "columnsDisplayType": {},
        "gridWidth": 4,
    }
