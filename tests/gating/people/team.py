"""Made-up and real teams as items."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import label_configs
from label_configs import LabelConfig
from sync.records import Answer, Item, Result

START = datetime(2026, 1, 1, tzinfo=UTC)
#: Task, annotator, label (None for a skip).
Row = tuple[int, int, str | None]


def choices(labels: Iterable[str]) -> LabelConfig:
    """One single choice of these labels."""
    tags = "".join(f'<Choice value="{label}"/>' for label in labels)
    return label_configs.parse(
        f'<View><Choices name="c" toName="t">{tags}</Choices><Text name="t" value="$t"/></View>'
    )


def spans(labels: Iterable[str]) -> LabelConfig:
    """Spans of these labels on text."""
    tags = "".join(f'<Label value="{label}"/>' for label in labels)
    return label_configs.parse(
        f'<View><Labels name="c" toName="t">{tags}</Labels><Text name="t" value="$t"/></View>'
    )


def chosen(label: str) -> Result:
    return [{"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": [label]}}]


def marked(found: Sequence[Mapping[str, Any]]) -> Result:
    """Spans of the public sets as regions."""
    return [
        {
            "id": str(number),
            "from_name": "c",
            "to_name": "t",
            "type": "labels",
            "value": {"start": span["start"], "end": span["end"], "labels": [span["label"]]},
        }
        for number, span in enumerate(found)
    ]


def items(
    rows: Iterable[Row],
    gold: Mapping[int, str] | None = None,
    seconds: Mapping[int, float] | None = None,
) -> list[Item]:
    """Tasks with their answers in the order of the rows; `seconds` is by annotator."""
    answers: dict[int, list[Answer]] = {task: [] for task in gold or {}}
    for number, (task, annotator, label) in enumerate(rows):
        answers.setdefault(task, []).append(
            Answer(
                annotation_id=number,
                annotator=annotator,
                result=None if label is None else chosen(label),
                submitted_at=START + timedelta(seconds=number),
                lead_time=(seconds or {}).get(annotator),
            )
        )
    return [
        Item(
            task_id=task,
            data={},
            answers=tuple(given),
            gold=chosen(gold[task]) if gold and task in gold else None,
        )
        for task, given in answers.items()
    ]


def real(folder: Path) -> tuple[list[Item], LabelConfig, list[str]]:
    """A public set of choices or spans, with its annotators' names by number."""
    meta = json.loads((folder / "meta.json").read_text())
    lines = [json.loads(line) for line in (folder / "items.jsonl").read_bytes().splitlines()]
    names = sorted({label["annotator"] for line in lines for label in line["labels"]})
    code: dict[Hashable, int] = {name: i for i, name in enumerate(names)}
    on_text = meta["task"] == "spans"
    write = marked if on_text else chosen
    found, number = [], 0
    for task, line in enumerate(lines):
        answers = []
        for label in line["labels"]:
            number += 1
            answers.append(
                Answer(
                    annotation_id=number,
                    annotator=code[label["annotator"]],
                    result=write(label["value"]),
                    submitted_at=START + timedelta(seconds=number),
                )
            )
        known = None if line["gold"] is None else write(line["gold"])
        found.append(Item(task_id=task, data={}, answers=tuple(answers), gold=known))
    config = (spans if on_text else choices)(meta["label_set"])
    return found, config, names
