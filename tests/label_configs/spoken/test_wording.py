"""What a label config tells people to do, in words."""

from __future__ import annotations

import label_configs
from label_configs import spoken

XML = """<View>
<Header value="Judge the   answer."/><Header value="$title"/>
<Text name="t" value="$text"/>
<Choices name="c" toName="t" required="true" title="Is it right?">
  <Choice value="Yes" alias="y" hint="fully right"/><Choice value="No"/>
</Choices>
<Taxonomy name="x" toName="t"><Choice value="A"><Choice value="B"/></Choice></Taxonomy>
<TextArea name="w" toName="t" placeholder="Why?" visibleWhen="choice-selected"
  whenTagName="c" whenChoiceValue="No"/>
<Image name="i" value="https://example.com/SECRET.png"/>
</View>"""


def test_headers_labels_and_hints_are_told() -> None:
    """In the order of the config, without what the task brings and what is only drawn."""
    assert spoken.instructions(label_configs.parse(XML)).splitlines() == [
        "Judge the answer.",
        'Control "c" (Choices); Is it right?; must be answered',
        "- y: Yes; fully right",
        "- No",
        'Control "x" (Taxonomy)',
        "- A",
        "  - B",
        'Control "w" (TextArea); Why?; is only asked on choice-selected at "c": No',
    ]


def test_only_what_must_be_answered_may_not_be_null() -> None:
    """A control that is not always shown may be left open even where it is required."""
    schema = spoken.schema(label_configs.parse(XML))
    assert schema["properties"]["c"] == {"type": "string", "enum": ["y", "No"]}
    assert schema["properties"]["w"]["anyOf"][-1] == {"type": "null"}
    assert schema["required"] == ["c", "x", "w"]
