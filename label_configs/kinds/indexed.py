"""Values of controls that are answered once for each of several things in a task.

These are controls with perItem="true" (once for each image of a list, say) and controls inside a
Repeater (whose names end in the number of the repetition).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from label_configs.kinds.kind import Data, Kind, Pair, Region
from label_configs.parse import Control
from sync.errors import Malformed

Index = tuple[int, ...]
#: The answers with the numbers of what they answer, sorted by these.
Value = tuple[tuple[Index, Any], ...]


@dataclass(frozen=True)
class Indexed:
    """The kind of a control that is answered once for each index."""

    #: How each single answer is handled.
    inner: Kind
    #: Whether the numbers stand in the control's name, not in the region's `item_index`.
    named: bool
    METRIC = False
    SCALE = ""

    def obstacle(self, control: Control) -> str:
        """What keeps the control's values from being compared; empty where nothing does."""
        return self.inner.obstacle(control)

    def read(self, control: Control, regions: Sequence[Region], data: Data) -> Value | None:
        """The answers that say something; None where none does."""
        found: defaultdict[Index, list[Region]] = defaultdict(list)
        for region in regions:
            found[self._index(control, region)].append(region)
        answers = [
            (index, self.inner.read(control, some, data)) for index, some in sorted(found.items())
        ]
        return tuple((index, answer) for index, answer in answers if answer is not None) or None

    def write(self, control: Control, value: Value) -> list[Region]:
        """The regions of all answers."""
        return [
            region | self._place(control, index)
            for index, answer in value
            for region in self.inner.write(control, answer)
        ]

    def distance(self, control: Control, a: Value, b: Value) -> float:
        """The mean over all that either side answers; 1 where the other does not."""
        left, right = dict(a), dict(b)
        indices = left.keys() | right.keys()
        apart = (
            self.inner.distance(control, left[i], right[i]) if i in left and i in right else 1.0
            for i in sorted(indices)
        )
        return sum(apart) / len(indices)

    def category(self, control: Control, value: Value) -> None:
        """None: there are several values."""
        del control, value

    def pairs(self, control: Control, a: Value | None, b: Value | None) -> list[Pair]:
        """The pairs of all answers."""
        left, right = dict(a or ()), dict(b or ())
        return [
            pair
            for i in sorted(left.keys() | right.keys())
            for pair in self.inner.pairs(control, left.get(i), right.get(i))
        ]

    def _index(self, control: Control, region: Region) -> Index:
        if self.named:
            return control.index_of(str(region.get("from_name"))) or ()
        found = region.get("item_index")
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            raise Malformed(
                f"its item_index is {found!r}: it must be the item's number, from 0",
                region=region.get("id"),
            )
        return (found,)

    def _place(self, control: Control, index: Index) -> Region:
        if self.named:
            to_name = control.numbered(control.to_name[0], index)
            return {"from_name": control.numbered(control.name, index), "to_name": to_name}
        return {"item_index": index[0]}
