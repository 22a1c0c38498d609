"""How many more labels would probably settle a batch, if it goes on as it began."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sync.gating.coefficients.intervals import units_needed
from sync.gating.criteria import GoldAnswer, open_answers
from sync.gating.outlook import to_pass_at_best, to_settle
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
    counted = len(scores.counted)
    if counted < _FEWEST:
        return scores.asked
    everything = sum(task.role is Role.BLIND for task in evidence.sample)
    if criterion.parts:
        return max(part.needed or 0 for part in criterion.parts)
    # An agreement that is not defined becomes clearer with each task of the queue.
    if criterion.estimate is None:
        return scores.asked
    if criterion.name == "acceptance":
        x = [scored.score for scored in scores.counted]
        more = _outlook(x, evidence.population, criterion.threshold, everything - counted, policy)
        return counted + more
    return min(everything, _agreement_needed(criterion, policy.gate.confidence) or scores.asked)


def _outlook(
    x: Sequence[float], population: int | None, threshold: float, most: int, policy: GatePolicy
) -> int:
    # The same evidence has the same forecast.
    rng = np.random.default_rng(0)
    return to_settle(x, population, threshold, policy.gate.confidence, most, rng)


def _agreement_needed(criterion: Criterion, confidence: float) -> int | None:
    """Tasks with which a bound of the agreement meets the threshold, on its side of it."""
    value, lower, upper = criterion.estimate, criterion.lower, criterion.upper
    if value is None or lower is None or upper is None:
        return None
    least = criterion.threshold
    if value == least:
        return sys.maxsize
    if value > least:
        return units_needed(value, lower, criterion.n, least, confidence)
    return units_needed(-value, -upper, criterion.n, -least, confidence)


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
    still = open_answers(evidence)
    x = [score for _, _, score in gold]
    unseen = policy.gate.gold.min_tasks - len({task for _, task, _ in gold})
    if len(x) < _FEWEST:
        more = to_pass_at_best(x, criterion.threshold, policy.gate.confidence) or still
    else:
        more = _outlook(x, None, criterion.threshold, still, policy)
    return min(still, max(more, unseen * evidence.overlap, 1))
