"""What an export tells of the policy's criteria."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from label_configs import LabelConfig
from sync.gating.agreement import agreement
from sync.gating.bounds import anytime_bounds
from sync.gating.candidates import criteria as parts
from sync.gating.candidates.tally import tally
from sync.gating.criteria import state_of
from sync.gating.judged import Judged
from sync.gating.outlook import to_settle
from sync.gating.people.answers import NONE, Answers, similarities
from sync.gating.policy import GatePolicy
from sync.gating.report.blind import Blind
from sync.gating.report.reading import ReadItem
from sync.gating.verdict import Criterion, State

#: With fewer scores than this, how it goes on is anybody's guess.
_FEWEST = 10


@dataclass(frozen=True, kw_only=True)
class Decision:
    """PASS, HOLD or MORE as far as an export can tell."""

    state: State
    criteria: tuple[Criterion, ...]
    #: Tasks to answer that would probably settle the acceptance; None where that is not what
    #: is open.
    labels_left: int | None


def decide(
    blind: Blind,
    answers: Answers,
    accepted: Criterion,
    policy: GatePolicy,
) -> Decision:
    """The criteria of the policy, by the answers that show no sign of a candidate.

    Args:
        blind: the blind part of the export.
        answers: those of its items.
        accepted: the acceptance.
        policy: the policy.
    """
    config, criteria = answers.config, [_gold(answers, policy)]
    if policy.gate.risk != "low":
        criteria.insert(0, _explained(accepted, blind))
        if policy.gate.agreement.coefficient != "none":
            criteria.append(agreement(_together(blind.items), config, policy))
        criteria += _parts(blind, config, policy)
    state = _state(criteria)
    return Decision(
        state=state,
        criteria=tuple(criteria),
        labels_left=_labels_left(state, criteria, blind, policy),
    )


def _together(items: Sequence[ReadItem]) -> list[Judged]:
    """All answers to each item, whether it has a candidate or not."""
    return [
        Judged(task_id=read.item.task_id, candidate=read.candidate, answers=read.answers)
        for read in items
    ]


def _state(criteria: Sequence[Criterion]) -> State:
    states = [criterion.state for criterion in criteria]
    if State.HOLD in states:
        return State.HOLD
    return State.PASS if all(state is State.PASS for state in states) else State.MORE


def _explained(accepted: Criterion, blind: Blind) -> Criterion:
    """The acceptance, with the reason that an export has for not having one."""
    if not blind.evidence.population:
        return replace(accepted, reason="the export holds no prediction")
    if not blind.scores.counted:
        return replace(accepted, reason="no prediction has an answer that was made without it")
    return accepted


def _parts(blind: Blind, config: LabelConfig, policy: GatePolicy) -> list[Criterion]:
    """Labels and slices, as far as the policy asks for them."""
    found = []
    precision = policy.gate.labels.min_precision
    if precision is not None:
        counted = tally([scored.judged for scored in blind.scores.counted], config)
        confidence = policy.gate.confidence
        found.append(parts.labels(blind.evidence, counted, config, precision, confidence))
    return found + parts.slices(blind.evidence, blind.scores, policy)


def _gold(answers: Answers, policy: GatePolicy) -> Criterion:
    """People against gold, as an endless stream of answers; a skip counts as 0."""
    least = policy.gate.gold.min
    if not (answers.gold != NONE).any():
        reason = "no gold: mark answers as ground truth, or give --gold"
        return Criterion(name="gold", state=State.MORE, threshold=least, reason=reason)
    rows = np.flatnonzero(answers.gold[answers.task] != NONE)
    if not rows.size:
        reason = "no gold task has an answer"
        return Criterion(name="gold", state=State.MORE, threshold=least, reason=reason)
    task, whole = answers.task[rows], answers.whole[rows]
    x, given = np.zeros(rows.size), whole != NONE
    known = answers.gold[task[given]]
    x[given] = similarities(answers, whole[given], known, policy.gate.min_overlap)
    lower, upper = anytime_bounds(x, None, policy.gate.confidence)
    state, reason = state_of(float(lower[-1]), float(upper[-1]), least), ""
    tasks = np.unique(task).size
    if state is State.PASS and tasks < policy.gate.gold.min_tasks:
        state = State.MORE
        reason = f"{tasks} gold tasks are answered, {policy.gate.gold.min_tasks} are asked for"
    return Criterion(
        name="gold",
        state=state,
        threshold=least,
        estimate=float(x.mean()),
        lower=float(lower[-1]),
        upper=float(upper[-1]),
        n=int(rows.size),
        reason=reason,
    )


def _labels_left(
    state: State, criteria: Sequence[Criterion], blind: Blind, policy: GatePolicy
) -> int | None:
    """Tasks to answer that would settle the acceptance, if the scores go on as they began."""
    if state is not State.MORE:
        return 0
    accepted = next((c for c in criteria if c.name == "acceptance"), None)
    if accepted is None or accepted.state is not State.MORE or accepted.n < _FEWEST:
        return None
    population = blind.evidence.population
    # The same export has the same forecast.
    return max(
        to_settle(
            [scored.score for scored in blind.scores.counted],
            population,
            accepted.threshold,
            policy.gate.confidence,
            population - accepted.n,
            np.random.default_rng(0),
        ),
        1,
    )
