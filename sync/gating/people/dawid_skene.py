"""Which category is true and how each annotator errs, by expectation-maximisation.

The model of Dawid & Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28 (1979): an item has the category j with probability p_j, and
annotator k then answers l with probability π_jl(k), independently of the other annotators.

Alternates the equations of the paper, from the share of each category among an item's answers
(3.1): the M step (2.3, 2.4) and the E step (2.5), until the log-likelihood (2.7) stands still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sync.gating.coefficients.ratings import Ratings

Array = npt.NDArray[Any]
#: Some items, and (items, A K) of their answers.
Block = tuple[slice, sparse.csr_array]

#: Items at once: few enough for the processor's cache.
_BLOCK = 8192


@dataclass(frozen=True, kw_only=True, eq=False)
class DawidSkene:
    """What the answers say of items and annotators; the axes are those of the ratings."""

    #: (I, K): probability of each category for each item.
    posteriors: Array
    #: (K,): probability p_j of each category.
    prior: Array
    #: (A, K, K): probability π_jl(k) that annotator k answers l where j is true, as [k, j, l].
    confusion: Array
    #: (A,): probability that each annotator is right on an item like these, Σ_j p_j π_jj(k).
    competence: Array
    #: Of all answers, under `prior` and `confusion`.
    log_likelihood: float
    #: How often the parameters were estimated.
    iterations: int


def dawid_skene(
    ratings: Ratings,
    *,
    smoothing: float = 0.01,
    tolerance: float = 1e-7,
    most: int = 100,
    known: Array | None = None,
) -> DawidSkene:
    """Fit the model.

    Args:
        ratings: the answers; an annotator may have answered an item several times.
        smoothing: what is added to each count of an annotator's answers, above 0, so that no
            probability is 0: a symmetric Dirichlet prior of 1 + smoothing.
        tolerance: the least gain of the log-likelihood per answer for which it goes on.
        most: the most iterations, at least 1.
        known: (I,) category code of the items whose truth is known, -1 for the others.

    Raises:
        ValueError: there are no ratings, or an argument is outside of what is allowed.
    """
    _check(ratings, smoothing, most, known)
    blocks = _blocks(ratings)
    impossible = None if known is None else _impossible(known, len(ratings.categories))
    posteriors = _start(ratings, impossible)
    likelihood, iteration, found = -np.inf, 0, -np.inf
    while iteration < most:
        iteration += 1
        prior, confusion = _m_step(blocks, posteriors, smoothing)
        found = _e_step(blocks, prior, confusion, impossible, posteriors)
        if found - likelihood < tolerance * len(ratings.values):
            break
        likelihood = found
    return DawidSkene(
        posteriors=posteriors,
        prior=prior,
        confusion=confusion,
        competence=np.einsum("j,kjj->k", prior, confusion),
        log_likelihood=float(found),
        iterations=iteration,
    )


def _check(ratings: Ratings, smoothing: float, most: int, known: Array | None) -> None:
    if not len(ratings.values):
        raise ValueError("there are no ratings to fit a model to")
    if not smoothing > 0:
        raise ValueError(f"smoothing is {smoothing}: allowed is a number above 0")
    if most < 1:
        raise ValueError(f"most is {most}: at least one iteration is needed")
    shape = (len(ratings.item_names),)
    if known is not None and known.shape != shape:
        raise ValueError(f"known has shape {known.shape}: allowed is {shape}, one for each item")


def _blocks(ratings: Ratings) -> list[Block]:
    """(I, A K) in blocks of items: how often each annotator gave each answer to each item."""
    labels, size = len(ratings.categories), len(ratings.item_names)
    columns = ratings.annotators.astype(np.int64) * labels + ratings.values
    shape = (size, len(ratings.annotator_names) * labels)
    ones = np.ones(len(columns))
    answers = sparse.coo_array((ones, (ratings.items, columns)), shape=shape).tocsr()
    slices = [slice(start, start + _BLOCK) for start in range(0, size, _BLOCK)]
    return [(items, answers[items]) for items in slices]


def _shares(ratings: Ratings) -> Array:
    """(I, K): the share of each category among the answers of each item."""
    labels = len(ratings.categories)
    size = len(ratings.item_names)
    cells = ratings.items.astype(np.int64) * labels + ratings.values
    counts = np.bincount(cells, minlength=size * labels).reshape(size, labels)
    shares: Array = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def _start(ratings: Ratings, impossible: Array | None) -> Array:
    """(I, K): the share of each category among an item's answers, or the known truth."""
    shares = _shares(ratings)
    if impossible is not None:
        sure = impossible.any(axis=1)
        shares[sure] = ~impossible[sure]
    return shares


def _impossible(known: Array, labels: int) -> Array:
    """(I, K): the categories that the known truth of an item rules out."""
    ruled_out: Array = (known[:, None] >= 0) & (known[:, None] != np.arange(labels))
    return ruled_out


def _m_step(blocks: list[Block], posteriors: Array, smoothing: float) -> tuple[Array, Array]:
    """The prior p_j and the probabilities π_jl(k) as [k, j, l]."""
    size, labels = posteriors.shape
    counted: Array = sum(answers.T @ posteriors[items] for items, answers in blocks)
    counts = counted.reshape(-1, labels, labels).transpose(0, 2, 1) + smoothing
    return np.ones(size) @ posteriors / size, counts / counts.sum(axis=2, keepdims=True)


def _e_step(
    blocks: list[Block], prior: Array, confusion: Array, impossible: Array | None, posteriors: Array
) -> float:
    """Set the posteriors, and give the log-likelihood of all answers."""
    labels, likelihood = len(prior), 0.0
    table = np.log(confusion).transpose(0, 2, 1).reshape(-1, labels)
    with np.errstate(divide="ignore"):
        # A category that no item has keeps the probability 0.
        log_prior = np.log(prior)[:, None]
    for items, answers in blocks:
        # Reduced along the long axis, which is much faster than along the short one.
        logs = np.ascontiguousarray((answers @ table).T)
        logs += log_prior
        if impossible is not None:
            logs[impossible[items].T] = -np.inf
        top = logs.max(axis=0)
        shares = np.exp(logs - top)
        sums = shares.sum(axis=0)
        posteriors[items] = (shares / sums).T
        likelihood += float((top + np.log(sums)).sum())
    return likelihood
