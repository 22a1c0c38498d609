"""What a label config tells people to do, in words."""

from __future__ import annotations

import jsonschema
import pytest

import label_configs
from label_configs import spoken

XML = """<View>
<Header value="Judge the   answer."/><Header value="$title"/>
<Text name="t" value="$text"/>
<Choices name="c" toName="t" required="true" title="Is it right?">
  <Choice value="Yes" alias="y" hint="fully right"/><Choice value="No"/>
</Choices>
<Taxonomy name="x" toName="t"><Choice value="A"><Choice value="B"/></Choice></Taxonomy>
<Header value="Say why."/>
<TextArea name="w" toName="t" placeholder="Why?" visibleWhen="choice-selected"
  whenTagName="c" whenChoiceValue="No"/>
<Image name="i" value="https://example.com/SECRET.png"/>
</View>"""


def test_headers_labels_and_hints_are_told() -> None:
    """In the order of the config, without what the task brings and what is only drawn."""
    assert spoken.instructions(label_configs.parse(XML)).splitlines() == [
        "Judge the answer.",
        'Control "c" (Choices) about "t"; Is it right?; must be answered',
        "- y: Yes; fully right",
        "- No",
        'Control "x" (Taxonomy) about "t"',
        "- A",
        "  - B",
        "Say why.",
        'Control "w" (TextArea) about "t"; Why?; is only asked where "c" is No',
    ]


def test_only_what_must_be_answered_may_not_be_null() -> None:
    """A control that is not always shown may be left open even where it is required."""
    schema = spoken.schema(label_configs.parse(XML))
    assert schema["properties"]["c"] == {"type": "string", "enum": ["y", "No"]}
    assert schema["properties"]["w"]["anyOf"][-1] == {"type": "null"}
    assert schema["required"] == ["c", "x", "w"]


@pytest.mark.parametrize("name", label_configs.names())
def test_shipped_configs_can_be_explained(name: str) -> None:
    """Their schemas are schemas, and all labels of what can be said are told."""
    config = label_configs.parse(label_configs.load(name))
    schema = spoken.schema(config)
    jsonschema.Draft202012Validator.check_schema(schema)
    told = spoken.instructions(config)
    for control in spoken.controls(config):
        assert f'Control "{control}"' in told
        assert all(label in told for label in config.by_name[control].labels)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('min="0" max="10" step="1"', {"type": "integer", "minimum": 0, "maximum": 10}),
        ('min="-1.5" step="1"', {"type": "number", "minimum": -1.5}),
        ('max="3" step="0.5"', {"type": "number", "maximum": 3}),
        ("", {"type": "number"}),
    ],
)
def test_numbers_have_their_range(attributes: str, expected: object) -> None:
    """From min, max and step; from a min that is not whole, whole steps lead to no whole number."""
    xml = f'<View><Text name="t" value="$x"/><Number name="n" toName="t" {attributes}/></View>'
    schema = spoken.schema(label_configs.parse(xml))
    assert schema["properties"]["n"]["anyOf"][0] == expected
