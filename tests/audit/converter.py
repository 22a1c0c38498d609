"""From the form of the public sets of human labels to Label Studio's JSON export.

A set is a folder with `meta.json` and `items.jsonl`; its README says what stands in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

Json = dict[str, Any]
Result = list[Json]


@dataclass(frozen=True)
class Converted:
    """A set in the form of an export."""

    tasks: list[Json]
    xml: str
    #: What the set calls each person, by the user id in the export.
    people: dict[int, str]

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The files of the export and of its label config."""
        folder.mkdir(parents=True, exist_ok=True)
        export, config = folder / "export.json", folder / "config.xml"
        export.write_text(json.dumps(self.tasks, ensure_ascii=False), encoding="utf-8")
        config.write_text(self.xml, encoding="utf-8")
        return export, config


def convert(
    folder: Path,
    *,
    keep: Callable[[Json], bool] = lambda item: True,
    gold: bool = True,
    kind: str | None = None,
) -> Converted:
    """The items of a set as tasks with annotations, and gold as ground truth.

    Args:
        folder: the set.
        keep: which items.
        gold: whether known answers become annotations that are marked as ground truth.
        kind: how to take the labels, if not as the set's task says.
    """
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    kind = kind or meta["task"]
    labels = _labels(meta)
    people: dict[str, int] = {}
    tasks = [
        _task(number, item, RESULTS[kind], people, gold)
        for number, item in enumerate(filter(keep, _items(folder)), start=1)
    ]
    return Converted(
        tasks=tasks, xml=CONFIGS[kind](labels), people={i: name for name, i in people.items()}
    )


def people_in(folder: Path) -> int:
    """How many people answered; 0 where the set holds known answers only."""
    return int(json.loads((folder / "meta.json").read_text(encoding="utf-8"))["annotators"])


def _items(folder: Path) -> Iterator[Json]:
    with (folder / "items.jsonl").open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _labels(meta: Json) -> list[Any]:
    found = [label[-1] if isinstance(label, list) else label for label in meta.get("label_set", [])]
    extra = ["toxic"] if meta["name"] == "toxic_spans" else []
    return list(dict.fromkeys(found + extra))


def _task(
    number: int,
    item: Json,
    result: Callable[[Any, Json], Result],
    people: dict[str, int],
    gold: bool,
) -> Json:
    annotations = [
        _annotation(
            number * 1000 + place,
            people.setdefault(label["annotator"], len(people) + 1),
            result(label["value"], item["data"]),
            place,
        )
        for place, label in enumerate(item["labels"])
    ]
    if gold and item["gold"] is not None:
        known = _annotation(number * 1000 + 999, 0, result(item["gold"], item["data"]), 59)
        annotations.append(known | {"ground_truth": True})
    return {
        "id": number,
        "data": item["data"] | {"item": item["id"]},
        "annotations": annotations,
        "predictions": [],
        "drafts": [],
        "meta": {},
        "total_annotations": len(annotations),
    }


def _annotation(number: int, person: int, result: Result, second: int) -> Json:
    return {
        "id": number,
        "completed_by": {"id": person, "email": f"p{person}@example.com"},
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": f"2026-01-01T00:{number // 1000 % 60:02}:{second % 60:02}.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
        "lead_time": None,
        "prediction": {},
        "parent_prediction": None,
    }


def _region(kind: str, value: Json, name: str = "label", to: str = "object", **more: Any) -> Json:
    return {"from_name": name, "to_name": to, "type": kind, "value": value, **more}


def _choice(value: Any, data: Json) -> Result:
    del data
    return [_region("choices", {"choices": [str(value)]})]


def _stars(value: int, data: Json) -> Result:
    """From -3, very strong, to 1, not abusive: one to five stars in the same order."""
    del data
    return [_region("rating", {"rating": value + 4})]


def _spans(value: list[Json], data: Json) -> Result:
    return [
        _region(
            "labels",
            {
                "start": span["start"],
                "end": span["end"],
                "text": data["text"][span["start"] : span["end"]],
                "labels": [span["label"]],
            },
            id=f"s{place}",
        )
        for place, span in enumerate(value)
    ]


def _boxes(value: list[Json], data: Json) -> Result:
    """Pixels as per cent of the image."""
    width, height = data["width"], data["height"]
    return [
        _region(
            "rectanglelabels",
            {
                "x": 100 * box["x"] / width,
                "y": 100 * box["y"] / height,
                "width": 100 * box["width"] / width,
                "height": 100 * box["height"] / height,
                "rotation": 0,
                "rectanglelabels": [box["label"]],
            },
            id=f"b{place}",
            original_width=width,
            original_height=height,
            image_rotation=0,
        )
        for place, box in enumerate(value)
    ]


def _text(value: str, data: Json) -> Result:
    del data
    return [_region("textarea", {"text": [value]})]


def _preferred(value: str, data: Json) -> Result:
    """Left or right; no answer for a tie, of which Label Studio's Pairwise knows none."""
    del data
    side = {"a1": "left", "a2": "right"}.get(value)
    return [_region("pairwise", {"selected": side}, to="label")] if side else []


RESULTS: dict[str, Callable[[Any, Json], Result]] = {
    "classification": _choice,
    "ordinal": _stars,
    "spans": _spans,
    "boxes": _boxes,
    "transcription": _text,
    "preference": _preferred,
    "choices": _choice,
}


def _listed(tag: str, labels: list[Any]) -> str:
    return "".join(f"<{tag} value={quoteattr(str(label))}/>" for label in labels)


def _config(shown: str, tag: str, label: str = "") -> Callable[[list[Any]], str]:
    def config(labels: list[Any]) -> str:
        inner = _listed(label, labels) if label else ""
        return f'<View>{shown}<{tag} name="label" toName="object">{inner}</{tag}></View>'

    return config


_TEXT = '<Text name="object" value="$text"/>'
CONFIGS: dict[str, Callable[[list[Any]], str]] = {
    "classification": _config(_TEXT, "Choices", "Choice"),
    "choices": _config(_TEXT, "Choices", "Choice"),
    "ordinal": _config(_TEXT, "Rating"),
    "spans": _config(_TEXT, "Labels", "Label"),
    "boxes": _config('<Image name="object" value="$image"/>', "RectangleLabels", "Label"),
    "transcription": _config('<Audio name="object" value="$audio"/>', "TextArea"),
    "preference": lambda labels: (
        '<View><Text name="a1" value="$a1"/><Text name="a2" value="$a2"/>'
        '<Pairwise name="label" toName="a1,a2"/></View>'
    ),
}
