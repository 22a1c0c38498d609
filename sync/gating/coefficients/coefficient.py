"""A coefficient of agreement with its interval."""

from __future__ import annotations

from dataclasses import dataclass

#: Reasons why a coefficient is not defined.
NO_PAIR = "no item has two answers"
ONE_PAIR = "fewer than two items have two answers"
ONE_ANNOTATOR = "all answers are one annotator's"
ONE_CATEGORY = "all answers are one and the same category, so chance explains it all"


@dataclass(frozen=True, kw_only=True)
class Coefficient:
    """A coefficient of agreement: at most 1, and 0 is what chance would bring."""

    name: str
    #: None where it is not defined.
    value: float | None
    #: Interval from the jackknife over items, for reports.
    lower: float | None
    upper: float | None
    #: Items that hold a pair of answers.
    items: int
    #: Why the value is None, or else why the interval is.
    reason: str = ""
    #: Bounds, each one-sided, that hold at all looks at once, for the gate.
    anytime_lower: float | None = None
    anytime_upper: float | None = None


def undefined(name: str, items: int, reason: str) -> Coefficient:
    """A coefficient without a value."""
    return Coefficient(name=name, value=None, lower=None, upper=None, items=items, reason=reason)
