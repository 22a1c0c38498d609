"""How many more labels would probably settle a batch, if it goes on as it began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sync.gating.bounds import anytime_bounds
from sync.gating.coefficients.intervals import units_needed
from sync.gating.criteria import GoldAnswer
from sync.gating.policy import GatePolicy
from sync.gating.scores import Scores
from sync.gating.verdict import Criterion, State
from sync.records import Evidence, Role

#: With fewer scores than this, how it goes on is anybody's guess.
_FEWEST = 10


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is asked of people next."""

    #: Annotations, on validation and gold tasks together.
    labels: int
    #: Length of the queue for that; None where the present one is enough.
    extend_to: int | None


def forecast(
    evidence: Evidence,
    scores: Scores,
    criteria: Sequence[Criterion],
    gold: Sequence[GoldAnswer],
    policy: GatePolicy,
) -> Forecast:
    """The labels that would settle the criteria that are open."""
    blind = [task for task in evidence.sample if task.role is Role.BLIND]
    wanted = max((_blind_needed(c, scores, evidence, policy) for c in criteria), default=0)
    extend_to = None
    is_open = any(c.name != "gold" and c.state is State.MORE for c in criteria)
    if is_open and not any(scores.lacking[:wanted]):
        # Nothing would be asked of anybody, so nothing would ever be decided.
        wanted = max(wanted, scores.asked + (0 if any(scores.lacking) else _FEWEST))
    wanted = min(wanted, len(blind))
    labels = sum(scores.lacking[:wanted])
    if wanted > scores.asked:
        extend_to = blind[wanted - 1].position + 1
        labels += (wanted - scores.asked) * evidence.overlap
    return Forecast(
        labels=labels + _gold_missing(evidence, criteria, gold, policy), extend_to=extend_to
    )


def _blind_needed(
    criterion: Criterion, scores: Scores, evidence: Evidence, policy: GatePolicy
) -> int:
    """Blind tasks that would settle this criterion."""
    if criterion.state is not State.MORE or criterion.name == "gold":
        return 0
    if len(scores.counted) < _FEWEST:
        return scores.asked
    everything = sum(task.role is Role.BLIND for task in evidence.sample)
    if criterion.parts:
        return max(part.needed or 0 for part in criterion.parts)
    if criterion.name == "acceptance":
        return _acceptance_needed(scores, evidence.population, everything, policy)
    # An agreement that is not defined becomes clearer with each task of the queue.
    if criterion.estimate is None or criterion.lower is None:
        return scores.asked
    if criterion.estimate <= criterion.threshold:
        return everything
    return units_needed(
        criterion.estimate,
        criterion.lower,
        criterion.n,
        criterion.threshold,
        policy.gate.confidence,
    )


def _acceptance_needed(scores: Scores, population: int, everything: int, policy: GatePolicy) -> int:
    """The first time at which the scores so far, repeated, cross the threshold."""
    x = np.array([scored.score for scored in scores.counted])
    lower, upper = anytime_bounds(np.resize(x, everything), population, policy.gate.confidence)
    least = policy.gate.acceptance.min
    settled = np.flatnonzero((lower >= least) | (upper < least))
    return int(settled[0]) + 1 if settled.size else everything


def _gold_missing(
    evidence: Evidence,
    criteria: Sequence[Criterion],
    gold: Sequence[GoldAnswer],
    policy: GatePolicy,
) -> int:
    """Gold answers that are still to come, as far as the gold criterion is open."""
    criterion = next((c for c in criteria if c.name == "gold"), None)
    if criterion is None or criterion.state is not State.MORE or not evidence.gold:
        return 0
    given = sum(min(len(task.answers), evidence.overlap) for task in evidence.gold)
    open_answers = len(evidence.gold) * evidence.overlap - given
    if len(gold) < _FEWEST:
        tasks = max(policy.gate.gold.min_tasks - len({task for _, task, _ in gold}), 0)
        return min(open_answers, tasks * evidence.overlap)
    x = np.array([score for _, _, score in gold])
    lower, _ = anytime_bounds(np.resize(x, len(x) + open_answers), None, policy.gate.confidence)
    settled = np.flatnonzero(lower >= criterion.threshold)
    needed = int(settled[0]) + 1 - len(x) if settled.size else open_answers
    return min(open_answers, max(needed, 1))
