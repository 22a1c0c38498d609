"""The shipped label configs, and putting one's own labels into them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from sync.errors import ConfigurationError

PLAIN = label_configs.load("text_classification")
TEXT = '<Text name="t" value="$t"/>'


def labels_of(xml: str, control: str = "label") -> tuple[str, ...]:
    return label_configs.parse(xml).by_name[control].labels


def test_an_unknown_name_lists_the_others() -> None:
    """A wrong name is answered with those that there are, and reads no other file."""
    for name in ("nre", "../pyproject", "kinds", ""):
        with pytest.raises(ConfigurationError, match=r"there are .*, ner"):
            label_configs.load(name)


def test_the_ten_digits_are_choices() -> None:
    """Images are labelled with the digits, in their order."""
    assert labels_of(label_configs.load("image_classification")) == tuple("0123456789")


printable = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1
).filter(str.strip)


@given(st.lists(printable, unique=True, min_size=1))
def test_any_labels_can_be_put_in(labels: list[str]) -> None:
    """Whatever a label holds is escaped, and comes out as it went in, in its order."""
    assert labels_of(label_configs.with_labels(PLAIN, "label", labels)) == tuple(labels)


@pytest.mark.parametrize(
    "label",
    ['<!DOCTYPE x [<!ENTITY a "b">]>', '"/><Choice value="x', "</Choices>", "a\tb\nc", r"\1"],
)
def test_labels_cannot_break_out(label: str) -> None:
    """Markup in a label stays text."""
    assert labels_of(label_configs.with_labels(PLAIN, "label", [label, "b"])) == (label, "b")


@pytest.mark.parametrize(
    "choices",
    [
        '<Choices name="label" toName="t"/>',
        '<Choices toName="t" name="label" />',
        "<Choices name='label' toName='t'><Choice value='z'/></Choices>",
        '<Choices whenTagName="a>b/c" name="label" toName="t"><Choice value="z"/></Choices>',
        '<Choices\n  name="label"\n  toName="t"\n></Choices>',
    ],
)
def test_only_the_named_control_is_filled(choices: str) -> None:
    """However its tag is written, the control gets the labels and its neighbour keeps its own."""
    other = '<Choices name="other" toName="t"><Choice value="o"/></Choices>'
    for inside in (f"{choices}{other}", f"{other}{choices}"):
        xml = label_configs.with_labels(f"<View>{TEXT}{inside}</View>", "label", ["n", "m"])
        assert labels_of(xml) == ("n", "m")
        assert labels_of(xml, "other") == ("o",)


@pytest.mark.parametrize(
    ("control", "labels", "message"),
    [
        ("label", [], "no label is given"),
        ("label", ["a", "b", "a"], "'a' is given twice"),
        ("label", ["a", " "], "' ' is blank"),
        ("label", ["a\x00"], r"'a\\x00' is blank or has a character that XML cannot"),
        ("label", ["\ud800"], "a character that XML cannot hold"),
        ("labl", ["a"], "0 Choices named 'labl'"),
        ("text", ["a"], "0 Choices named 'text'"),
        ("lab.l", ["a"], "0 Choices named 'lab.l'"),
    ],
)
def test_labels_that_cannot_be_choices_are_refused(
    control: str, labels: list[str], message: str
) -> None:
    """Each refusal names the label or the control."""
    with pytest.raises(ConfigurationError, match=message):
        label_configs.with_labels(PLAIN, control, labels)


def test_a_control_is_found_by_its_name_and_not_by_its_spelling() -> None:
    """A name with an ampersand stands escaped in the XML."""
    choices = '<Choices name="a&amp;b" toName="t"><Choice value="z"/></Choices>'
    xml = label_configs.with_labels(f"<View>{TEXT}{choices}</View>", "a&b", ["n"])
    assert labels_of(xml, "a&b") == ("n",)
