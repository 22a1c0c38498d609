"""Choices are read, written and compared; nothing else is, yet."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from sync.errors import ConfigurationError, Fatal, Skippable

SAFETY = label_configs.parse(label_configs.load("safety_policy"))
RULES = SAFETY.by_name["rules"].labels
DECISIONS = SAFETY.by_name["decision"].labels

values = st.fixed_dictionaries(
    {},
    optional={
        "decision": st.sampled_from(DECISIONS).map(lambda label: frozenset({label})),
        "rules": st.frozensets(st.sampled_from(RULES)),
    },
)


@given(values)
def test_what_is_written_is_read(value: dict[str, frozenset[str]]) -> None:
    """read(write(v)) is v."""
    assert label_configs.read(SAFETY, label_configs.write(SAFETY, value, score=0.5)) == value


@given(values, values)
def test_distance_is_a_distance(a: dict[str, Any], b: dict[str, Any]) -> None:
    """It is symmetric, within [0, 1], and 0 exactly for equal values."""
    left, right = label_configs.write(SAFETY, a), label_configs.write(SAFETY, b)
    apart = label_configs.distance(SAFETY, left, right)
    assert apart == label_configs.distance(SAFETY, right, left)
    assert 0 <= apart <= 1
    assert (apart == 0) == (a == b)


@given(st.frozensets(st.sampled_from(RULES), min_size=1), st.frozensets(st.sampled_from(RULES)))
def test_multiple_choices_are_compared_by_jaccard(a: frozenset[str], b: frozenset[str]) -> None:
    """One control of two differs, so the distance is half the Jaccard distance."""
    left = label_configs.write(SAFETY, {"rules": a})
    right = label_configs.write(SAFETY, {"rules": b})
    expected = (1 - len(a & b) / len(a | b)) / 2
    assert label_configs.distance(SAFETY, left, right) == pytest.approx(expected)


def region(**changes: Any) -> list[dict[str, Any]]:
    plain = {"from_name": "decision", "to_name": "text", "value": {"choices": ["allowed"]}}
    return [plain | changes]


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (region(value={"choices": ["maybe"]}), "'maybe', which the label config does not know"),
        (region(value={"choices": "allowed allowed"}), "does not know"),
        (region(value={"choices": [1]}), "no list of choices"),
        (region(value=None), "no list of choices"),
        (region(value={"choices": ["allowed", "not allowed"]}), "2 choices and allows one"),
        (region(from_name="other"), "control 'other'"),
        (region(to_name="image"), "points to 'image'"),
        (region() * 2, "answered twice"),
    ],
)
def test_what_cannot_be_read_is_named(result: list[dict[str, Any]], message: str) -> None:
    """Each malformed result says what is wrong with it."""
    with pytest.raises(Skippable, match=message):
        label_configs.read(SAFETY, result)


def test_other_tags_fail_instead_of_giving_a_number() -> None:
    """Spans cannot be compared yet, and it is said so."""
    ner = label_configs.parse(label_configs.load("ner"))
    with pytest.raises(Fatal, match=r"Labels .* cannot be compared yet"):
        label_configs.distance(ner, [], [])


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><View/>", "DOCTYPE or an entity"),
        ("<View>", "cannot be read"),
        ("<View/>", "no control tag"),
        (" " * 1_000_001, "at most 1000000"),
        (
            '<View><Text name="t" value="$t"/><Choices name="c" toName="z"><Choice value="a"/>'
            "</Choices></View>",
            "points to 'z'",
        ),
    ],
)
def test_hostile_or_broken_configs_are_refused(xml: str, message: str) -> None:
    """Each refusal is one sentence that names the reason."""
    with pytest.raises(ConfigurationError, match=message):
        label_configs.parse(xml)


def test_an_alias_is_what_is_stored() -> None:
    """Label Studio stores the alias of a choice, so that is the label."""
    config = label_configs.parse(
        '<View><Text name="t" value="$t"/><Choices name="c" toName="t">'
        '<Choice value="Yes, it is" alias="yes"/><Choice value="no"/></Choices></View>'
    )
    assert config.controls[0].labels == ("yes", "no")


@given(
    st.lists(
        st.text(st.characters(categories=["L", "P", "N"]), min_size=1), unique=True, min_size=1
    )
)
def test_any_labels_can_be_put_in(labels: list[str]) -> None:
    """with_labels escapes whatever a label holds."""
    xml = label_configs.with_labels(label_configs.load("text_classification"), "label", labels)
    assert set(label_configs.parse(xml).controls[0].labels) == set(labels)
