"""Lists of regions are matched as well as can be, for any kind of region."""

from __future__ import annotations

from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_configs.kinds import alignment

PLACES = [("image", 0), ("image", 1)]


class Point(NamedTuple):
    """A region on a line, to be compared by a table of similarities."""

    place: tuple[str, int]
    labels: tuple[str, ...]
    at: int


points = st.builds(
    Point, st.sampled_from(PLACES), st.sampled_from([("a",), ("b",), ()]), st.integers(0, 9)
)
lists = st.lists(points, max_size=4).map(tuple)


def similarity(regions: Any, left: Any, right: Any) -> Any:
    """1 at the same spot, 0 from a distance of 4 on."""
    at = np.array([region.at for region in regions])
    return np.maximum(0.0, 1.0 - np.abs(at[left] - at[right]) / 4)


def one(a: Point, b: Point) -> float:
    return max(0.0, 1 - abs(a.at - b.at) / 4) if a[:2] == b[:2] else 0.0


def best(a: tuple[Point, ...], b: tuple[Point, ...]) -> float:
    """The most that any one-to-one matching adds up to, by trying all."""
    few, many = sorted((a, b), key=len)
    return max(
        sum(one(x, y) for x, y in zip(few, order, strict=False))
        for order in permutations(many, len(few))
    )


@given(st.lists(st.tuples(lists, lists), max_size=6))
def test_distances_are_those_of_the_best_matching(some: list[tuple[Any, Any]]) -> None:
    """For many pairs at once, the same as trying all matchings of each."""
    found = alignment.distances([a for a, _ in some], [b for _, b in some], similarity)
    expected = [1 - 2 * best(a, b) / (len(a) + len(b)) if a or b else 0.0 for a, b in some]
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("at_once", [1, 2, 7, 50])
def test_parts_make_the_whole(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is compared in one go, the distances are the same."""
    draw = np.random.default_rng(at_once)
    a, b = (
        [
            tuple(Point(PLACES[0], ("ab"[k % 2],), int(k)) for k in draw.integers(10, size=size))
            for size in draw.integers(5, size=30)
        ]
        for _ in range(2)
    )
    whole = alignment.distances(a, b, similarity)
    monkeypatch.setattr(alignment, "_AT_ONCE", at_once)
    assert alignment.distances(a, b, similarity) == pytest.approx(whole, abs=1e-12)
    assert alignment.distances([], [], similarity).shape == (0,)


@given(lists, lists, st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_counts_match_as_many_as_can_be(a: Any, b: Any, least: float) -> None:
    """The most pairs of regions, one to one, that are similar enough."""
    few, many = sorted((a, b), key=len)
    most = max(
        sum(one(x, y) >= least for x, y in zip(few, order, strict=False))
        for order in permutations(many, len(few))
    )
    assert alignment.counts(a, b, least, similarity) == (most, len(a), len(b))


@pytest.mark.parametrize("least", [0, -1, 1.1, float("nan")])
def test_an_overlap_that_cannot_be_is_refused(least: float) -> None:
    """It must lie above 0 and be at most 1."""
    with pytest.raises(ValueError, match="overlap is"):
        alignment.counts((), (), least, similarity)


@given(lists, lists)
def test_every_label_is_told_once(a: Any, b: Any) -> None:
    """Each label of each region stands in one pair, on its own side."""
    from label_configs import Control

    told = alignment.pairs(Control(name="c", tag="T", to_name=("x",), labels=()), a, b, similarity)
    for side, regions in ((0, a), (1, b)):
        labels = sorted(label for region in regions for label in region.labels or ("T",))
        assert sorted(pair[side] for pair in told if pair[side] is not None) == labels


def test_several_labels_stand_against_themselves() -> None:
    """What two regions have in common agrees; one that is left on either side is a confusion."""
    from label_configs import Control

    control = Control(name="c", tag="T", to_name=("x",), labels=())
    a, b = Point(PLACES[0], ("a", "b"), 0), Point(PLACES[0], ("a", "c"), 0)
    assert alignment.pairs(control, (a,), (b,), similarity) == [("a", "a"), ("b", "c")]
    assert alignment.distances([(a,)], [(b,)], similarity) == 1
