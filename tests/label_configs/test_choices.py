"""Choices are read, written and compared; what is more than a set of labels is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jaccard

import label_configs
from sync.errors import Fatal, Skippable
from tests.label_configs.samples import TWO_QUESTIONS

SAFETY = label_configs.parse(TWO_QUESTIONS)
RULES = SAFETY.by_name["rules"].labels
DECISIONS = SAFETY.by_name["decision"].labels

rules = st.frozensets(st.sampled_from(RULES), min_size=1)
values = st.fixed_dictionaries(
    {},
    optional={
        "decision": st.sampled_from(DECISIONS).map(lambda label: frozenset({label})),
        "rules": rules,
    },
)
Values = dict[str, frozenset[str]]


def apart(a: Values, b: Values) -> float:
    return label_configs.distance(
        SAFETY, label_configs.write(SAFETY, a), label_configs.write(SAFETY, b)
    )


def one_control(
    attributes: str = "", inside: str = '<Choice value="a"/><Choice value="b"/>'
) -> Any:
    return label_configs.parse(
        f'<View><Text name="t" value="$t"/><Choices name="c" toName="t" {attributes}>'
        f"{inside}</Choices></View>"
    )


@given(values)
def test_what_is_written_is_read(value: Values) -> None:
    """read(write(v)) is v."""
    assert label_configs.read(SAFETY, label_configs.write(SAFETY, value, score=0.5)) == value


@given(values)
def test_what_is_written_is_valid_in_label_studio(value: Values) -> None:
    """The SDK's own validator finds no fault with a written result."""
    from label_studio_sdk.label_interface import LabelInterface

    result = label_configs.write(SAFETY, value, score=0.5)
    prediction = {"result": result, "score": 0.5}
    assert LabelInterface(SAFETY.xml).validate_prediction(prediction, return_errors=True) == []


def test_a_score_stands_on_every_region() -> None:
    """The score given to write is each region's; without one there is none."""
    value = {"decision": frozenset({"allowed"}), "rules": frozenset({"violence"})}
    assert [r["score"] for r in label_configs.write(SAFETY, value, score=0.25)] == [0.25, 0.25]
    assert all("score" not in region for region in label_configs.write(SAFETY, value))


@given(values, values, values)
def test_distance_is_a_metric(a: Values, b: Values, c: Values) -> None:
    """Symmetric, in [0, 1], 0 exactly for equal values, and no detour is shorter."""
    assert apart(a, b) == apart(b, a)
    assert 0 <= apart(a, b) <= 1
    assert (apart(a, b) == 0) == (a == b)
    assert apart(a, c) <= apart(a, b) + apart(b, c) + 1e-12


@given(rules, rules)
def test_multiple_choices_are_compared_by_jaccard(a: frozenset[str], b: frozenset[str]) -> None:
    """SciPy's Jaccard distance of the indicator vectors; one of two controls, so half of it."""
    expected = jaccard([rule in a for rule in RULES], [rule in b for rule in RULES]) / 2
    assert apart({"rules": a}, {"rules": b}) == pytest.approx(expected)


def test_the_textbook_example_of_jaccard() -> None:
    """Three of eight in common is 3/8 alike (Leskovec, Rajaraman & Ullman, example 3.1)."""
    config = one_control('choice="multiple"', "".join(f'<Choice value="{x}"/>' for x in "abcdefgh"))
    left = label_configs.write(config, {"c": frozenset("abcde")})
    right = label_configs.write(config, {"c": frozenset("cdefgh")})
    assert label_configs.distance(config, left, right) == 5 / 8


@given(st.sampled_from(DECISIONS), st.sampled_from(DECISIONS))
def test_single_choices_are_the_same_or_not(a: str, b: str) -> None:
    """One of two controls differs entirely or not at all."""
    expected = 0.0 if a == b else 0.5
    assert apart({"decision": frozenset({a})}, {"decision": frozenset({b})}) == expected


