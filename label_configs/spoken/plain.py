"""Answers about whole tasks: one region whose value holds one thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from label_configs.kinds.dynamic import brought, is_dynamic, lookup
from label_configs.kinds.kind import Data, Region
from label_configs.parse import Control
from label_configs.spoken.forms import Scene, short, strict
from sync.errors import Skippable
from sync.records import Json


@dataclass(frozen=True)
class Plain:
    """The form of a control that leaves one region with one value."""

    #: The type of the region.
    type: str
    #: Where its value holds the answer.
    key: str
    #: JSON Schema of what is said.
    describe: Callable[[Control, Data], Json]
    #: What is stored for what is said; it raises Skippable where that is of another form.
    stored: Callable[[Control, Any], Any] = lambda control, said: said
    #: What is said for what is stored.
    told: Callable[[Control, Any], Any] = lambda control, stored: stored

    def schema(self, control: Control, data: Data) -> Json | None:
        """JSON Schema of an answer."""
        return self.describe(control, data)

    def regions(self, control: Control, said: Any, scene: Scene) -> list[Region]:
        """The one region."""
        return [{"type": self.type, "value": {self.key: self.stored(control, said)}}]

    def said(self, control: Control, regions: Sequence[Region], scene: Scene) -> Any:
        """What the region holds."""
        if len(regions) != 1:
            raise Skippable(f"{len(regions)} regions are no one answer")
        return self.told(control, regions[0]["value"][self.key])


def text(labels: Sequence[str]) -> Json:
    """Schema of one of the labels, or of any text where there are none."""
    return {"type": "string"} | ({"enum": list(labels)} if labels else {})


def options(control: Control, data: Data) -> list[str]:
    """The labels that may be chosen; none where only the task's data would tell."""
    more = brought(control, data)
    if more is None:
        return []
    brought_ = sorted({label for path in more for label in path} - control.allowed)
    return [*control.labels, *brought_]


def _is_single(control: Control) -> bool:
    return (control.attribute("choice") or "single").startswith("single")


def _choices(control: Control, data: Data) -> Json:
    one = text(options(control, data))
    return one if _is_single(control) else {"type": "array", "items": one}


def _chosen(control: Control, said: Any) -> list[Any]:
    if isinstance(said, str):
        return [said]
    if not isinstance(said, list) or not all(isinstance(label, str) for label in said):
        raise Skippable(f"{short(said)} is no choice")
    return list(dict.fromkeys(said))


def _told_choice(control: Control, stored: list[str]) -> Any:
    return stored[0] if _is_single(control) else stored


def _paths(control: Control, data: Data) -> Json:
    steps = [label for path in control.paths for label in path]
    fixed = not control.attribute("apiUrl") and "legacy" not in control.switched_on
    if is_dynamic(control):
        steps = options(control, data)
    step = text(list(dict.fromkeys(steps)) if fixed else ())
    return {
        "type": "array",
        "items": {"type": "array", "items": step},
        "description": "each from the topmost choice down",
    }


def _checked_paths(control: Control, said: Any) -> list[list[str]]:
    paths = said if isinstance(said, list) else [said]
    # One path alone is meant where the steps are not in lists of their own.
    if paths and all(isinstance(step, str) for step in paths):
        paths = [paths]
    if not all(isinstance(path, list) for path in paths):
        raise Skippable(f"{short(said)} is no list of paths of choices")
    return [list(path) for path in paths]


def _rating(control: Control, data: Data) -> Json:
    most = int(control.attribute("maxRating") or 5)
    return {"type": "integer", "minimum": 1, "maximum": most}


def _number(control: Control, data: Data) -> Json:
    found: Json = {"type": "number"}
    for name, key in (("min", "minimum"), ("max", "maximum")):
        try:
            bound = float(control.attribute(name))
        except ValueError:
            continue
        found[key] = int(bound) if bound.is_integer() else bound
    whole = isinstance(found.get("minimum", 0), int) and control.attribute("step").isdecimal()
    return found | ({"type": "integer"} if whole else {})


def _moment(control: Control, data: Data) -> Json:
    shown = control.attribute("only")
    form = "%Y-%m-%dT%H:%M" if not shown or "time" in shown else "%Y-%m-%d"
    form = "%H:%M" if shown == "time" else control.attribute("format") or form
    return {"type": "string", "description": f"in the format {form}"}


def _lines(control: Control, data: Data) -> Json:
    several = {"type": "array", "items": {"type": "string"}}
    return {"anyOf": [{"type": "string"}, several]}


def _written(control: Control, said: Any) -> list[str]:
    lines = [said] if isinstance(said, str) else said
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Skippable(f"{short(said)} is neither a text nor a list of texts")
    return list(lines)


def _side(control: Control, data: Data) -> Json:
    sides = zip(control.to_name, ("left", "right"), strict=False)
    told = ", ".join(f'"{name}" is {side}' for name, side in sides)
    return {"type": "string", "enum": ["left", "right"], "description": told}


def _order(control: Control, data: Data) -> Json:
    shown = next((tag for tag in control.objects if tag.tag == "List"), None)
    items = None if shown is None else lookup(data, shown.value)
    known = items if isinstance(items, list) else []
    ids = [str(item["id"]) for item in known if isinstance(item, dict) and "id" in item]
    order: Json = {"type": "array", "items": text(list(dict.fromkeys(ids)))}
    if control.buckets:
        return strict({name: order for name in control.buckets})
    return order | {"description": "ids of the items, the first one first"}


def _ranked(control: Control, said: Any) -> Any:
    return said if control.buckets else {control.name: said}


def _told_order(control: Control, stored: Any) -> Any:
    if not control.buckets:
        return stored[control.name]
    return {name: stored.get(name, []) for name in control.buckets}


CHOICES = Plain("choices", "choices", _choices, _chosen, _told_choice)
NESTED_CHOICES = Plain("choices", "choices", _paths, _checked_paths)
#: Control tag to form.
PLAIN: dict[str, Plain] = {
    "Choices": CHOICES,
    "DateTime": Plain("datetime", "datetime", _moment),
    "Number": Plain("number", "number", _number),
    "Pairwise": Plain("pairwise", "selected", _side),
    "Ranker": Plain("ranker", "ranker", _order, _ranked, _told_order),
    "Rating": Plain("rating", "rating", _rating),
    "Taxonomy": Plain("taxonomy", "taxonomy", _paths, _checked_paths),
    "TextArea": Plain(
        "textarea",
        "text",
        _lines,
        _written,
        lambda control, stored: stored[0] if len(stored) == 1 else stored,
    ),
}
