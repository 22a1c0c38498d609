"""Answers that mark regions: text is quoted, anything else is said as Label Studio stores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from label_configs.kinds.kind import Data, Region
from label_configs.parse import Control
from label_configs.spoken import places
from label_configs.spoken.forms import Form, Scene, listed, short, strict
from label_configs.spoken.plain import options, text
from sync.errors import Skippable
from sync.records import Json


@dataclass(frozen=True)
class Marks:
    """The form of controls that draw regions with labels."""

    #: Whether regions are stretches of text, which are quoted.
    quoted: bool

    def schema(self, control: Control, data: Data) -> Json | None:
        """A list of quotes with their labels; None where regions cannot be quoted."""
        if not self.quoted:
            return None
        properties = places.quote_schema(control)
        if control.labels or control.attribute("value"):
            one = text(options(control, data))
            several = {"anyOf": [one, {"type": "array", "items": one}]}
            properties["label"] = several if control.attribute("choice") == "multiple" else one
        return {"type": "array", "items": strict(properties)}

    def regions(self, control: Control, said: Any, scene: Scene) -> list[Region]:
        """A region for each item; one that repeats an earlier one is left out."""
        key = _key(control)
        found: list[Region] = []
        quotes = places.Quotes(control, scene)
        for item in listed(said, "regions"):
            labels = _labels(control, item)
            region = quotes.place(item) if self.quoted else places.natural(control, item)
            if region is None:
                if any(r["value"].get(key) == labels for r in found):
                    continue
                raise Skippable(
                    f"{short(item['text'])} is marked more often than it occurs in the text"
                )
            if labels:
                region["value"][key] = labels
            found.append(region | {"type": control.tag.lower()})
        return found

    def said(self, control: Control, regions: Sequence[Region], scene: Scene) -> list[Json]:
        """An item for each region."""
        return [self._item(control, region, scene.data) for region in regions]

    def _item(self, control: Control, region: Region, data: Data) -> Json:
        if self.quoted:
            item = places.said_as_quote(control, region, data)
        else:
            item = places.said_naturally(control, region)
            item.pop(_key(control), None)
        labels = region["value"].get(_key(control)) or []
        return item | ({"label": labels[0] if len(labels) == 1 else labels} if labels else {})


@dataclass(frozen=True)
class PerRegion:
    """The form of a control that is answered once a region."""

    #: How each single answer is said.
    inner: Form
    #: Whether regions are stretches of text, which are quoted.
    quoted: bool

    def schema(self, control: Control, data: Data) -> Json | None:
        """A list of quotes with answers; None where regions cannot be quoted."""
        inner = self.inner.schema(control, data)
        if not self.quoted or inner is None:
            return None
        properties = places.quote_schema(control) | {places.ANSWER: inner}
        return {"type": "array", "items": strict(properties)}

    def regions(self, control: Control, said: Any, scene: Scene) -> list[Region]:
        """The regions of all answers, each with its place."""
        found: list[Region] = []
        quotes = places.Quotes(control, scene)
        for item in listed(said, "answers about regions"):
            place = (
                quotes.place(item, scene.drawn) if self.quoted else places.natural(control, item)
            )
            if place is None:
                raise Skippable(f"{short(item['text'])} is answered more often than it occurs")
            for answer in self.inner.regions(control, item.get(places.ANSWER), scene):
                where = {k: v for k, v in place["value"].items() if k != "text"}
                found.append(place | answer | {"value": where | answer["value"]})
        return found

    def said(self, control: Control, regions: Sequence[Region], scene: Scene) -> list[Json]:
        """An item for each answer."""
        found: list[Json] = []
        for region in regions:
            answer = self.inner.said(control, [region], scene)
            own = set(self.inner.regions(control, answer, scene)[0]["value"])
            place = {key: there for key, there in region["value"].items() if key not in own}
            bare = region | {"value": place}
            if self.quoted:
                item = places.said_as_quote(control, bare, scene.data)
            else:
                item = places.said_naturally(control, bare)
            found.append(item | {places.ANSWER: answer})
        return found


def _labels(control: Control, item: Json) -> list[str]:
    keys = (*places.LABELS, _key(control))
    found: Any = next((item[key] for key in keys if item.get(key)), [])
    labels = [found] if isinstance(found, str) else found
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise Skippable(f"{short(found)} is no label")
    return list(dict.fromkeys(labels))


def _key(control: Control) -> str:
    """Under which name labels stand in a region's value."""
    kind = control.tag.lower()
    return kind if kind.endswith("labels") else "labels"
