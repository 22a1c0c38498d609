"""What an export tells of the policy's criteria."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from label_configs import LabelConfig
from sync.gating.bounds import anytime_bounds
from sync.gating.criteria import state_of
from sync.gating.policy import GatePolicy
from sync.gating.report.controls import agreement, rows_of
from sync.gating.report.judging import CandidateReport
from sync.gating.report.reading import ReadItem
from sync.gating.similarity import similarity
from sync.gating.verdict import Criterion, State


@dataclass(frozen=True, kw_only=True)
class Decision:
    """PASS, HOLD or MORE as far as an export can tell."""

    state: State
    criteria: tuple[Criterion, ...]
    #: Annotations that would probably settle what is open; None where it cannot be foreseen.
    labels_left: int | None


def decide(
    items: Sequence[ReadItem],
    candidates: CandidateReport,
    config: LabelConfig,
    policy: GatePolicy,
    shown: Collection[int],
) -> Decision:
    """The criteria of the policy, by the answers that show no sign of a candidate.

    Args:
        items: what was read.
        candidates: how good the candidates are.
        config: the label config.
        policy: the policy.
        shown: annotations that were made from a prediction, by their ids.
    """
    blind = [without(read, shown) for read in items]
    criteria = [_gold(blind, config, policy)]
    if policy.gate.risk != "low":
        criteria.insert(0, _acceptance(candidates, policy))
        if policy.gate.agreement.coefficient != "none":
            criteria.append(_agreement(blind, config, policy))
    state = _state(criteria)
    return Decision(
        state=state,
        criteria=tuple(criteria),
        labels_left=_labels_left(state, criteria, candidates, policy),
    )


def without(read: ReadItem, shown: Collection[int]) -> ReadItem:
    """The item without the answers that were made from a prediction."""
    if not any(answer.annotation_id in shown for answer in read.item.answers):
        return read
    pairs = zip(read.item.answers, read.answers, strict=True)
    kept = [(answer, values) for answer, values in pairs if answer.annotation_id not in shown]
    return replace(
        read,
        item=replace(read.item, answers=tuple(answer for answer, _ in kept)),
        answers=tuple(values for _, values in kept),
    )


def _state(criteria: Sequence[Criterion]) -> State:
    states = [criterion.state for criterion in criteria]
    if State.HOLD in states:
        return State.HOLD
    return State.PASS if all(state is State.PASS for state in states) else State.MORE


def _acceptance(candidates: CandidateReport, policy: GatePolicy) -> Criterion:
    least = policy.gate.acceptance.min
    reason = ""
    if not candidates.population:
        reason = "the export holds no prediction"
    elif not candidates.items:
        reason = "no prediction has an answer that was made without it"
    return Criterion(
        name="acceptance",
        state=state_of(candidates.lower, candidates.upper, least),
        threshold=least,
        estimate=candidates.acceptance,
        lower=candidates.lower,
        upper=candidates.upper,
        n=candidates.items,
        reason=reason,
    )


def _gold(items: Sequence[ReadItem], config: LabelConfig, policy: GatePolicy) -> Criterion:
    """People against gold, in the order of submission, as an endless stream of answers."""
    least = policy.gate.gold.min
    if all(read.gold is None for read in items):
        reason = "no gold: mark answers as ground truth, or give --gold"
        return Criterion(name="gold", state=State.MORE, threshold=least, reason=reason)
    scored = _gold_scores(items, config, policy.gate.min_overlap)
    if not scored:
        reason = "no gold task has an answer"
        return Criterion(name="gold", state=State.MORE, threshold=least, reason=reason)
    x = [score for _, _, score in scored]
    lower, upper = anytime_bounds(x, None, policy.gate.confidence)
    state, reason = state_of(float(lower[-1]), float(upper[-1]), least), ""
    tasks = len({task for _, task, _ in scored})
    if state is State.PASS and tasks < policy.gate.gold.min_tasks:
        state = State.MORE
        reason = f"{tasks} gold tasks are answered, {policy.gate.gold.min_tasks} are asked for"
    return Criterion(
        name="gold",
        state=state,
        threshold=least,
        estimate=sum(x) / len(x),
        lower=float(lower[-1]),
        upper=float(upper[-1]),
        n=len(x),
        reason=reason,
    )


def _gold_scores(
    items: Sequence[ReadItem], config: LabelConfig, min_overlap: float
) -> list[tuple[tuple[float, int], int, float]]:
    """(time and annotation, task, score) of each answer on gold, oldest first."""
    found = []
    for read in items:
        if read.gold is None:
            continue
        for answer, values in zip(read.item.answers, read.answers, strict=True):
            alike = 0.0 if values is None else similarity(config, read.gold, values, min_overlap)
            when = answer.submitted_at.timestamp(), answer.annotation_id
            found.append((when, read.item.task_id, alike))
    return sorted(found)


def _agreement(items: Sequence[ReadItem], config: LabelConfig, policy: GatePolicy) -> Criterion:
    """The mean over controls; their bounds must hold together, so they share the error."""
    least = policy.gate.agreement.min
    confidence = 1 - (1 - policy.gate.confidence) / len(config.controls)
    alphas = [
        agreement(control, rows_of(control, items), confidence)["krippendorff_alpha"]
        for control in config.controls
    ]
    known = [alpha for alpha in alphas if alpha.value is not None]
    if not known:
        reason = f"alpha is not defined: {alphas[0].reason}"
        return Criterion(name="agreement", state=State.MORE, threshold=least, reason=reason)
    low = _mean([alpha.anytime_lower for alpha in known])
    high = _mean([alpha.anytime_upper for alpha in known])
    return Criterion(
        name="agreement",
        state=state_of(low, high, least),
        threshold=least,
        estimate=_mean([alpha.value for alpha in known]),
        lower=low,
        upper=high,
        n=max(alpha.items for alpha in known),
    )


def _mean(numbers: Sequence[float | None]) -> float | None:
    """None as soon as one is missing."""
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known and len(known) == len(numbers) else None


def _labels_left(
    state: State,
    criteria: Sequence[Criterion],
    candidates: CandidateReport,
    policy: GatePolicy,
) -> int | None:
    """Blind answers that would settle the acceptance, if the scores go on as they began."""
    if state is not State.MORE:
        return 0
    accepted = next((c for c in criteria if c.name == "acceptance"), None)
    if accepted is None or accepted.state is not State.MORE or not candidates.scores:
        return None
    x = np.resize(np.array(candidates.scores), candidates.population)
    lower, upper = anytime_bounds(x, candidates.population, policy.gate.confidence)
    settled = np.flatnonzero((lower >= accepted.threshold) | (upper < accepted.threshold))
    needed = int(settled[0]) + 1 if settled.size else candidates.population
    return max(needed - candidates.items, 1)
