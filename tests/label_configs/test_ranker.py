"""Rankings are compared by the pairs that they order differently."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

import label_configs
from label_configs import LabelConfig
from label_configs.kinds.ranker import Value
from sync.errors import Fatal, Malformed

LIST = '<List name="t" value="$items"/>'


def ranker(inside: str = "") -> LabelConfig:
    return label_configs.parse(f'<View>{LIST}<Ranker name="c" toName="t">{inside}</Ranker></View>')


PLAIN = ranker()
BUCKETS = ranker('<Bucket name="x"/><Bucket name="y"/>')


def result(buckets: Any) -> list[dict[str, Any]]:
    region = {"from_name": "c", "to_name": "t", "type": "ranker", "value": {"ranker": buckets}}
    return [region]


def ordered(items: str) -> Value:
    return (("c", tuple(items)),)


def apart(a: str, b: str) -> float:
    return label_configs.control_distance(PLAIN.controls[0], ordered(a), ordered(b))


def test_a_known_example() -> None:
    """Four of ten pairs differ (Wikipedia, "Kendall tau distance": ranks 12345 and 34125)."""
    assert apart("ABCDE", "CDABE") == 4 / 10


orders = st.permutations("abcdef").map("".join)
parts = st.builds(lambda order, n: order[:n], orders, st.integers(1, 6))


@given(orders, orders)
def test_full_orders_agree_with_kendalls_tau(a: str, b: str) -> None:
    """SciPy's tau of full orders is 1 - 2 d."""
    tau = kendalltau([a.index(x) for x in "abcdef"], [b.index(x) for x in "abcdef"]).statistic
    assert apart(a, b) == pytest.approx((1 - tau) / 2)


def by_cases(a: str, b: str) -> float:
    """Fagin, Kumar & Sivakumar (2003), section 3.1: K with p = 1/2, over the number of pairs."""
    total, count = 0.0, 0
    for i, j in itertools.combinations(sorted({*a, *b}), 2):
        count += 1
        in_a, in_b = [x for x in (i, j) if x in a], [x for x in (i, j) if x in b]
        if len(in_a) == 2 and len(in_b) == 2:
            total += (a.index(i) < a.index(j)) != (b.index(i) < b.index(j))
        elif len(in_a) == 2 and len(in_b) == 1:
            total += a.index(in_b[0]) > min(a.index(i), a.index(j))
        elif len(in_b) == 2 and len(in_a) == 1:
            total += b.index(in_a[0]) > min(b.index(i), b.index(j))
        elif len(in_a) == 1 and len(in_b) == 1:
            total += 1
        else:
            total += 0.5
    return total / count if count else 0.0


@given(parts, parts)
def test_lists_with_gaps_agree_with_the_definition(a: str, b: str) -> None:
    """The four cases of the paper, pair by pair."""
    assert apart(a, b) == pytest.approx(by_cases(a, b))
    assert apart(a, b) == apart(b, a)
    assert (apart(a, b) == 0) == (a == b or a == b[:-1] or b == a[:-1])


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ({"x": "ab", "y": "cd"}, {"x": "ab", "y": "cd"}, 0),
        ({"x": "ab", "y": "cd"}, {"x": "ba", "y": "cd"}, 2 / 4),
        ({"x": "ab", "y": "cd"}, {"x": "a", "y": "cdb"}, 1 / 4),
        ({"x": "ab", "y": "cd"}, {"x": "cd", "y": "ab"}, 1),
        ({"x": "ab"}, {"x": "a"}, 1 / 2),
        ({"x": "a"}, {"x": "b"}, 1),
        ({"x": "abc"}, {"y": "d", "x": "cab"}, (1 + 3 * 2 / 3) / 4),
    ],
)
def test_buckets(a: dict[str, str], b: dict[str, str], expected: float) -> None:
    """Items in other buckets count 1, those in the same by their order: counted by hand."""
    results = [result({name: list(items) for name, items in side.items()}) for side in (a, b)]
    assert label_configs.distance(BUCKETS, *results) == pytest.approx(expected)
    assert label_configs.distance(BUCKETS, *results[::-1]) == pytest.approx(expected)


def test_items_in_no_bucket_say_nothing() -> None:
    """Label Studio keeps them under "_"; where all are there, nothing was picked."""
    picked = label_configs.read(BUCKETS, result({"_": ["b"], "x": ["a"], "y": []}))
    assert picked == {"c": (("x", ("a",)),)}
    assert label_configs.read(BUCKETS, result({"_": ["a", "b"], "x": [], "y": []})) == {}


def test_confusions_of_buckets() -> None:
    """Each item's bucket stands against its other one; plain orders have no labels."""
    a, b = (("x", ("a", "b")),), (("x", ("a",)), ("y", ("b", "c")))
    assert label_configs.pairs(BUCKETS.controls[0], a, b) == [("x", "x"), ("x", "y"), (None, "y")]
    assert label_configs.pairs(PLAIN.controls[0], ordered("ab"), ordered("ba")) == []


DATA = {"items": [{"id": "a"}, {"id": 1}, {"title": "without id"}]}


@pytest.mark.parametrize(
    ("buckets", "message"),
    [
        (["a"], "no buckets"),
        ({"c": "a"}, "no list of item ids"),
        ({"c": [1]}, "no list of item ids"),
        ({"c": ["a", "a"]}, "the item 'a' twice"),
        ({"c": ["a"], "_": ["a"]}, "the item 'a' twice"),
        ({"d": ["a"]}, "the bucket 'd', which the label config does not know"),
        ({"c": ["a", "z"]}, "the item 'z', which the task does not have"),
    ],
)
def test_what_is_no_ranking_is_named(buckets: Any, message: str) -> None:
    """Unknown buckets and items, and items that stand twice, are malformed."""
    with pytest.raises(Malformed, match=message):
        label_configs.read(PLAIN, result(buckets), DATA)


def test_numbers_as_ids_are_texts() -> None:
    """Label Studio makes texts of ids that are numbers in the task."""
    assert label_configs.read(PLAIN, result({"c": ["1", "a"]}), DATA)["c"] == ordered("1a")


def test_buckets_without_names_are_refused() -> None:
    """Buckets that cannot be told from each other give no number."""
    with pytest.raises(Fatal, match="buckets that share a name"):
        label_configs.read(ranker('<Bucket name="x"/><Bucket name="x"/>'), [])