def test_nothing_chosen_is_no_answer() -> None:
    """A generator's empty list and a person's missing region mean the same."""
    empty = [{"from_name": "rules", "to_name": "text", "type": "choices", "value": {"choices": []}}]
    assert label_configs.read(SAFETY, empty) == {}
    assert label_configs.categories(SAFETY, empty) == {}
    assert label_configs.distance(SAFETY, empty, []) == 0
    assert label_configs.write(SAFETY, {"rules": frozenset()}) == []


def test_one_that_is_lacking_is_as_far_as_can_be() -> None:
    """A control that only one result answers counts 1."""
    assert apart({"decision": frozenset({"allowed"})}, {}) == 0.5


def test_a_label_is_its_own_category() -> None:
    """A single choice is the label itself, whatever it looks like."""
    assert label_configs.categories(
        SAFETY, label_configs.write(SAFETY, {"decision": frozenset({"not allowed"})})
    ) == {"decision": "not allowed"}


def test_different_choices_are_different_categories() -> None:
    """Labels that hold a separator are not confused with several labels, in any order."""
    config = one_control(
        'choice="multiple"', "".join(f'<Choice value="{x}"/>' for x in ("a", "b", "a + b", "a, b"))
    )
    sets = [{"a"}, {"b"}, {"a", "b"}, {"a + b"}, {"a, b"}, {"a", "a + b"}, {"a", "a, b"}]
    results = [label_configs.write(config, {"c": frozenset(chosen)}) for chosen in sets]
    assert len({label_configs.categories(config, result)["c"] for result in results}) == len(sets)


def test_the_order_of_choosing_does_not_matter() -> None:
    """The same labels in another order are the same category."""
    both = [
        [
            {
                "from_name": "rules",
                "to_name": "text",
                "type": "choices",
                "value": {"choices": list(x)},
            }
        ]
        for x in (("violence", "other"), ("other", "violence"))
    ]
    assert label_configs.categories(SAFETY, both[0]) == label_configs.categories(SAFETY, both[1])


def region(**changes: Any) -> list[dict[str, Any]]:
    plain = {"from_name": "decision", "to_name": "text", "value": {"choices": ["allowed"]}}
    return [plain | changes]


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "a list of regions, not NoneType"),
        ({}, "a list of regions, not dict"),
        ([None], "control None"),
        (region(value={"choices": ["maybe"]}), "'maybe', which the label config does not know"),
        (region(value={"choices": "allowed allowed"}), "does not know"),
        (region(value={"choices": [1]}), "holds 1 in its list of choices"),
        (region(value={"choices": [["allowed", "x"]]}), "a nested choice"),
        (region(value={"choices": [None]}), "holds None"),
        (region(value={"choices": math.nan}), "no list of choices"),
        (region(value={"rating": 3}), "no list of choices"),
        (region(value=None), "no list of choices"),
        (region(value={"choices": ["allowed", "not allowed"]}), "2 choices and allows one"),
        (region(type="rectanglelabels"), "type 'rectanglelabels', not choices"),
        (region(from_name="other"), "control 'other'"),
        (region(from_name=["decision"]), r"control \['decision'\]"),
        (region(to_name="image"), "points to 'image'"),
        (region(to_name=None), "points to None"),
        (region() * 2, "answered twice"),
    ],
)
def test_what_cannot_be_read_is_named(result: Any, message: str) -> None:
    """Each malformed result says what is wrong with it, in either place of a comparison."""
    with pytest.raises(Skippable, match=message):
        label_configs.read(SAFETY, result)
    with pytest.raises(Skippable, match=message):
        label_configs.distance(SAFETY, [], result)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(RULES) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["from_name", "to_name", "type", "value", "choices"]), inner
        )
    ),
    max_leaves=12,
)


