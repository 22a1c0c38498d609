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

    def placed(self, regions: Sequence[Region], result: Sequence[Region]) -> list[Region]:
        """The regions as single answers are read: see `PerRegion.placed`."""
        of_inner = getattr(self.inner, "placed", None)
        return list(regions) if of_inner is None else list(of_inner(regions, result))

    def read(self, control: Control, regions: Sequence[Region], data: Data) -> Value | None:
        """The answers that say something; None where none does."""
        found: defaultdict[Index, list[Region]] = defaultdict(list)
        for region in regions:
            found[self._index(control, region)].append(region)
        answers = [
            (index, self.inner.read(self._single(control, index), some, data))
            for index, some in sorted(found.items())
        ]
        return tuple((index, answer) for index, answer in answers if answer is not None) or None

    def write(self, control: Control, value: Value) -> list[Region]:
        """The regions of all answers."""
        return [
            self._place(self._single(control, index), index) | region
            for index, answer in value
            for region in self.inner.write(self._single(control, index), answer)
        ]

    def distance(self, control: Control, a: Value, b: Value) -> float:
        """The mean over all that either side answers; 1 where the other does not."""
        left, right = dict(a), dict(b)
        indices = left.keys() | right.keys()
        apart = (
            self.inner.distance(self._single(control, i), left[i], right[i])
            if i in left and i in right
            else 1.0
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
            for pair in self.inner.pairs(self._single(control, i), left.get(i), right.get(i))
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

    def _single(self, control: Control, index: Index) -> Control:
        """The control that a single answer is one of."""
        return control.repetition(index) if self.named else control

    def _place(self, single: Control, index: Index) -> Region:
        if self.named:
            return {"from_name": single.name, "to_name": single.to_name[0]}
        return {"item_index": index[0]}
