"""Bodies of requests, believed only after they were checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Self

import orjson

from sync.records import Json

#: Tasks in one request.
MOST_TASKS = 5000
#: Values in one body: each takes far more memory than it has bytes.
MOST_VALUES = 4_000_000

_PROJECT = re.compile(r"(?P<id>\d{1,18})(?:\.\d+)?\Z", re.ASCII)


class Malformed(Exception):
    """The request cannot be understood; the text says what is wrong with it."""


def parse(raw: bytes) -> Any:
    """The JSON in a body; None where it is none.

    Raises:
        Malformed: it is nested too deeply, or has too many values.
    """
    values = sum(raw.count(sign) for sign in (b",", b"[", b"{"))
    if values > MOST_VALUES:
        raise Malformed(f"the body has {values} values: at most {MOST_VALUES} are read")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        # Stricter than Label Studio, whose texts may hold halves of a surrogate pair.
        return _lenient(raw)


def _lenient(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None
    except ValueError:
        return None


def rendered(answer: Any) -> bytes:
    """An answer as JSON."""
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:
        # As above: stricter than those who read it.
        return json.dumps(answer).encode()


def project_of(value: Any) -> int:
    """The id in "<id>.<created>", which is how Label Studio names a project.

    Raises:
        Malformed: it is not of that form.
    """
    value = _whole(value)
    found = _PROJECT.match(str(value)) if isinstance(value, (str, int)) else None
    if found is None or isinstance(value, bool):
        raise Malformed('"project" is missing or not of the form "<id>.<created>"')
    return int(found["id"])


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 5.0 is the integer 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, kw_only=True)
class Predict:
    """A request for predictions."""

    project_id: int
    #: Each with an integer `id` and an object `data`, and nothing else.
    tasks: list[Json]
    label_config: str
    #: What a person just drew, where Label Studio asks interactively.
    context: Json | None = None

    @classmethod
    def read(cls, body: Any) -> Self:
        """Check a body and keep what may be used.

        Raises:
            Malformed: something is missing or of the wrong kind.
        """
        if not isinstance(body, dict):
            raise Malformed("the body is not a JSON object")
        tasks = body.get("tasks")
        if not isinstance(tasks, list):
            raise Malformed('"tasks" is missing or not a list')
        if len(tasks) > MOST_TASKS:
            raise Malformed(f"{len(tasks)} tasks in one request: at most {MOST_TASKS} are answered")
        config = _text(body, "label_config")
        return cls(
            project_id=project_of(body.get("project")),
            tasks=[_task(task, i) for i, task in enumerate(tasks)],
            label_config=config,
            context=_context(body.get("params")),
        )


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What Label Studio tells at connection."""

    project_id: int
    #: The label config; empty where it is not told.
    schema: str

    @classmethod
    def read(cls, body: Any) -> Self:
        """Check a body and keep what may be used.

        Raises:
            Malformed: something is missing or of the wrong kind.
        """
        there = body if isinstance(body, dict) else {}
        schema = _text(there, "schema")
        return cls(project_id=project_of(there.get("project")), schema=schema)


def _text(body: Json, name: str) -> str:
    """A text that may be absent or null."""
    text = body.get(name)
    if text is not None and not isinstance(text, str):
        raise Malformed(f'"{name}" is not a text')
    return text or ""


def _context(params: Any) -> Json | None:
    context = params.get("context") if isinstance(params, dict) else None
    return context if isinstance(context, dict) and context else None


def _task(task: Any, place: int) -> Json:
    """Id and data: no annotation, prediction or draft ever reaches an engine."""
    if not isinstance(task, dict):
        raise Malformed(f"task {place} is not an object")
    task_id, data = _whole(task.get("id")), task.get("data")
    if not isinstance(task_id, int) or isinstance(task_id, bool) or abs(task_id) >= 2**63:
        raise Malformed(f"task {place} has no integer id")
    if not isinstance(data, dict):
        raise Malformed(f"task {place} has no data object")
    return {"id": task_id, "data": data}
