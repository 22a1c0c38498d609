"""How alike two answers are, as the gate counts it."""

from __future__ import annotations

from typing import Any

import label_configs
from label_configs import Control, LabelConfig
from sync.gating.judged import Values


def similarity(config: LabelConfig, a: Values, b: Values, min_overlap: float = 0.0) -> float:
    """How alike two results are, in [0, 1]: the weighted mean over the config's controls.

    Args:
        config: the label config.
        a: typed values of one result, by control.
        b: those of the other one.
        min_overlap: in [0, 1]; see `control_similarity`.
    """
    whole = label_configs.weighing(config)
    alike = [
        weight * control_similarity(control, a.get(name), b.get(name), min_overlap)
        for name, control, weight in whole.parts
    ]
    return sum(alike) / whole.total


def control_similarity(
    control: Control, a: Any | None, b: Any | None, min_overlap: float = 0.0
) -> float:
    """How alike two values of a control are, in [0, 1].

    It is 1 - distance. For regions with `min_overlap` above 0 it is F1 at that overlap: twice the
    regions that are matched one to one with the same label and an intersection over union of at
    least `min_overlap`, divided by the regions of both.
    """
    counts = getattr(label_configs.kind_of(control), "counts", None) if min_overlap else None
    if counts is None or a is None or b is None:
        return 1.0 - label_configs.control_distance(control, a, b)
    matched, left, right = counts(control, a, b, min_overlap)
    return float(2 * matched / (left + right))
