"""Answers that link regions: the ends by quotes of the regions that were marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from label_configs.kinds.kind import Data, Region
from label_configs.parse import Control
from label_configs.spoken import places
from label_configs.spoken.forms import Scene, listed, short, strict
from label_configs.spoken.plain import text
from sync.errors import Skippable
from sync.records import Json


class Links:
    """The form of Relations."""

    def schema(self, control: Control, data: Data) -> Json | None:
        """A list of links; None where their ends could not be quoted."""
        if not places.is_text(control):
            return None
        end = strict(places.quote_schema(control))
        properties: Json = {"from": end, "to": end, "both_ways": {"type": "boolean"}}
        if control.labels:
            properties["labels"] = {"type": "array", "items": text(control.labels)}
        return {"type": "array", "items": strict(properties)}

    def regions(self, control: Control, said: Any, scene: Scene) -> list[Region]:
        """A relation for each item."""
        found = []
        for item in listed(said, "relations"):
            region: Region = {
                "type": "relation",
                "from_id": _end(control, item.get("from"), scene),
                "to_id": _end(control, item.get("to"), scene),
                "direction": "bi" if item.get("both_ways") is True else "right",
            }
            labels = item.get("labels")
            labels = [labels] if isinstance(labels, str) else labels
            found.append(region | ({"labels": labels} if labels else {}))
        return found

    def said(self, control: Control, regions: Sequence[Region], scene: Scene) -> list[Json]:
        """An item for each relation."""
        return [
            {
                "from": _said_end(control, region["from_id"], scene),
                "to": _said_end(control, region["to_id"], scene),
                "both_ways": region["direction"] == "bi",
            }
            | ({"labels": region.get("labels", [])} if control.labels else {})
            for region in regions
        ]


def _end(control: Control, end: Any, scene: Scene) -> str:
    """The id of the region that an end says."""
    if not isinstance(end, dict):
        raise Skippable(f"{short(end)} names no region")
    if places.is_text(control):
        place = places.Quotes(control, scene).place(end, scene.drawn)
    else:
        place = places.natural(control, end)
    for region in scene.drawn:
        same_object = place is not None and region.get("to_name") == place["to_name"]
        if place and same_object and place["value"].items() <= region["value"].items():
            return str(region["id"])
    raise Skippable(f"{short(end)} names no region that the answer marks")


def _said_end(control: Control, identity: str, scene: Scene) -> Json:
    region = next((r for r in scene.drawn if r.get("id") == identity), None)
    if region is None:
        raise Skippable(f"a relation of {control.name!r} links a region that is not there")
    if places.is_text(control):
        return places.said_as_quote(control, region, scene.data)
    return places.said_naturally(control, region)
