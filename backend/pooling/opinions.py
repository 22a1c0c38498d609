"""What engines say of a control, and what it takes to agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Opinion(NamedTuple):
    """What one engine says of one control."""

    weight: float
    #: As `label_configs.read` gives it; None for no region.
    value: Any
    #: The score of each region in the value's order, or one for all.
    scores: tuple[float, ...]

    @property
    def score(self) -> float:
        """How sure the engine is of all of it."""
        return min(self.scores)


@dataclass(frozen=True)
class Terms:
    """What it takes to agree."""

    #: The least share of the weight that must be behind an answer, in (0, 1].
    agree: float
    #: Whether an engine's weight is multiplied by how sure it is.
    by_score: bool

    def weight(self, weight: float, score: float) -> float:
        """What an opinion counts."""
        return weight * score if self.by_score else weight
