"""Results of controls that speak of regions: answers once a region, and relations."""

from __future__ import annotations

from typing import Any

from tests.label_configs.samples import Json, Sample
from tests.label_configs.samples_spans import LABELS, TEXT, region

_TEXT = f'<Text name="t" value="$text"/><Labels name="l" toName="t">{LABELS}</Labels>'
_IMAGE = (
    '<Image name="i" value="$image"/><RectangleLabels name="l" toName="i"><Label value="Car"/>'
    "</RectangleLabels>"
)
ANNA, BERLIN, OSLO = ((0, 4), (15, 21), (31, 35))


def said(kind: str, place: tuple[int, int], identity: str, **value: Any) -> Json:
    """An answer about a stretch of the text."""
    return region("c", "t", kind, identity, start=place[0], end=place[1], **value)


def boxed(kind: str, x: float, identity: str, **value: Any) -> Json:
    """An answer about a box on the image."""
    place = {"x": x, "y": 10, "width": 20, "height": 30, "rotation": 0}
    size = {"original_width": 640, "original_height": 480}
    return region("c", "i", kind, identity, **place, **value) | size


def on_text(name: str, tag: str, result: list[Json], *others: list[Json]) -> Sample:
    """A sample of a control on the spans of a text."""
    xml = f"<View>{_TEXT}{tag}</View>"
    return Sample(
        name=name, xml=xml, data={"text": TEXT}, result=result, others=list(others), sdk=False
    )


PER_REGION = [
    on_text(
        "Choices, per region",
        '<Choices name="c" toName="t" perRegion="true"><Choice value="sure"/>'
        '<Choice value="unsure"/></Choices>',
        [
            said("choices", ANNA, "a", text="Anna", choices=["sure"]),
            said("choices", BERLIN, "b", text="Berlin", choices=["unsure"]),
        ],
        [
            said("choices", ANNA, "a", text="Anna", choices=["sure"]),
            said("choices", BERLIN, "b", text="Berlin", choices=["sure"]),
        ],
        [said("choices", OSLO, "b", choices=["unsure"])],
    ),
    on_text(
        "TextArea, per region",
        '<TextArea name="c" toName="t" perRegion="true"/>',
        [said("textarea", ANNA, "a", text=["a person"])],
        [said("textarea", BERLIN, "a", text=["a person"])],
    ),
    on_text(
        "Rating, per region",
        '<Rating name="c" toName="t" perRegion="true"/>',
        [said("rating", ANNA, "a", rating=3)],
        [said("rating", ANNA, "a", rating=5)],
    ),
    on_text(
        "Taxonomy, per region",
        '<Taxonomy name="c" toName="t" perRegion="true"><Choice value="A"><Choice value="B"/>'
        "</Choice></Taxonomy>",
        [said("taxonomy", ANNA, "a", taxonomy=[["A", "B"]])],
        [said("taxonomy", ANNA, "a", taxonomy=[["A"]])],
    ),
    Sample(
        name="Number, per region of an image",
        xml=f'<View>{_IMAGE}<Number name="c" toName="i" perRegion="true"/></View>',
        data={"image": "http://localhost/1.png"},
        result=[boxed("number", 10, "a", number=3), boxed("number", 60, "b", number=1)],
        others=[[boxed("number", 10, "a", number=4)]],
        sdk=False,
    ),
]


def linked(*relations: tuple[str, str, str, list[str] | None]) -> list[Json]:
    """Three spans with these relations between them: from, to, direction and labels."""
    spans = [
        region("l", "t", "labels", name, start=place[0], end=place[1], labels=["PER"])
        for name, place in (("a", ANNA), ("b", BERLIN), ("c", OSLO))
    ]
    links = [
        {"type": "relation", "from_id": start, "to_id": end, "direction": direction}
        | ({} if labels is None else {"labels": labels})
        for start, end, direction, labels in relations
    ]
    return [*spans, *links]


RELATIONS = [
    Sample(
        name="Relations",
        xml=f'<View>{_TEXT}<Relations><Relation value="went to"/><Relation value="near"/>'
        "</Relations></View>",
        data={"text": TEXT},
        result=linked(("a", "b", "right", ["went to"]), ("b", "c", "bi", None)),
        others=[linked(("b", "a", "right", ["went to"])), linked(("a", "b", "bi", ["near"]))],
        judged="relations",
    )
]
