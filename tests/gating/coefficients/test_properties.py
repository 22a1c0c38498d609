"""What holds for all ratings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync.gating.coefficients import (
    Coefficient,
    Ratings,
    cohen,
    cohen_kappa,
    distance_alpha,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff,
    krippendorff_alpha,
    percent,
    percent_agreement,
    ratings,
    scott_pi,
    shares,
)
from sync.gating.coefficients.parts import of_items

Row = tuple[int, int, int]
LABELS = range(4)

NOMINAL: dict[str, Callable[[Ratings], Coefficient]] = {
    "percent": percent_agreement,
    "cohen": cohen_kappa,
    "fleiss": fleiss_kappa,
    "scott": scott_pi,
    "alpha": krippendorff_alpha,
    "ac1": gwet_ac1,
}
FUNCTIONS = NOMINAL | {
    "linear kappa": partial(cohen_kappa, weights="linear"),
    "quadratic kappa": partial(cohen_kappa, weights="quadratic"),
    "linear ac2": partial(gwet_ac2, weights="linear"),
    "quadratic ac2": gwet_ac2,
    "ordinal alpha": partial(krippendorff_alpha, metric="ordinal"),
    "interval alpha": partial(krippendorff_alpha, metric="interval"),
    "ratio alpha": partial(krippendorff_alpha, metric="ratio"),
}


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Up to 4 annotators on up to 12 items, with gaps."""
    cell = st.none() | st.sampled_from(LABELS)
    people = draw(st.integers(2, 4))
    lines = draw(st.lists(st.tuples(*[cell] * people), min_size=2, max_size=12))
    return [
        (item, annotator, value)
        for item, line in enumerate(lines)
        for annotator, value in enumerate(line)
        if value is not None
    ]


def same(one: Coefficient, other: Coefficient) -> bool:
    """Equal but for rounding."""

    def figures(found: Coefficient) -> list[float]:
        bounds = (found.value, found.lower, found.upper, found.anytime_lower, found.anytime_upper)
        return [np.nan if bound is None else bound for bound in bounds]

    return one.items == other.items and np.allclose(
        figures(one), figures(other), atol=1e-9, equal_nan=True
    )


@pytest.mark.parametrize("name", FUNCTIONS)
@given(given_rows=rows(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_order_and_names_do_not_matter(name: str, given_rows: list[Row], seed: int) -> None:
    """Neither of the items nor of the annotators."""
    rng = np.random.default_rng(seed)
    items, people = rng.permutation(12).tolist(), rng.permutation(4).tolist()
    moved = [(f"t{items[i]}", f"p{people[a]}", value) for i, a, value in given_rows]
    moved = [moved[i] for i in rng.permutation(len(moved))]
    function = FUNCTIONS[name]
    assert same(function(ratings(moved, LABELS)), function(ratings(given_rows, LABELS)))


#: No two answers to an item agree: the order of sums must not make it "nearly none".
NO_AGREEMENT = [(0, 2, 0), (1, 2, 0), (2, 2, 2), (3, 2, 3), (4, 1, 0), (4, 2, 3), (5, 1, 1)]
NO_AGREEMENT += [(5, 2, 2), (6, 1, 1), (6, 2, 3), (7, 0, 0), (7, 1, 1), (7, 2, 2)]


@pytest.mark.parametrize("name", NOMINAL)
@given(given_rows=rows(), order=st.permutations(list(LABELS)))
@example(given_rows=NO_AGREEMENT, order=[1, 0, 2, 3])
@settings(max_examples=15)
def test_the_names_of_labels_do_not_matter(
    name: str, given_rows: list[Row], order: list[int]
) -> None:
    """For the coefficients in which labels are equal or not."""
    renamed = [(item, annotator, f"label {order[value]}") for item, annotator, value in given_rows]
    labels = [f"label {label}" for label in LABELS]
    function = NOMINAL[name]
    assert same(function(ratings(renamed, labels)), function(ratings(given_rows, LABELS)))


@pytest.mark.parametrize("name", FUNCTIONS)
@given(given_rows=rows())
@settings(max_examples=15)
def test_the_interval_holds_the_value(name: str, given_rows: list[Row]) -> None:
    """Both intervals lie in [-1, 1] and hold the value; a value is at most 1."""
    found = FUNCTIONS[name](ratings(given_rows, LABELS))
    if found.value is None or found.lower is None or found.upper is None:
        assert found.reason
        return
    assert found.anytime_lower is not None
    assert found.anytime_upper is not None
    value = max(found.value, -1.0)
    assert -1 <= found.lower <= value + 1e-9
    assert value - 1e-9 <= found.upper <= 1
    assert -1 <= found.anytime_lower <= value + 1e-9
    assert value - 1e-9 <= found.anytime_upper <= 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_complete_agreement_is_one(name: str) -> None:
    """With two categories and no disagreement, and the lower bounds grow with the items."""
    bounds = []
    for items in (10, 100, 1000):
        found = FUNCTIONS[name](
            ratings([(i, a, i % 2 + 1) for i in range(items) for a in range(3)], LABELS)
        )
        assert found.value == pytest.approx(1.0)
        assert found.upper == pytest.approx(1.0)
        bounds.append((found.lower, found.anytime_lower))
    assert bounds == sorted(bounds)
    assert bounds[-1][0] > 0.98


@given(given_rows=rows())
@settings(max_examples=30)
def test_alpha_of_a_distance(given_rows: list[Row]) -> None:
    """With the distance of a metric, alpha of any distance is that metric's alpha."""

    def nominal(a: Any, b: Any) -> Any:
        return np.not_equal(a, b).astype(float)

    def interval(a: Any, b: Any) -> Any:
        return np.subtract(a, b) ** 2 / 9

    plain = ratings(given_rows, LABELS)
    assert same(distance_alpha(given_rows, nominal), krippendorff_alpha(plain))
    expected = krippendorff_alpha(plain, metric="interval")
    assert same(distance_alpha(given_rows, interval), expected)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_jackknife_leaves_one_item_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its values are those of the coefficient taken anew without each item in turn."""
    function, rng = FUNCTIONS[name], np.random.default_rng(3)
    drawn = rng.integers(1, 4, (14, 3))
    drawn[:, 1] = np.where(rng.random(14) < 0.6, drawn[:, 0], drawn[:, 1])
    kept = rng.random(drawn.shape) < 0.8
    everything = ratings([(i, a, int(drawn[i, a])) for i, a in np.argwhere(kept)], range(1, 5))
    given_out: list[float] = []

    def spy(name: str, value: float, left_out: Any, weight: Any, *_: Any, **more: Any) -> Any:
        given_out[:] = np.repeat(left_out, weight.astype(int)).tolist()
        return Coefficient(name=name, value=value, lower=None, upper=None, items=more["items"])

    for module in (cohen, krippendorff, percent, shares):
        monkeypatch.setattr(module, "with_interval", spy)
    function(everything)
    found = sorted(given_out)
    answers = kept.sum(axis=1)[kept.any(axis=1)]
    fewest = 1 if name in ("fleiss", "ac1", "linear ac2", "quadratic ac2") else 2
    expected = [
        function(of_items(everything, np.delete(np.arange(answers.size), item))).value
        for item in np.flatnonzero(answers >= fewest)
    ]
    assert found == pytest.approx(sorted(value or 0.0 for value in expected), abs=1e-9)
