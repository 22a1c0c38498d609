"""Values of Relations: links between regions, each with a direction and labels.

Two relations are the same if they link the same things (see `anchors`) in the same direction and
have the same set of labels; they are matched one to one. Label Studio lets people link regions in
any project: where the label config has no Relations tag, links are no part of what is asked, and
are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from label_configs.kinds import alignment, anchors
from label_configs.kinds.anchors import Anchor
from label_configs.kinds.kind import Data, Kind, Pair, Region
from label_configs.kinds.matching import Array, BoolArray, IntArray
from label_configs.parse import Control
from sync.errors import Malformed


class Relation(NamedTuple):
    """A link from one region to another."""

    start: Anchor
    end: Anchor
    #: Whether it holds both ways; then the ends stand in their own order.
    both_ways: bool
    #: Sorted, each once.
    labels: tuple[str, ...]

    @property
    def place(self) -> bool:
        """What relations that link the same things have in common."""
        return self.both_ways


#: Sorted.
Value = tuple[Relation, ...]


@dataclass(frozen=True, eq=False)
class Relations:
    """The kind of the Relations tag."""

    #: Control tag to kind, for the regions at the ends.
    kinds: Mapping[str, Kind]
    METRIC = False
    SCALE = ""

    def obstacle(self, control: Control) -> str:
        """Nothing keeps relations from being compared."""
        del control
        return ""

    def placed(self, regions: Sequence[Region], result: Sequence[Region]) -> list[Region]:
        """The relations, each with the regions that it links, as `from` and `to`."""
        named = {
            str(region.get("id")): region
            for region in reversed(result)
            if region.get("type") != "relation"
        }
        places = anchors.places_by_id(result)

        def end(identity: object) -> Region | None:
            region = named.get(str(identity))
            return region and region | {"value": places.get(str(identity), {})}

        return [
            region | {"from": end(region.get("from_id")), "to": end(region.get("to_id"))}
            for region in regions
        ]

    def read(self, control: Control, regions: Sequence[Region], data: Data) -> Value | None:
        """The relations, sorted; None where there are none."""
        return tuple(sorted(self._relation(control, r, data) for r in regions)) or None

    def write(self, control: Control, value: Value) -> list[Region]:
        """The relations, by the ids that `anchors.identified` gives to the regions they link."""
        found = []
        for relation in value:
            ends = anchors.written([relation.start, relation.end], control.objects, self.kinds)
            from_id, to_id = map(anchors.identity, ends)
            direction = "bi" if relation.both_ways else "right"
            region = {
                "type": "relation",
                "from_id": from_id,
                "to_id": to_id,
                "direction": direction,
            }
            found.append(region | ({"labels": list(relation.labels)} if relation.labels else {}))
        return found

    def distance(self, control: Control, a: Value, b: Value) -> float:
        """1 − 2 · relations in common / (relations of a + relations of b)."""
        return float(self.distances(control, [a], [b])[0])

    def distances(self, control: Control, a: Sequence[Value], b: Sequence[Value]) -> Array:
        """The distance of each value of `a` to the value of `b` in its place, (n,) in [0, 1]."""
        del control
        return alignment.distances(a, b, self._same)

    def category(self, control: Control, value: Value) -> None:
        """Several relations make no one category."""
        del control, value

    def pairs(self, control: Control, a: Value | None, b: Value | None) -> list[Pair]:
        """Labels of relations that link the same things, and of relations that are alone."""
        return alignment.pairs(control, a, b, self._same)

    def _relation(self, control: Control, region: Region, data: Data) -> Relation:
        direction = region.get("direction", "right")
        if direction not in ("right", "left", "bi"):
            raise Malformed(f"its direction is {direction!r}, not right, left or bi")
        start, end = (
            self._end(control, region.get(which), region.get(f"{which}_id"), data)
            for which in ("from", "to")
        )
        # "left" is the same arrow drawn from its point; what holds both ways has no first end.
        if direction == "left" or (direction == "bi" and end < start):
            start, end = end, start
        return Relation(start, end, direction == "bi", _labels(control, region.get("labels")))

    def _end(self, control: Control, region: Region | None, identity: object, data: Data) -> Anchor:
        if region is None:
            raise Malformed(f"it links the region {identity!r}, which the result does not hold")
        return anchors.anchor(region, control.objects, data, self.kinds)

    def _same(self, relations: Sequence[Relation], left: IntArray, right: IntArray) -> Array:
        """1 where relations[left[k]] and relations[right[k]] link the same things, else 0, (n,)."""
        a, b = [relations[i] for i in left], [relations[j] for j in right]
        straight = self._alike(a, b)
        crossed = self._alike(a, [Relation(x.end, x.start, x.both_ways, x.labels) for x in b])
        both_ways = np.array([x.both_ways for x in a], dtype=bool)
        return np.where(straight | (crossed & both_ways), 1.0, 0.0)

    def _alike(self, a: Sequence[Relation], b: Sequence[Relation]) -> BoolArray:
        starts = anchors.similarity([x.start for x in a], [x.start for x in b], self.kinds)
        ends = anchors.similarity([x.end for x in a], [x.end for x in b], self.kinds)
        alike: BoolArray = np.minimum(starts, ends) >= anchors.SAME
        return alike


def _labels(control: Control, labels: object) -> tuple[str, ...]:
    if labels is None:
        return ()
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise Malformed(f"its labels are {labels!r}, not a list of labels")
    for label in labels:
        if label not in control.allowed:
            raise Malformed(f"it holds {label!r}, which the label config does not know")
    return tuple(sorted(set(labels)))
