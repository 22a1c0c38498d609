"""A linear chain of labels over words: probabilities, and the best valid sequence.

A conditional random field (Lafferty, McCallum & Pereira 2001): the probability of the labels y of
a sequence is exp(sum of E[t, y_t] + sum of T[y_t-1, y_t] + S[y_0]) / Z. A label that may not
follow another, or not begin, has the weight -inf there: no sequence with it has any probability.

Shapes: t steps, n sequences, k labels. Sequences of a batch lie side by side in arrays (t, n, k),
the longest first; what is behind a sequence's end means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: A label that is so far below the best of a word is no different from one still further.
_DEEPEST = -200.0
_TINY = 1e-300


@dataclass(frozen=True)
class Weights:
    """What the chain adds to the emissions."""

    #: What it is worth that label j follows i, (k, k).
    follow: Floats
    #: What it is worth that a sequence begins with a label, (k,).
    begin: Floats


@dataclass(frozen=True)
class Posterior:
    """What is known of the labels once all words are seen."""

    #: P(y_t), (t, n, k).
    marginals: Floats
    #: P(y_t+1 = j | y_t = i) is exp(follow[i, j]) ahead[t + 1, j] / rest[t, i]; both (t, n, k).
    ahead: Floats
    rest: Floats


def posterior(emissions: Floats, weights: Weights, lengths: Ints) -> Posterior:
    """Forward and backward (Rabiner 1989), scaled at each step so that nothing underflows.

    Args:
        emissions: (t, n, k).
        weights: finite or -inf.
        lengths: of the sequences, from the longest to the shortest, (n,), each at least 1.
    """
    scores = np.exp(np.maximum(emissions - emissions.max(axis=2, keepdims=True), _DEEPEST))
    follow = np.exp(weights.follow)
    alive = _alive(lengths)
    before = np.zeros_like(scores)
    ahead = np.zeros_like(scores)
    rest = np.ones_like(scores)
    scale = np.ones(scores.shape[:2])
    for t, n in enumerate(alive):
        reached = before[t - 1, :n] @ follow if t else np.exp(weights.begin)
        before[t, :n] = reached * scores[t, :n]
        scale[t, :n] = before[t, :n].sum(axis=1)
        before[t, :n] /= scale[t, :n, None]
    for t in range(len(alive) - 1, 0, -1):
        n = alive[t]
        ahead[t, :n] = scores[t, :n] * rest[t, :n] / scale[t, :n, None]
        rest[t - 1, :n] = ahead[t, :n] @ follow.T
    return Posterior(before * rest, ahead, rest)


def edges(found: Posterior, weights: Weights, lengths: Ints, counted: Floats) -> Floats:
    """How often each label is expected to follow each, (k, k).

    Args:
        found: the posterior of the sequences.
        weights: those it was computed with.
        lengths: those of the sequences.
        counted: how much each sequence counts, (n,).
    """
    total: Floats = np.zeros_like(weights.follow)
    for t, n in enumerate(_alive(lengths)[1:], 1):
        # What came before t is the marginal without what comes after it.
        earlier = found.marginals[t - 1, :n] / np.maximum(found.rest[t - 1, :n], _TINY)
        total += (earlier * counted[:n, None]).T @ found.ahead[t, :n]
    total *= np.exp(weights.follow)
    return total


def best(emissions: Floats, weights: Weights, lengths: Ints) -> Ints:
    """The likeliest labels of each sequence (Viterbi 1967), (t, n); 0 behind the end."""
    steps, many, labels = emissions.shape
    # The labels that follow stand in rows, so that those before them are looked at in one go.
    onto = np.ascontiguousarray(weights.follow.T)
    came = np.zeros((steps, many, labels), dtype=np.int64)
    score = emissions[0] + weights.begin
    alive = _alive(lengths)
    for t, n in enumerate(alive[1:], 1):
        reached = score[:n, None, :] + onto
        came[t, :n] = reached.argmax(axis=2)
        score[:n] = np.take_along_axis(reached, came[t, :n, :, None], axis=2)[:, :, 0]
        score[:n] += emissions[t, :n]
    found = np.zeros((steps, many), dtype=np.int64)
    at = score.argmax(axis=1)
    for t in range(steps - 1, -1, -1):
        n = alive[t]
        found[t, :n] = at[:n]
        at[:n] = came[t, np.arange(n), at[:n]]
    return found


def _alive(lengths: Ints) -> list[int]:
    """How many sequences have a word at each step."""
    return [int((lengths > t).sum()) for t in range(int(lengths.max(initial=0)))]
