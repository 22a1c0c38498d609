"""Ratings, their parts, and what is not defined."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sync.gating.coefficients import (
    Coefficient,
    Ratings,
    cohen_kappa,
    distance_agreement,
    distance_alpha,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff_alpha,
    per_label,
    per_slice,
    percent_agreement,
    ratings,
    ratings_of_arrays,
    scott_pi,
)

ROWS = [
    ("t1", "ann", "cat"),
    ("t1", "bob", "cat"),
    ("t2", "ann", "dog"),
    ("t2", "bob", "cat"),
    ("t3", "bob", "dog"),
]


def distances(a: object, b: object) -> np.ndarray:
    """0 for the same value, else 1."""
    return np.array([x != y for x, y in zip(a, b, strict=True)], dtype=float)  # type: ignore[call-overload]


FUNCTIONS: dict[str, Callable[[Ratings], Coefficient]] = {
    "percent": percent_agreement,
    "cohen": cohen_kappa,
    "fleiss": fleiss_kappa,
    "scott": scott_pi,
    "alpha": krippendorff_alpha,
    "ordinal": lambda given: krippendorff_alpha(given, metric="ordinal"),
    "ac1": gwet_ac1,
    "ac2": gwet_ac2,
    "distance": lambda given: distance_agreement(_rows(given), distances),
    "distance alpha": lambda given: distance_alpha(_rows(given), distances),
}
CORRECTED = [name for name in FUNCTIONS if name not in ("percent", "distance")]


def _rows(given: Ratings) -> list[tuple[int, int, int]]:
    columns = given.items.tolist(), given.annotators.tolist(), given.values.tolist()
    return list(zip(*columns, strict=True))


def test_codes_and_names() -> None:
    """Items and annotators are numbered as they come, categories are sorted."""
    given = ratings(ROWS)
    assert given.items.tolist() == [0, 0, 1, 1, 2]
    assert given.annotators.tolist() == [0, 1, 0, 1, 1]
    assert given.values.tolist() == [0, 0, 1, 0, 1]
    assert given.item_names == ("t1", "t2", "t3")
    assert given.annotator_names == ("ann", "bob")
    assert given.categories == ("cat", "dog")


def test_declared_categories_keep_their_order() -> None:
    """Also those that nobody gave."""
    given = ratings(ROWS, categories=["fox", "dog", "cat"])
    assert given.values.tolist() == [2, 2, 1, 2, 1]
    assert given.categories == ("fox", "dog", "cat")


def test_categories_that_cannot_be_sorted() -> None:
    """They stand in order of first appearance."""
    given = ratings([(1, 1, "a"), (1, 2, None), (2, 1, 3)])
    assert given.categories == ("a", None, 3)


@pytest.mark.parametrize("sparse", [False, True])
def test_arrays_are_rows(sparse: bool) -> None:
    """Three arrays give the same coefficients as their rows, whatever numbers they hold."""
    rng = np.random.default_rng(1)
    items, annotators = np.indices((40, 3)).reshape(2, -1)
    values = rng.integers(0, 3, items.size)
    far = 10**9 if sparse else 1
    given = ratings_of_arrays(items * far, annotators - 7, values)
    expected = ratings(zip(items.tolist(), annotators.tolist(), values.tolist(), strict=True))
    assert given.annotator_names == (-7, -6, -5)
    assert krippendorff_alpha(given) == krippendorff_alpha(expected)
    assert cohen_kappa(given) == cohen_kappa(expected)


def test_two_answers_of_one_annotator() -> None:
    """The message names the annotator and the item."""
    with pytest.raises(ValueError, match="'bob' rates item 't2' twice"):
        ratings([*ROWS, ("t2", "bob", "dog")])
    with pytest.raises(ValueError, match="annotator 5 rates item 7 twice"):
        ratings_of_arrays(np.array([7, 7]), np.array([5, 5]), np.array([1, 2]))


def test_bad_categories() -> None:
    """One that is not declared, is declared twice, or is NaN is named."""
    with pytest.raises(ValueError, match=r"'cat' is not a category: allowed are \['dog'\]"):
        ratings(ROWS, categories=["dog"])
    with pytest.raises(ValueError, match="declared twice"):
        ratings(ROWS, categories=["dog", "cat", "dog"])
    with pytest.raises(ValueError, match="NaN"):
        ratings([(1, 1, float("nan"))])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_to_compare(name: str) -> None:
    """Without two answers to an item there is no value but a reason."""
    nobody = FUNCTIONS[name](ratings([]))
    alone = FUNCTIONS[name](ratings([(1, "ann", "a"), (2, "ann", "b")]))
    apart = FUNCTIONS[name](ratings([(1, "ann", "a"), (2, "bob", "b")]))
    assert [found.value for found in (nobody, alone, apart)] == [None] * 3
    assert "no item has two answers" in nobody.reason
    assert "one annotator's" in alone.reason
    assert "no item has two answers" in apart.reason


@pytest.mark.parametrize("name", CORRECTED)
def test_one_category(name: str) -> None:
    """Where all say the same there is no chance agreement to correct for."""
    found = FUNCTIONS[name](ratings([(i, a, "x") for i in range(9) for a in range(2)]))
    assert found.value is None
    assert found.items == 9
    assert "one and the same category" in found.reason


def test_ac1_of_one_category_of_two() -> None:
    """AC1 is defined as soon as another category could have been given."""
    rows = [(i, a, "x") for i in range(9) for a in range(2)]
    assert gwet_ac1(ratings(rows, categories=["x", "y"])).value == 1.0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_item(name: str) -> None:
    """One item with two answers has a value, but no interval."""
    found = FUNCTIONS[name](ratings([(1, "ann", 1), (1, "bob", 2)]))
    assert found.value is not None
    assert (found.lower, found.upper, found.anytime_lower) == (None, None, None)
    assert "fewer than two items" in found.reason


def test_per_label() -> None:
    """Each category against all others, in their order."""
    found = per_label(ratings(ROWS), percent_agreement)
    assert {label: one.value for label, one in found.items()} == {"cat": 0.5, "dog": 0.5}
    rows = [(i, a, "abc"[(i + a * (i > 5)) % 3]) for i in range(9) for a in range(2)]
    alphas = per_label(ratings(rows), krippendorff_alpha)
    merged = ratings([(i, a, value == "b") for i, a, value in rows])
    assert alphas["b"] == krippendorff_alpha(merged)


def test_per_slice() -> None:
    """Each slice is the coefficient of its items alone."""
    found = per_slice(
        ratings(ROWS), lambda item: "first" if item == "t1" else "rest", percent_agreement
    )
    assert {name: (one.value, one.items) for name, one in found.items()} == {
        "first": (1.0, 1),
        "rest": (0.0, 1),
    }
