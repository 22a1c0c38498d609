"""Answers about each of several things: the items of a list, or the repetitions of a Repeater."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from label_configs.kinds.kind import Data, Region
from label_configs.parse import Control
from label_configs.spoken.forms import Form, Scene, short
from sync.errors import Skippable
from sync.records import Json

#: Items of one task that are answered.
MOST = 10_000


@dataclass(frozen=True)
class Several:
    """The form of a control that is answered once for each item: a list, null for no answer."""

    #: How each single answer is said.
    inner: Form
    #: Whether the numbers stand in the control's name, not in the region's `item_index`.
    named: bool

    def schema(self, control: Control, data: Data) -> Json | None:
        """A list of answers."""
        one = self.inner.schema(self._single(control, 0), data)
        if one is None:
            return None
        return {"type": "array", "items": {"anyOf": [one, {"type": "null"}]}}

    def regions(self, control: Control, said: Any, scene: Scene) -> list[Region]:
        """The regions of all answers."""
        if not isinstance(said, list) or len(said) > MOST:
            raise Skippable(f"{short(said)} is no list of at most {MOST} answers")
        found = []
        for index, answer in enumerate(said):
            if answer is not None:
                single = self._single(control, index)
                place: Region = {"item_index": index}
                if self.named:
                    place = {"from_name": single.name, "to_name": single.to_name[0]}
                found += [place | r for r in self.inner.regions(single, answer, scene)]
        return found

    def said(self, control: Control, regions: Sequence[Region], scene: Scene) -> list[Any]:
        """The answers up to the last one that there is."""
        by_item: dict[int, list[Region]] = {}
        for region in regions:
            by_item.setdefault(self._number(control, region), []).append(region)
        if len(by_item) and max(by_item) >= MOST:
            raise Skippable(f"the answer about item {max(by_item)} is too far behind")
        return [
            self.inner.said(self._single(control, index), by_item[index], scene)
            if index in by_item
            else None
            for index in range(max(by_item, default=-1) + 1)
        ]

    def _single(self, control: Control, index: int) -> Control:
        return control.repetition((index,)) if self.named else control

    def _number(self, control: Control, region: Region) -> int:
        if not self.named:
            return int(region["item_index"])
        return (control.index_of(region["from_name"]) or (0,))[0]
