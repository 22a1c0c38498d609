"""A flag on a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Flag:
    """Something that is wrong with a person's answers."""

    #: "gold", "agreement", "straight_lining" or "speed".
    what: str
    #: With which nobody at all is flagged by chance, in (0, 1).
    confidence: float
    #: Tasks that it rests on.
    tasks: int
    #: The figure that is wrong, its bound, and what the bound was held against; all in [0, 1].
    estimate: float
    bound: float
    threshold: float
    sentence: str
