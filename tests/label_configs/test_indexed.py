"""Controls that are answered once for each item of a task, or in each turn of a Repeater."""

from __future__ import annotations

from typing import Any

import pytest

import label_configs
from label_configs import LabelConfig
from sync.errors import Fatal, Malformed

RATING = '<Rating name="c" toName="t" perItem="true"/>'
ITEMS = label_configs.parse(f'<View><Image name="t" valueList="$images"/>{RATING}</View>')


def turns(inside: str) -> LabelConfig:
    return label_configs.parse(
        '<View><Repeater on="$all" indexFlag="{{i}}"><Text name="t_{{i}}" value="$all[{{i}}].x"/>'
        f"{inside}</Repeater></View>"
    )


CHOICES = (
    '<Choices name="c_{{i}}" toName="t_{{i}}"><Choice value="a"/><Choice value="b"/></Choices>'
)
TURNS = turns(CHOICES)


def stars(*values: tuple[int, int], **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "from_name": "c",
            "to_name": "t",
            "type": "rating",
            "item_index": i,
            "value": {"rating": n},
        }
        | more
        for i, n in values
    ]


def labels(text: str) -> list[dict[str, Any]]:
    """A label for each turn, "-" for none."""
    return [
        {"from_name": f"c_{i}", "to_name": f"t_{i}", "type": "choices", "value": {"choices": [x]}}
        for i, x in enumerate(text)
        if x != "-"
    ]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("ab", "ab", 0),
        ("ab", "aa", 1 / 2),
        ("ab", "a", 1 / 2),
        ("ab", "-b", 1 / 2),
        ("a-", "-a", 1),
        ("abab", "bbaa", 2 / 4),
        ("", "", 0),
        ("", "a", 1),
    ],
)
def test_the_distance_is_the_mean_over_the_turns(a: str, b: str, expected: float) -> None:
    """Of the turns that either answers, one that the other does not answer counts 1."""
    assert label_configs.distance(TURNS, labels(a), labels(b)) == pytest.approx(expected)


def test_items_are_compared_one_by_one() -> None:
    """Ratings of the same image by their distance, of others not at all."""
    apart = label_configs.distance(ITEMS, stars((0, 1), (2, 3)), stars((0, 2), (2, 3)))
    assert apart == pytest.approx(0.25 / 2)
    assert label_configs.distance(ITEMS, stars((0, 3)), stars((1, 3))) == 1


def test_the_order_of_regions_does_not_matter() -> None:
    """The same answers are the same value."""
    a, b = stars((0, 1), (10, 3), (9, 2)), stars((9, 2), (0, 1), (10, 3))
    assert label_configs.read(ITEMS, a) == label_configs.read(ITEMS, b)


def test_pairs_of_all_items() -> None:
    """Labels stand against those of the same turn."""
    control = TURNS.controls[0]
    a, b = (label_configs.read(TURNS, labels(x))[control.name] for x in ("aba", "bb-"))
    assert label_configs.pairs(control, a, b) == [("a", "b"), ("b", "b"), ("a", None)]


def test_answers_in_turns_have_no_single_category() -> None:
    """A coefficient of categories has nothing to count in several answers at once."""
    assert label_configs.categories(TURNS, labels("ab")) == {}


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (stars((-1, 3)), "item_index is -1"),
        (stars((0, 3), item_index=None), "item_index is None"),
        (stars((0, 3), item_index="0"), "item_index is '0'"),
        (stars((0, 3), item_index=True), "item_index is True"),
        (stars((0, 3), (0, 4)), "answered twice"),
        (stars((0, 9)), "rating 9"),
    ],
)
def test_malformed_items_are_named(result: Any, message: str) -> None:
    """An item without a number, or answered twice, is malformed."""
    with pytest.raises(Malformed, match=message):
        label_configs.read(ITEMS, result)


@pytest.mark.parametrize(
    ("from_name", "to_name", "message"),
    [
        ("c_{{i}}", "t_{{i}}", "a region names the control"),
        ("c_", "t_", "a region names the control"),
        ("c_x", "t_x", "a region names the control"),
        ("c_01", "t_01", "a region names the control"),
        ("c_1", "t_2", "points to 't_2', not to t_1"),
        ("d_1", "t_1", "a region names the control 'd_1'"),
    ],
)
def test_names_of_no_turn_are_refused(from_name: str, to_name: str, message: str) -> None:
    """Control and object of a region are those of one turn."""
    region = labels("a")[0] | {"from_name": from_name, "to_name": to_name}
    with pytest.raises(Malformed, match=message):
        label_configs.read(TURNS, [region])


def test_repeaters_inside_repeaters() -> None:
    """A name with two numbers is answered once for each pair of them."""
    config = label_configs.parse(
        '<View><Repeater on="$a" indexFlag="{{i}}"><Repeater on="$a[{{i}}].b" indexFlag="{{j}}">'
        '<Text name="t{{i}}-{{j}}" value="$a[{{i}}].b[{{j}}].x"/>'
        '<Rating name="c{{i}}-{{j}}" toName="t{{i}}-{{j}}"/></Repeater></Repeater></View>'
    )
    result = [
        {"from_name": f"c{x}", "to_name": f"t{x}", "type": "rating", "value": {"rating": n}}
        for x, n in (("0-11", 1), ("1-0", 2))
    ]
    found = label_configs.read(config, result)
    assert found == {"c{{i}}-{{j}}": (((0, 11), 1), ((1, 0), 2))}
    assert label_configs.write(config, found) == result


def test_what_stands_beside_a_repeater_is_answered_once() -> None:
    """A control outside reads as ever."""
    config = label_configs.parse(
        TURNS.xml.replace(
            "<View>", '<View><Text name="t" value="$x"/><Rating name="r" toName="t"/>'
        )
    )
    result = [*labels("ab"), {"from_name": "r", "to_name": "t", "value": {"rating": 2}}]
    assert label_configs.read(config, result)["r"] == 2


def test_items_of_what_cannot_be_compared_are_refused() -> None:
    """Whatever keeps one answer from being compared keeps all of them."""
    config = turns('<Choices name="c_{{i}}" toName="t_{{i}}"/>')
    with pytest.raises(Fatal, match="Choices with no choices"):
        label_configs.read(config, [])
