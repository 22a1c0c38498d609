"""Small exports as Label Studio 1.23 writes them."""

from __future__ import annotations

from typing import Any

import numpy as np

Json = dict[str, Any]

LABELS = ("a", "b", "c")
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
    '<Choice value="a"/><Choice value="b"/><Choice value="c"/></Choices></View>'
)


def choice(label: str, **more: Any) -> list[Json]:
    """A result with one choice."""
    places = {"id": "r1", "from_name": "label", "to_name": "text", "type": "choices"}
    return [{**places, "value": {"choices": [label]}, "origin": "manual", **more}]


def annotation(number: int, person: Any, result: Any, **more: Any) -> Json:
    """An annotation with the fields that Label Studio gives it."""
    return {
        "id": number,
        "completed_by": person,
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": f"2026-05-01T10:{number // 60 % 60:02}:{number % 60:02}.000000Z",
        "updated_at": "2026-05-02T10:00:00.000000Z",
        "draft_created_at": None,
        "lead_time": 4.5,
        "prediction": {},
        "result_count": 1,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_action": None,
        **more,
    }


def prediction(number: int, result: list[Json], version: str = "v1", **more: Any) -> Json:
    """A prediction with the fields that Label Studio gives it."""
    return {
        "id": number,
        "result": result,
        "model_version": version,
        "score": 0.9,
        "created_at": "2026-05-01T09:00:00.000000Z",
        "task": 1,
        **more,
    }


def task(number: int, annotations: list[Json], **more: Any) -> Json:
    """A task with the fields that Label Studio gives it."""
    return {
        "id": number,
        "annotations": annotations,
        "drafts": [],
        "predictions": [],
        "data": {"text": f"text {number}"},
        "meta": {},
        "total_annotations": len(annotations),
        **more,
    }


def team(wrong_gold: int = 0) -> list[Json]:
    """Four good people, and one who always says a, on 90 gold tasks."""
    random = np.random.default_rng(1)
    tasks = []
    for number in range(1, 91):
        truth = LABELS[number % 3]
        people = [annotation(10 * number + p, p, choice(truth)) for p in range(1, 5)]
        lapse = random.integers(40)
        if lapse < 4:
            people[lapse]["result"] = choice("abca"[LABELS.index(truth) + 1])
        people.append(annotation(10 * number + 5, "spam@example.com", choice("a")))
        known = LABELS[(number + 1) % 3] if number == wrong_gold else truth
        people.append(annotation(10 * number + 9, 9, choice(known), ground_truth=True))
        tasks.append(task(number, people))
    return tasks
