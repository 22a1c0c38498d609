"""The spans that a chain finds in sequences of words, with their probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backend.tagging import labels
from backend.tagging.batches import Batch, by_length
from backend.tagging.chain import Posterior, Weights, best, posterior

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Tokens that are computed together, and numbers of an array: few enough for the cache.
_TOGETHER, _NUMBERS = 8_192, 200_000
_TINY = 1e-12


@dataclass(frozen=True)
class Reading:
    """What is found in one sequence."""

    #: The spans in order, by their tokens.
    stretches: list[labels.Stretch]
    #: The probability of each that this is a whole span of this kind.
    probabilities: list[float]
    #: The log of the probability of all labels together.
    log_whole: float


def read(scores: Floats, weights: Weights, lengths: Ints, kinds: int) -> list[Reading]:
    """What is found in each sequence.

    Args:
        scores: of all tokens, one sequence after the other, (tokens, k).
        weights: of the chain.
        lengths: of the sequences; some may be empty.
        kinds: how many kinds of spans there are.
    """
    found = [Reading([], [], 0.0)] * len(lengths)
    for batch in by_length(lengths, _together(kinds)):
        for i, reading in zip(batch.sequences, _read(scores, weights, batch, kinds), strict=True):
            found[i] = reading
    return found


def stretches(
    scores: Floats, weights: Weights, lengths: Ints, kinds: int
) -> list[list[labels.Stretch]]:
    """The spans of each sequence by their tokens, as `read` finds them, alone."""
    found: list[list[labels.Stretch]] = [[] for _ in lengths]
    for batch in by_length(lengths, _together(kinds)):
        path = best(batch.spread(scores[batch.rows]), weights, batch.lengths)
        for column, i in enumerate(batch.sequences):
            own = path[: batch.lengths[column], column]
            found[i] = list(labels.decoded(own, kinds))
    return found


def _together(kinds: int) -> int:
    return max(min(_TOGETHER, _NUMBERS // labels.count(kinds)), 256)


def _read(scores: Floats, weights: Weights, batch: Batch, kinds: int) -> list[Reading]:
    emissions = batch.spread(scores[batch.rows])
    path = best(emissions, weights, batch.lengths)
    known = posterior(emissions, weights, batch.lengths)
    steps, columns = np.indices(path.shape)
    first = np.log(np.maximum(known.marginals[steps, columns, path], _TINY))
    onward = _log_onward(known, weights, path, batch.lengths)
    ends = np.log1p(-_goes_on(known, weights, path, batch.lengths, kinds))
    # Sums of logs up to each step, so that those of a stretch are a difference.
    sums = np.vstack([np.zeros((1, path.shape[1])), np.cumsum(onward, axis=0)])
    found = []
    for column, length in enumerate(batch.lengths.tolist()):
        stretches = list(labels.decoded(path[:length, column], kinds))
        logs = [
            first[a, column] + sums[b - 1, column] - sums[a, column] + ends[b - 1, column]
            for a, b, _ in stretches
        ]
        whole = first[0, column] + sums[length - 1, column]
        found.append(Reading(stretches, [float(np.exp(min(x, 0.0))) for x in logs], float(whole)))
    return found


def _log_onward(known: Posterior, weights: Weights, path: Ints, lengths: Ints) -> Floats:
    """The logs of P(next label of the path | this one), (t, n); of no meaning for the last one."""
    found = np.zeros(path.shape)
    for t in range(len(path) - 1):
        n = int((lengths > t + 1).sum())
        found[t, :n] = _given(known, weights, t, path[t, :n], path[t + 1, :n])
    logs: Floats = np.log(np.maximum(found, _TINY))
    return logs


def _goes_on(known: Posterior, weights: Weights, path: Ints, lengths: Ints, kinds: int) -> Floats:
    """P(the span goes on behind this token), (t, n), for tokens in a span; below 1."""
    found = np.zeros(path.shape)
    for t in range(len(path) - 1):
        n = int((lengths > t + 1).sum())
        inside = np.where(path[t, :n] > kinds, path[t, :n], path[t, :n] + kinds)
        there = path[t, :n] > 0
        inside = np.where(there, inside, 0)
        found[t, :n] = np.where(there, _given(known, weights, t, path[t, :n], inside), 0.0)
    return np.minimum(found, 1 - _TINY)


def _given(known: Posterior, weights: Weights, t: int, label: Ints, following: Ints) -> Floats:
    """P(label behind t | label at t, all words), (n,)."""
    at = np.arange(len(label))
    ahead = known.ahead[t + 1, at, following]
    rest = np.maximum(known.rest[t, at, label], 1e-300)
    given: Floats = np.exp(weights.follow[label, following]) * ahead / rest
    return np.minimum(given, 1.0)