@given(json | st.lists(json.map(lambda value: region(value={"choices": value})[0]), max_size=2))
def test_any_json_is_read_or_set_aside(result: Any) -> None:
    """Whatever a server or a generator sends is a value or a Skippable, never another error."""
    try:
        found = label_configs.read(SAFETY, result)
    except Skippable:
        return
    assert all(chosen <= SAFETY.by_name[name].allowed for name, chosen in found.items())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"decision": frozenset({"maybe"})}, "'maybe', which the label config does not know"),
        ({"decision": frozenset({"allowed", "not allowed"})}, "2 choices and allows one"),
        ({"verdict": frozenset({"allowed"})}, "control 'verdict'.*has decision, rules"),
    ],
)
def test_what_cannot_be_written_is_refused(value: Values, message: str) -> None:
    """A value that the config cannot hold is not written as an empty one."""
    with pytest.raises(Skippable, match=message):
        label_configs.write(SAFETY, value)


@pytest.mark.parametrize("tag", ["TagOfTheFuture", "ReactCode", "Chat"])
def test_other_tags_fail_instead_of_giving_a_number(tag: str) -> None:
    """One control that cannot be compared makes the whole comparison Fatal, even when empty."""
    config = label_configs.parse(
        '<View><Text name="t" value="$t"/><Choices name="c" toName="t"><Choice value="a"/>'
        f'</Choices><{tag} name="k" toName="t"/></View>'
    )
    for attempt in (
        lambda: label_configs.read(config, []),
        lambda: label_configs.categories(config, []),
        lambda: label_configs.distance(config, [], []),
        lambda: label_configs.write(config, {"k": frozenset({"a"})}),
    ):
        with pytest.raises(Fatal, match=rf"{tag} \(control 'k'\) cannot be compared"):
            attempt()


def test_choices_without_a_choice_fail() -> None:
    """Without labels in the config or the task there is nothing to choose."""
    with pytest.raises(Fatal, match=r"Choices with no choices \(control 'c'\) cannot be compared"):
        label_configs.read(one_control("", ""), [])


def test_an_alias_is_what_is_stored() -> None:
    """Label Studio stores the alias of a choice, so that is the label and the value is not."""
    config = one_control("", '<Choice value="Yes, it is" alias="yes"/><Choice value="no"/>')
    assert config.controls[0].labels == ("yes", "no")
    stored = label_configs.write(config, {"c": frozenset({"yes"})})
    assert stored[0]["value"] == {"choices": ["yes"]}
    with pytest.raises(Skippable, match="'Yes, it is', which the label config does not know"):
        label_configs.write(config, {"c": frozenset({"Yes, it is"})})


def test_choices_of_the_task_are_known_by_the_task() -> None:
    """With the task's data its labels are checked, by alias; without it any label may be one."""
    config = one_control('value="$a.options"', '<Choice value="fixed"/>')
    data = {"a": {"options": [{"value": "x"}, {"value": "y", "alias": "z"}, "no choice"]}}
    for label in ("fixed", "x", "z"):
        stored = label_configs.write(config, {"c": frozenset({label})})
        assert label_configs.read(config, stored, data) == {"c": frozenset({label})}
    unknown = label_configs.write(config, {"c": frozenset({"y"})})
    assert label_configs.read(config, unknown) == {"c": frozenset({"y"})}
    with pytest.raises(Skippable, match="'y', which the label config or the task does not know"):
        label_configs.read(config, unknown, data)


@pytest.mark.parametrize("attributes", ['CHOICE="single"', 'choice="single-radio"', ""])
def test_attributes_are_read_as_label_studio_reads_them(attributes: str) -> None:
    """Names in any case; without a word on it, one choice is allowed."""
    config = one_control(attributes)
    with pytest.raises(Skippable, match="2 choices and allows one"):
        label_configs.write(config, {"c": frozenset({"a", "b"})})


def test_long_labels_make_short_problems() -> None:
    """What an error quotes is cut, so that no answer can fill a log."""
    with pytest.raises(Skippable) as caught:
        label_configs.read(SAFETY, region(value={"choices": ["x" * 1_000_000]}))
    assert len(str(caught.value)) < 600
