"""Scores: how sure a model is of an answer, and what that has been worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

#: The score where nothing is known: as good as a coin.
UNKNOWN = 0.5
#: Examples from which a slope is learned; fewer only tell how often the model is right.
FEWEST = 10
_EDGE = 1e-4


def calibrated(sure: float | None, learned: Mapping[str, float]) -> float:
    """The probability that people would not change anything, in [0, 1].

    Args:
        sure: how sure the model is, in [0, 1]; None where that is not known.
        learned: what `calibrate` gives; empty where it was not asked for, and then how sure the
            model is stands for itself.
    """
    if not learned:
        return UNKNOWN if sure is None else sure
    if sure is None or "slope" not in learned:
        return learned["share"]
    return 1.0 / (1.0 + math.exp(-(learned["slope"] * _logit(sure) + learned["shift"])))


def calibrate(sure: Sequence[float | None], right: Sequence[bool]) -> dict[str, float]:
    """What to make of a model's sureness, from examples whose answers are known.

    The score is the logistic function of a line in the logit of the sureness (Platt 1999). Where
    the examples are few, or all right, or all wrong, or the sureness is always the same, it is the
    share that was right (with one right and one wrong added: Laplace's rule of succession).

    Args:
        sure: n, in [0, 1] or None.
        right: n, whether people gave the same answer.
    """
    if not right:
        return {}
    found = {"share": (sum(right) + 1) / (len(right) + 2)}
    known = [(s, r) for s, r in zip(sure, right, strict=True) if s is not None]
    levels, sides = {s for s, _ in known}, {r for _, r in known}
    if len(known) < FEWEST or len(levels) < 2 or len(sides) < 2:
        return found
    return found | _line(known)


def _line(known: Sequence[tuple[float, bool]]) -> dict[str, float]:
    from sklearn.linear_model import LogisticRegression

    line: Any = LogisticRegression(C=1.0)
    line.fit([[_logit(s)] for s, _ in known], [r for _, r in known])
    slope = float(line.coef_[0, 0])
    # A model that is surer where it is wrong: its sureness tells nothing.
    if slope <= 0:
        return {}
    return {"slope": slope, "shift": float(line.intercept_[0])}


def _logit(share: float) -> float:
    bounded = min(max(share, _EDGE), 1 - _EDGE)
    return math.log(bounded / (1 - bounded))
