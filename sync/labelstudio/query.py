"""Queries of the Data Manager: which tasks, in which order."""

from __future__ import annotations

import json
from datetime import datetime

from sync.records import Json


def query(items: list[Json], order: str, chosen: Json | None = None) -> str:
    """Tasks that all `items` allow, or of these the `chosen` ones, in an order."""
    asked: Json = {"filters": {"conjunction": "and", "items": items}, "ordering": [order]}
    return json.dumps(asked if chosen is None else asked | {"selectedItems": chosen})


def changed(since: datetime | None, until: datetime | None) -> list[Json]:
    """Only tasks changed from `since` to `until`; None is no bound."""
    bounds = {"greater_or_equal": since, "less_or_equal": until}
    return [
        criterion("updated_at", "Datetime", _stamp(moment), operator)
        for operator, moment in bounds.items()
        if moment is not None
    ]


def between(after: int, upto: int | None) -> list[Json]:
    """Only tasks with ids beyond `after` up to `upto`; None is no bound."""
    beyond = [criterion("id", "Number", after, "greater")]
    if upto is None:
        return beyond
    return [*beyond, criterion("id", "Number", upto, "less_or_equal")]


def criterion(column: str, kind: str, value: object, operator: str = "greater_or_equal") -> Json:
    """One criterion of a query."""
    return {
        "filter": f"filter:tasks:{column}",
        "operator": operator,
        "type": kind,
        "value": value,
    }


def _stamp(moment: datetime) -> str:
    """The only form of a time that the filter accepts."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
