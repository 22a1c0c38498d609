"""Labels and slices against their threshold, each with its bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sync.gating.criteria import batch_bounds
from sync.gating.verdict import Part, State
from sync.gating.wealth import Array, log_wealth


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """The evidence on one label or slice."""

    of: str
    name: str
    #: In draw order, each in [0, 1].
    scores: tuple[float, ...]
    #: Its tasks in the frozen batch; None where that was not kept.
    population: int | None
    #: Its blind tasks, answered or not, by their places among all blind tasks in draw order.
    places: tuple[int, ...]


def judge_parts(
    strata: Sequence[Stratum], threshold: float, confidence: float, tested: int | None = None
) -> tuple[Part, ...]:
    """Each part with its bounds and state, worst first.

    Within a part the blind tasks in draw order are a random sample of the part's tasks, without
    replacement, so `anytime_bounds` hold.

    A part is judged if its blind tasks could show that it reaches the threshold, were all of them
    confirmed. That is known at freeze, so leaving the others out chooses nothing by its outcome.

    A HOLD needs one part below the threshold. One of k parts that all reach it is called below it
    with probability at most k times that of each, so each upper bound has the confidence
    1 - (1 - confidence) / k (Bonferroni; Holm's later steps would only name further parts once
    the batch is held). A PASS needs every part's lower bound: a batch that fails in some part
    passes only if that part's own bound is wrong, so no correction is needed (intersection-union
    test, Berger, "Multiparameter hypothesis testing and acceptance sampling", 1982).

    Args:
        strata: the labels or slices.
        threshold: in [0, 1]; what each mean must reach.
        confidence: of each lower bound, and of all upper bounds together, in (0, 1).
        tested: number k of parts that are judged; counted among `strata` where it is None.
    """
    can = [_can_be_judged(len(s.places), s.population, threshold, confidence) for s in strata]
    corrected = 1 - (1 - confidence) / max(sum(can) if tested is None else tested, 1)
    found = [
        _part(stratum, judged, threshold, confidence, corrected)
        for stratum, judged in zip(strata, can, strict=True)
    ]
    return tuple(sorted(found, key=_worst_first))


def count_judged(strata: Sequence[Stratum], threshold: float, confidence: float) -> int:
    """How many parts have enough blind tasks to be judged."""
    return sum(_can_be_judged(len(s.places), s.population, threshold, confidence) for s in strata)


def _part(
    stratum: Stratum, judged: bool, threshold: float, confidence: float, corrected: float
) -> Part:
    x = stratum.scores
    estimate, lower, upper = None, None, None
    if x:
        estimate = sum(x) / len(x)
        lower = _bounds(x, stratum.population, confidence)[0]
        upper = _bounds(x, stratum.population, corrected)[1]
    state = _state(lower, upper, threshold) if judged else State.MORE
    needed = None
    if judged and state is State.MORE:
        needed = _needed(stratum, threshold, confidence, corrected)
    return Part(
        of=stratum.of,
        name=stratum.name,
        state=state,
        estimate=estimate,
        lower=lower,
        upper=upper,
        n=len(x),
        population=stratum.population,
        judged=judged,
        needed=needed,
    )


def _needed(stratum: Stratum, threshold: float, confidence: float, corrected: float) -> int:
    """Blind tasks in draw order that settle the part, if its scores go on as they began.

    Without a score, as if all were confirmed.
    """
    places, population = stratum.places, stratum.population
    x = np.resize(np.array(stratum.scores or (1.0,)), len(places))
    settled = _crosses(x, population, threshold, confidence)
    settled |= _crosses(1 - x, population, 1 - threshold, corrected)
    first = int(settled.argmax()) if settled.any() else len(places) - 1
    return places[first] + 1


def _crosses(x: Array, population: int | None, mean: float, confidence: float) -> Array:
    """When the lower bound of the scores reaches the mean."""
    if mean <= 0:
        return np.ones(len(x), dtype=bool)
    wealth = log_wealth(x, population, mean)[:, 0]
    found: Array = wealth >= -math.log1p(-confidence)
    return found


def _state(lower: float | None, upper: float | None, threshold: float) -> State:
    if upper is not None and upper < threshold:
        return State.HOLD
    return State.PASS if lower is not None and lower >= threshold else State.MORE


@lru_cache(maxsize=4096)
def _can_be_judged(blind: int, population: int | None, threshold: float, confidence: float) -> bool:
    return blind > 0 and _bounds((1.0,) * blind, population, confidence)[0] >= threshold


@lru_cache(maxsize=4096)
def _bounds(
    scores: tuple[float, ...], population: int | None, confidence: float
) -> tuple[float, float]:
    """The last bounds; rare labels have the same few scores again and again."""
    return batch_bounds(scores, population, confidence)


_ORDER = {State.HOLD: 0, State.MORE: 1, State.PASS: 2}


def _worst_first(part: Part) -> tuple[bool, int, float, float, str, str]:
    upper = 1.0 if part.upper is None else part.upper
    lower = 0.0 if part.lower is None else part.lower
    by_bound = (upper, lower) if part.state is State.HOLD else (lower, upper)
    return not part.judged, _ORDER[part.state], *by_bound, part.of, part.name
