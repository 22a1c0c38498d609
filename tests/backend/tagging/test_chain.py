"""What the chain says is what counting all sequences says."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.tagging import labels
from backend.tagging.chain import Weights, best, edges, posterior
from backend.tagging.reading import read

Sequence = tuple[int, ...]


def weights(kinds: int, rng: np.random.Generator) -> Weights:
    """A random chain in which a span begins before it goes on."""
    k = labels.count(kinds)
    follow, begin = labels.forbidden(kinds)
    return Weights(follow + rng.normal(size=(k, k)), begin + rng.normal(size=k))


def all_sequences(emissions: np.ndarray, chain: Weights) -> dict[Sequence, float]:
    """Each sequence of labels with its probability, one by one."""
    length, k = emissions.shape
    score = {}
    for labelling in product(range(k), repeat=length):
        total = chain.begin[labelling[0]] + sum(emissions[t, y] for t, y in enumerate(labelling))
        total += sum(chain.follow[a, b] for a, b in pairwise(labelling))
        score[labelling] = np.exp(total)
    z = sum(score.values())
    return {labelling: float(value / z) for labelling, value in score.items()}


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_it_is_what_counting_gives(seed: int, lengths: list[int]) -> None:
    """Marginals, expected transitions, the best sequence and its spans' probabilities."""
    rng = np.random.default_rng(seed)
    chain, kinds = weights(1, rng), 1
    sizes = np.array(sorted(lengths, reverse=True))
    emissions = rng.normal(scale=2.0, size=(sizes[0], len(sizes), 3))
    found = posterior(emissions, chain, sizes)
    paths = best(emissions, chain, sizes)
    counted = np.ones(len(sizes))
    expected = np.zeros((3, 3))
    scores = np.concatenate([emissions[:n, i] for i, n in enumerate(sizes)])
    readings = read(scores, chain, sizes, kinds)
    for i, n in enumerate(sizes):
        truth = all_sequences(emissions[:n, i], chain)
        for t, label in product(range(n), range(3)):
            total = sum(p for labelling, p in truth.items() if labelling[t] == label)
            assert found.marginals[t, i, label] == pytest.approx(total, abs=1e-9)
        for labelling, p in truth.items():
            for pair in pairwise(labelling):
                expected[pair] += p
        likeliest = max(truth, key=lambda labelling: truth[labelling])
        assert tuple(paths[:n, i]) == likeliest
        assert np.exp(readings[i].log_whole) == pytest.approx(truth[likeliest], abs=1e-9)
        for stretch, p in zip(readings[i].stretches, readings[i].probabilities, strict=True):
            right = [q for y, q in truth.items() if stretch in set(labels.decoded(np.array(y), 1))]
            assert p == pytest.approx(sum(right), abs=1e-9)
    assert edges(found, chain, sizes, counted) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.floats(1, 500))
def test_the_best_sequence_is_valid(seed: int, kinds: int, scale: float) -> None:
    """A span goes on only where one of its kind began, however strong the evidence against it."""
    rng = np.random.default_rng(seed)
    emissions = rng.normal(scale=scale, size=(12, 2, labels.count(kinds)))
    chain, lengths = weights(kinds, rng), np.array([12, 7])
    paths = best(emissions, chain, lengths)
    follow, begin = labels.forbidden(kinds)
    for i, n in enumerate(lengths):
        own = paths[:n, i]
        assert begin[own[0]] == 0
        assert (follow[own[:-1], own[1:]] == 0).all()
        stretches = list(labels.decoded(own, kinds))
        assert (labels.encoded(n, stretches, kinds) == own).all()
    assert np.isfinite(posterior(emissions, chain, lengths).marginals[:7]).all()
