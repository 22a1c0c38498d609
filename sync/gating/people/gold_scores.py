"""How each person does on gold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sync.gating.bounds import anytime_bounds
from sync.gating.people.answers import NONE, Answers, FloatArray, similarities
from sync.gating.people.flag import Flag
from sync.gating.policy import GatePolicy

#: How far below the typical other person one is no longer like the others.
_GAP = 0.1
#: Others needed to say what is typical.
_OTHERS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class GoldScores:
    """Of all annotators, by code."""

    #: Scores on gold tasks in the order of submission, each in [0, 1]; a skip is 0.
    scores: tuple[FloatArray, ...]

    def means(self) -> FloatArray:
        """(A,): the mean score; NaN where there is none."""
        return np.array([x.mean() if x.size else np.nan for x in self.scores])


def gold_scores(answers: Answers, min_overlap: float) -> GoldScores:
    """The similarity of each answer to the gold answer of its task."""
    known = answers.gold[answers.task]
    rows = np.flatnonzero(known != NONE)
    gold, whole = known[rows], answers.whole[rows]
    score = np.zeros(len(rows))
    given = np.flatnonzero(whole != NONE)
    score[given] = similarities(answers, whole[given], gold[given], min_overlap)
    person = answers.person[rows]
    order = np.argsort(person, kind="stable")
    ends = np.cumsum(np.bincount(person, minlength=len(answers.annotators)))[:-1]
    return GoldScores(scores=tuple(np.split(score[order], ends)))


def below_gold(gold: GoldScores, policy: GatePolicy, error: float) -> dict[int, Flag]:
    """Flags on those who fail gold, by code.

    The upper anytime bound of the person's mean score lies below `gate.gold.min`. Where the
    typical other person fails that as well, the threshold says nothing of one person (gold or
    guidelines may be at fault, and the gate's own criterion holds the batch); then it is a tenth
    below the median of the others.

    Args:
        gold: the scores.
        policy: gives the threshold and the least number of gold tasks.
        error: chance to flag anybody wrongly, shared among those tested.
    """
    least = policy.gate.gold.min_tasks
    tested = [who for who, x in enumerate(gold.scores) if len(x) >= least]
    means, found = gold.means(), {}
    for who in tested:
        others = [means[other] for other in tested if other != who]
        threshold = _threshold(policy.gate.gold.min, others)
        if means[who] >= threshold:
            continue
        x = gold.scores[who]
        upper = float(anytime_bounds(x, None, 1 - error / len(tested))[1][-1])
        if upper < threshold:
            found[who] = _flag(x, upper, threshold, policy)
    return found


def _threshold(asked: float, others: list[float]) -> float:
    typical = float(np.median(others)) if len(others) >= _OTHERS else asked
    return asked if typical >= asked else max(typical - _GAP, 0.0)


def _flag(x: FloatArray, upper: float, threshold: float, policy: GatePolicy) -> Flag:
    asked = policy.gate.gold.min
    why = "what the policy asks for" if threshold == asked else "a tenth less than others score"
    return Flag(
        what="gold",
        confidence=policy.gate.confidence,
        tasks=len(x),
        estimate=float(x.mean()),
        bound=upper,
        threshold=threshold,
        sentence=(
            f"scores {x.mean():.2f} on {len(x):,} gold tasks, at most {upper:.2f}, "
            f"which is below {threshold:.2f}, {why}"
        ),
    )
