"""Who agrees with the others far less than these agree with each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from sync.gating.coefficients.intervals import time_uniform_margin
from sync.gating.people.agreement import Agreement, Compared, agreement
from sync.gating.people.answers import NONE, FloatArray, IntArray, sums
from sync.gating.people.flag import Flag

#: The least gap that is more than a difference.
_GAP = 0.1
#: Robust standard deviations (1.4826 times the median absolute deviation) beyond which a gap is
#: unlike those of the others.
_UNUSUAL = 3 * 1.4826


@dataclass(frozen=True, kw_only=True, eq=False)
class _Gaps:
    """Per annotator, over the tasks where it is known what to expect."""

    tasks: IntArray
    mean: FloatArray
    score: FloatArray
    #: Standard deviation of one task's gap, with what the expectations do not know.
    spread: FloatArray


def far_from_others(
    compared: Compared, least: int, confidence: float, error: float
) -> dict[int, Flag]:
    """Flags on those far from the others, by code.

    A task's gap is the agreement that the others reach without the person, less the person's
    agreement with them; so neither hard tasks nor bad company make a gap. The lower bound of the
    mean gap (an asymptotic confidence sequence, see `time_uniform_margin`) must exceed a tenth,
    and the mean itself three robust standard deviations of those of the other people: some spread
    among good people is usual.

    Those who seem to have such a gap at a first look, one by one, are not counted among the
    others: several bad people would else hide each other. So a minority of another opinion is
    flagged as well; whether it is wrong is for gold to say.

    Args:
        compared: the answers beside each other.
        least: tasks without which nobody is tested.
        confidence: for the flags to state.
        error: chance to flag anybody wrongly, shared among those tested.
    """
    first = _gaps(compared, agreement(compared, least))
    unsure = first.spread / np.sqrt(np.maximum(first.tasks, 1)) * norm.ppf(confidence)
    trusted = ~((first.tasks >= least) & (first.mean > _GAP) & (first.mean > unsure))
    gaps = _gaps(compared, agreement(compared, least, trusted))
    tested = np.flatnonzero(gaps.tasks >= max(least, 2))
    found = {}
    for who in tested.tolist():
        mean, n = float(gaps.mean[who]), int(gaps.tasks[who])
        if mean <= _GAP:
            continue
        usual = max(_GAP, _UNUSUAL * _deviation(gaps.mean[tested[tested != who]]))
        if mean <= usual:
            continue
        lower = mean - time_uniform_margin(float(gaps.spread[who]), n, error / len(tested))
        if lower > _GAP:
            score = float(gaps.score[who])
            found[who] = Flag(
                what="agreement",
                confidence=confidence,
                tasks=n,
                estimate=mean,
                bound=lower,
                threshold=_GAP,
                sentence=(
                    f"agrees with others at {score:.2f} where these agree with each other at "
                    f"{score + mean:.2f} ({n:,} tasks): the gap is surely above {lower:.2f}, and "
                    f"more than the {usual:.2f} that is usual"
                ),
            )
    return found


def _deviation(values: FloatArray) -> float:
    """What is a standard deviation for normal values, over 1.4826: the lesser of two estimates.

    The median absolute deviation, which bad company enlarges: it makes the gaps of good people
    negative. And the third quartile around 0, which many bad people enlarge.
    """
    if not values.size:
        return 0.0
    quartile = max(float(np.quantile(values, 0.75, method="lower")), 0.0)
    return min(float(np.median(np.abs(values - np.median(values)))), quartile)


def _gaps(compared: Compared, agreed: Agreement) -> _Gaps:
    answers = compared.answers
    size = len(answers.annotators)
    rows = np.flatnonzero(~np.isnan(agreed.expected) & ~np.isnan(agreed.score))
    who, score = answers.person[rows], agreed.score[rows]
    gap = agreed.expected[rows] - score
    n = np.bincount(who, minlength=size)
    some = np.maximum(n, 1)
    mean = sums(who, gap, size) / some
    squares = sums(who, (gap - mean[who]) ** 2, size)
    own = squares / np.maximum(n - 1, 1)
    return _Gaps(
        tasks=n,
        mean=mean,
        score=sums(who, score, size) / some,
        spread=np.sqrt(own + some * _doubt(who, agreed, rows, some)),
    )


def _doubt(who: IntArray, agreed: Agreement, rows: IntArray, tasks: IntArray) -> FloatArray:
    """(A,): variance of the mean expectation, where that is what single people do elsewhere."""
    pair = agreed.pair[rows]
    of_pair = np.flatnonzero(pair != NONE)
    codes, first, count = np.unique(pair[of_pair], return_index=True, return_counts=True)
    person = who[of_pair[first]]
    share = count / tasks[person]
    weights = share**2 * agreed.pair_variance[codes]
    return sums(person, weights, len(tasks))
