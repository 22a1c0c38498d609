"""The criterion on people's agreement with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import label_configs
from label_configs import Control, LabelConfig
from sync.gating.bounds import anytime_bounds
from sync.gating.coefficients import Coefficient
from sync.gating.coefficients.control import Row, control_alpha
from sync.gating.coefficients.distances import compared
from sync.gating.criteria import state_of
from sync.gating.judged import Judged, Values
from sync.gating.policy import GatePolicy
from sync.gating.verdict import Criterion

#: Distances that tell what chance brings: some thousand of them fix it to the third decimal, and
#: the gate looks again after every answer.
_PAIRS = 10_000


def agreement(tasks: Sequence[Judged], config: LabelConfig, policy: GatePolicy) -> Criterion:
    """People against each other on the blind tasks that count; the weighted mean over controls.

    Each control's alpha is that of its kind: nominal, ordinal or interval, and by the distance of
    two values for sets, regions and texts. What a submission leaves empty is a value of its own; a
    skip is none. A scale has no place for it: where one person leaves empty what another one fills,
    alpha is that of the squared distance, 1 between something and nothing. The bounds of several
    controls must hold together, so they share the chance of error. Where all answers are one and
    the same, alpha is not defined: nothing is left to correct for chance. Then the lower bound of
    the share of tasks on which all agree must reach the threshold.

    Args:
        tasks: the blind tasks that count, in draw order.
        config: the label config.
        policy: its coefficient's least value, and the confidence of each one-sided bound.
    """
    least = policy.gate.agreement.min
    given = [[answer for answer in task.answers if answer is not None] for task in tasks]
    controls = [control for control in config.controls if config.weight(control.name) > 0]
    confidence = 1 - (1 - policy.gate.confidence) / len(controls)
    found = [(c, _alpha(c, _rows(given, c), confidence)) for c in controls]
    known = [(config.weight(c.name), a) for c, a in found if a.anytime_lower is not None]
    if not known:
        return _without_alpha(given, found[0][1], policy)
    low = _mean([(weight, alpha.anytime_lower) for weight, alpha in known])
    high = _mean([(weight, alpha.anytime_upper) for weight, alpha in known])
    return Criterion(
        name="agreement",
        state=state_of(low, high, least),
        threshold=least,
        estimate=_mean([(weight, alpha.value) for weight, alpha in known]),
        lower=low,
        upper=high,
        n=max(alpha.items for _, alpha in known),
    )


def _rows(given: Sequence[Sequence[Values]], control: Control) -> list[Row]:
    return [
        (task, place, answer.get(control.name))
        for task, answers in enumerate(given)
        for place, answer in enumerate(answers)
    ]


def _alpha(control: Control, rows: Sequence[Row], confidence: float) -> Coefficient:
    on_scale = label_configs.kind_of(control).SCALE in ("ordinal", "interval")
    if not (on_scale and _half_empty(rows)):
        return control_alpha(control, rows, confidence, _PAIRS)

    def squared(a: Sequence[Any], b: Sequence[Any]) -> Any:
        return label_configs.control_distances(control, a, b) ** 2

    return compared(rows, squared).alpha(confidence, np.random.default_rng(0), _PAIRS)


def _half_empty(rows: Sequence[Row]) -> bool:
    """Whether a task has an answer that is empty and one that is not."""
    empty = {task for task, _, value in rows if value is None}
    return any(value is not None and task in empty for task, _, value in rows)


def _mean(numbers: Sequence[tuple[float, float | None]]) -> float:
    """Weighted; the numbers are known here."""
    return sum(w * (x or 0.0) for w, x in numbers) / sum(w for w, _ in numbers)


def _without_alpha(
    given: Sequence[Sequence[Values]], alpha: Coefficient, policy: GatePolicy
) -> Criterion:
    same = [float(all(v == unit[0] for v in unit)) for unit in given if len(unit) >= 2]
    lower = None
    if len(same) >= 2:
        lower = float(anytime_bounds(same, None, policy.gate.confidence)[0][-1])
    return Criterion(
        name="agreement",
        state=state_of(lower, None, policy.gate.agreement.min),
        threshold=policy.gate.agreement.min,
        lower=lower,
        n=len(same),
        reason=f"alpha is not defined: {alpha.reason}",
    )
