"""Answers beside which others are not asked."""

from __future__ import annotations

import pytest

import label_configs
from label_configs import spoken

XML = """<View><Text name="t" value="$text"/>
<Choices name="ok" toName="t"><Choice value="yes"/><Choice value="no"/></Choices>
<View visibleWhen="choice-selected" whenTagName="ok" whenChoiceValue="no,maybe">
  <Taxonomy name="why" toName="t"><Choice value="A"><Choice value="B"/></Choice></Taxonomy>
  <TextArea name="more" toName="t" visibleWhen="choice-selected" whenTagName="why"
    whenChoiceValue="B"/>
</View>
<Rating name="stars" toName="t" visibleWhen="choice-unselected" whenTagName="ok"
  whenChoiceValue="no"/>
<Number name="n" toName="t" visibleWhen="choice-selected" whenTagName="ok"/>
<Number name="r" toName="t" visibleWhen="region-selected"/></View>"""
CONFIG = label_configs.parse(XML)
ALL = {"ok": "no", "why": [["A", "B"]], "more": "x", "stars": 2, "n": 1, "r": 1}


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, {"ok", "why", "more", "n", "r"}),
        ({"ok": "yes"}, {"ok", "stars", "n", "r"}),
        ({"ok": None}, {"stars", "r"}),
        ({"why": [["A"]]}, {"ok", "why", "n", "r"}),
        ({"why": None}, {"ok", "n", "r"}),
    ],
)
def test_what_is_not_asked_is_not_answered(changed: dict[str, object], shown: set[str]) -> None:
    """Conditions of the control and of all around it, and what follows from what they hide."""
    values = spoken.values(CONFIG, ALL | changed, {"text": "x"})
    assert spoken.visible(CONFIG, values).keys() == shown
