"""Kinds whose value is a sorted tuple of regions, compared by how similar two regions are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from label_configs.kinds import alignment
from label_configs.kinds.alignment import Array, Similarity, Value
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.parse import Control


@dataclass(frozen=True)
class Aligned:
    """The kind of regions that are read and written one by one; see `alignment`."""

    #: The typed region that a region holds; raises Malformed where there is none.
    read_one: Callable[[Control, Region], Any]
    #: The region that holds a typed one; raises Skippable where the control cannot.
    write_one: Callable[[Control, Any], Region]
    #: How similar two typed regions are.
    similarity: Similarity
    #: By what typed regions are sorted; None for themselves.
    order: Callable[[Any], Any] | None = None
    METRIC = False
    SCALE = ""

    def obstacle(self, control: Control) -> str:
        """What keeps the control's values from being compared; empty where nothing does."""
        del control
        return ""

    def read(self, control: Control, regions: Sequence[Region], data: Data) -> Value | None:
        """The typed regions in order; None where there are none."""
        del data
        found = (self.read_one(control, region) for region in regions)
        return tuple(sorted(found, key=self.order)) or None

    def write(self, control: Control, value: Value) -> list[Region]:
        """A region for each."""
        return [self.write_one(control, one) for one in value]

    def distance(self, control: Control, a: Value, b: Value) -> float:
        """How far two values are apart; see `alignment`."""
        return float(self.distances(control, [a], [b])[0])

    def distances(self, control: Control, a: Sequence[Value], b: Sequence[Value]) -> Array:
        """How far a[k] and b[k] are apart, (n,)."""
        del control
        return alignment.distances(a, b, self.similarity)

    def counts(self, control: Control, a: Value, b: Value, overlap: float) -> tuple[int, int, int]:
        """Regions matched at the same place with the same labels, at least so similar; |a|; |b|."""
        del control
        return alignment.counts(a, b, overlap, self.similarity)

    def pairs(self, control: Control, a: Value | None, b: Value | None) -> list[Pair]:
        """Labels of regions that are similar by a half or more against each other."""
        return alignment.pairs(control, a, b, self.similarity)

    def category(self, control: Control, value: Value) -> None:
        """None: regions are no categories."""
        del control, value
