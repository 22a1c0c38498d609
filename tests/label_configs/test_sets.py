"""Distances of sets of labels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_configs.kinds.sets import jaccard_distance, masi_distance

sets = st.frozensets(st.sampled_from("abcde"))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("ab", "ab", 0.0),
        ("a", "ab", 1 - 2 / 3 * 1 / 2),
        ("abc", "a", 1 - 2 / 3 * 1 / 3),
        ("ab", "bc", 1 - 1 / 3 * 1 / 3),
        ("ab", "cd", 1.0),
        ("", "a", 1.0),
        ("", "", 0.0),
    ],
)
def test_masi_of_each_case(a: str, b: str, expected: float) -> None:
    """1 - J M with the four values of M that Passonneau (2006, section 4) gives."""
    assert masi_distance(frozenset(a), frozenset(b)) == pytest.approx(expected)


def test_masi_agrees_with_nltk() -> None:
    """NLTK, which rounds the values of M to two digits, finds the same for all sets of five."""
    from nltk.metrics.distance import masi_distance as oracle

    some = [frozenset(x) for n in range(1, 6) for x in itertools.combinations("abcde", n)]
    for a, b in itertools.product(some, repeat=2):
        assert masi_distance(a, b) == pytest.approx(oracle(a, b), abs=0.004)


def test_masi_keeps_the_triangle_inequality() -> None:
    """No three sets of up to six labels make a detour shorter."""
    some = [frozenset(x) for n in range(7) for x in itertools.combinations("abcdef", n)]
    apart = np.array([[masi_distance(a, b) for b in some] for a in some])
    detours = (apart[:, :, None] + apart[None, :, :]).min(axis=1)
    assert (apart <= detours + 1e-12).all()


@given(sets, sets, sets)
def test_jaccard_is_a_metric(a: frozenset[str], b: frozenset[str], c: frozenset[str]) -> None:
    """Symmetric, in [0, 1], 0 exactly for equal sets, and no detour is shorter."""
    assert jaccard_distance(a, b) == jaccard_distance(b, a)
    assert 0 <= jaccard_distance(a, b) <= 1
    assert (jaccard_distance(a, b) == 0) == (a == b)
    detour = jaccard_distance(a, b) + jaccard_distance(b, c)
    assert jaccard_distance(a, c) <= detour + 1e-12


@given(sets, sets)
def test_masi_is_a_distance(a: frozenset[str], b: frozenset[str]) -> None:
    """Symmetric, at least Jaccard's, and 0 exactly for equal sets."""
    assert masi_distance(a, b) == masi_distance(b, a)
    assert jaccard_distance(a, b) <= masi_distance(a, b) <= 1
    assert (masi_distance(a, b) == 0) == (a == b)
