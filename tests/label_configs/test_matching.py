"""Regions are matched one to one, and no matching is better."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from label_configs.kinds.matching import best_matrix, best_sums, matched

tables = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.sampled_from([0, 0, 0, 0.25, 0.5, 1]))
)


def by_trying_all(table: np.ndarray) -> float:
    if table.shape[0] > table.shape[1]:
        table = table.T
    rows, columns = table.shape
    return max(sum(table[range(rows), p]) for p in permutations(range(columns), rows))


def candidates(tables: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """All entries above 0 of several tables as one list: left, right, pair, similarity."""
    left, right, pair, similarity = [], [], [], []
    rows = columns = 0
    for k, table in enumerate(tables):
        i, j = np.nonzero(table)
        left.append(i + rows), right.append(j + columns)
        pair.append(np.full(len(i), k)), similarity.append(table[i, j])
        rows, columns = rows + table.shape[0], columns + table.shape[1]
    return tuple(np.concatenate(part) for part in (left, right, pair, similarity))


@given(st.lists(tables, min_size=1, max_size=6))
def test_no_matching_is_better(many: list[np.ndarray]) -> None:
    """The sums are those of the best of all one-to-one matchings, tried one after another."""
    left, right, pair, similarity = candidates(many)
    found = best_sums(left, right, pair, similarity, len(many))
    assert found == pytest.approx([by_trying_all(table) for table in many], abs=1e-12)


@given(st.lists(tables, min_size=1, max_size=6))
def test_no_region_is_matched_twice(many: list[np.ndarray]) -> None:
    """Every left and every right region is in at most one matched candidate."""
    left, right, _, similarity = candidates(many)
    chosen = matched(left, right, similarity)
    assert len(set(left[chosen])) == len(set(right[chosen])) == chosen.sum()


@given(st.lists(tables, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_order_and_sides_do_not_matter(many: list[np.ndarray], random: object) -> None:
    """Shuffled candidates, and the sides swapped, give the same sums to the last digit."""
    left, right, pair, similarity = candidates(many)
    order = np.arange(len(left))
    random.shuffle(order)  # type: ignore[attr-defined]
    sums = best_sums(left, right, pair, similarity, len(many))
    swapped = best_sums(right, left, pair, similarity, len(many))
    assert (sums == swapped).all()
    mixed = best_sums(left[order], right[order], pair[order], similarity[order], len(many))
    assert (sums == mixed).all()


def test_large_groups_agree_with_the_hungarian_method_of_scipy() -> None:
    """Sums of 40 random tables of up to 30 × 30 are those of linear_sum_assignment."""
    random = np.random.default_rng(1)
    many = []
    for _ in range(40):
        table = random.random(random.integers(1, 31, 2))
        many.append(table * (random.random(table.shape) < random.random()))
    expected = [t[linear_sum_assignment(t, maximize=True)].sum() for t in many]
    left, right, pair, similarity = candidates(many)
    assert best_sums(left, right, pair, similarity, 40) == pytest.approx(expected, abs=1e-12)


def test_without_candidates_the_sums_are_zero() -> None:
    """No candidate at all, or only such as have nothing in common."""
    none, zero = np.zeros(0, dtype=int), np.zeros(1, dtype=int)
    assert best_sums(none, none, none, np.zeros(0), 3).tolist() == [0, 0, 0]
    assert best_sums(zero, zero, zero, np.zeros(1), 1).tolist() == [0]


@given(tables)
def test_one_table_is_matched_like_many(table: np.ndarray) -> None:
    """The pairs of a single table add up to the best sum, and never hold a 0."""
    found = best_matrix(table)
    assert sum(table[i, j] for i, j in found) == pytest.approx(by_trying_all(table))
    assert all(table[i, j] > 0 for i, j in found)
