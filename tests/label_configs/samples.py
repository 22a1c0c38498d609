"""Results of every control tag, as Label Studio's own interface stores them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A task with a result of one control tag, and others that differ from it."""

    #: The control tag, and what is special about it.
    name: str
    xml: str
    data: Json
    #: As Label Studio stores it.
    result: list[Json]
    #: Results of the same control, each with another value than `result` and than each other.
    others: list[list[Json]] = field(default_factory=list)
    #: Whether the SDK's validator knows such results.
    sdk: bool = True
    #: The control whose values differ; empty where the results are of one control only.
    judged: str = ""
    #: Whether the values are the same without the task's data.
    alone: bool = True


def of(control: str, kind: str, *values: Any, to: str = "t", **more: Any) -> list[list[Json]]:
    """One result of one region for each value."""
    region = {"from_name": control, "to_name": to, "type": kind} | more
    return [[region | {"value": value}] for value in values]


TEXT = '<Text name="t" value="$text"/>'
DATA = {"text": "It was a fine day."}


def on_text(name: str, tag: str, kind: str, *values: Json, **more: Any) -> Sample:
    """A sample of a control of the name c on a text."""
    result, *others = of("c", kind, *values)
    data = DATA | more.pop("data", {})
    xml = f"<View>{TEXT}{tag}</View>"
    return Sample(name=name, xml=xml, data=data, result=result, others=others, **more)


ABC = '<Choice value="a"/><Choice value="b"/><Choice value="c &amp; d" alias="cd"/>'
TREE = (
    '<Choice value="Online"><Choice value="Free"/><Choice value="Paywall" alias="paid">'
    '<Choice value="News"/><Choice value="Films"/></Choice></Choice><Choice value="Offline"/>'
)
ITEMS = [{"id": x, "title": x.upper()} for x in ("blog", "mdn", "wiki", "docs")]
LIST = '<List name="t" value="$items" title="Results"/>'


def ranked(name: str, inside: str, *values: Any) -> Sample:
    """A sample of Ranker."""
    result, *others = of("c", "ranker", *({"ranker": value} for value in values))
    xml = f'<View>{LIST}<Ranker name="c" toName="t">{inside}</Ranker></View>'
    return Sample(name=name, xml=xml, data={"items": ITEMS}, result=result, others=others)


#: A question, and one with several answers that follows from it.
TWO_QUESTIONS = """
<View><Text name="text" value="$text"/>
  <Choices name="decision" toName="text" choice="single" showInline="true" required="true">
    <Choice value="allowed"/><Choice value="not allowed"/><Choice value="needs an expert"/>
  </Choices>
  <Choices name="rules" toName="text" choice="multiple" visibleWhen="choice-selected"
           whenTagName="decision" whenChoiceValue="not allowed">
    <Choice value="violence"/><Choice value="hate or harassment"/><Choice value="personal data"/>
    <Choice value="sexual content"/><Choice value="other"/>
  </Choices>
</View>"""

PLAIN = [
    on_text(
        "Choices",
        f'<Choices name="c" toName="t">{ABC}</Choices>',
        "choices",
        {"choices": ["b"]},
        {"choices": ["a"]},
        {"choices": ["cd"]},
    ),
    on_text(
        "Choices, multiple",
        f'<Choices name="c" toName="t" choice="multiple">{ABC}</Choices>',
        "choices",
        {"choices": ["a", "cd"]},
        {"choices": ["a"]},
        {"choices": ["b"]},
    ),
    on_text(
        "Choices, nested",
        f'<Choices name="c" toName="t" choice="multiple" allowNested="true">{TREE}</Choices>',
        "choices",
        {"choices": [["Online", "Free"], ["Offline"]]},
        {"choices": [["Online", "paid", "News"]]},
        {"choices": [["Online", "paid", "News"], ["Online", "paid", "Films"], ["Online", "paid"]]},
        sdk=False,
    ),
    on_text(
        "Choices, from the task",
        '<Choices name="c" toName="t" value="$options"/>',
        "choices",
        {"choices": ["yes"]},
        {"choices": ["n"]},
        data={"options": [{"value": "yes"}, {"value": "no", "alias": "n"}]},
    ),
    on_text(
        "Taxonomy",
        f'<Taxonomy name="c" toName="t">{TREE}</Taxonomy>',
        "taxonomy",
        {"taxonomy": [["Online", "paid", "News"], ["Offline"]]},
        {"taxonomy": [["Online"]]},
        {"taxonomy": [["Online", "Free"]]},
    ),
    on_text(
        "Taxonomy, from a server",
        '<Taxonomy name="c" toName="t" apiUrl="http://localhost/taxonomy.json"/>',
        "taxonomy",
        {"taxonomy": [["animal", "cat"]]},
        {"taxonomy": [["animal", "dog"], ["animal", "fish"]]},
    ),
    on_text(
        "Rating",
        '<Rating name="c" toName="t" maxRating="7"/>',
        "rating",
        {"rating": 4},
        {"rating": 1},
        {"rating": 7},
    ),
    on_text(
        "Number",
        '<Number name="c" toName="t" min="-10" max="10" step="0.5"/>',
        "number",
        {"number": 2.5},
        {"number": 0},
        {"number": -10},
    ),
    on_text(
        "Number, without a range",
        '<Number name="c" toName="t"/>',
        "number",
        {"number": 1e9},
        {"number": -0.1},
        {"number": 0},
    ),
    on_text(
        "DateTime",
        '<DateTime name="c" toName="t"/>',
        "datetime",
        {"datetime": "2024-02-29T23:59"},
        {"datetime": "1999-01-01T00:00"},
    ),
    on_text(
        "DateTime, only date",
        '<DateTime name="c" toName="t" only="date" min="2000-01-01" max="2030-12-31"/>',
        "datetime",
        {"datetime": "2024-02-29"},
        {"datetime": "2000-01-01"},
        {"datetime": "2030-12-31"},
    ),
    on_text(
        "DateTime, only time",
        '<DateTime name="c" toName="t" only="time"/>',
        "datetime",
        {"datetime": "00:00"},
        {"datetime": "23:59"},
    ),
    on_text(
        "DateTime, in another format",
        '<DateTime name="c" toName="t" only="date" format="%d.%m.%y"/>',
        "datetime",
        {"datetime": "29.02.24"},
        {"datetime": "01.03.24"},
    ),
    on_text(
        "TextArea",
        '<TextArea name="c" toName="t" rows="3"/>',
        "textarea",
        {"text": ["Hello, world!"]},
        {"text": ["hello", "there 你好"]},
        {"text": ["Something else\nover two lines"]},
    ),
]

_PAIR = (
    '<View><Pairwise name="c" toName="l,r"/><Text name="l" value="$left"/>'
    '<Text name="r" value="$right"/></View>'
)
_LEFT, _RIGHT = of("c", "pairwise", {"selected": "left"}, {"selected": "right"}, to="c")
PAIRED = [
    Sample(
        name="Pairwise",
        xml=_PAIR,
        data={"left": "one", "right": "another"},
        result=_LEFT,
        others=[_RIGHT],
    ),
    ranked(
        "Ranker",
        "",
        {"c": ["mdn", "wiki", "blog", "docs"]},
        {"c": ["docs", "blog", "wiki", "mdn"]},
        {"c": ["wiki", "mdn"]},
    ),
    ranked(
        "Ranker, with buckets",
        '<Bucket name="best" title="Best"/><Bucket name="ads" title="Ads"/>',
        {"_": ["wiki"], "best": ["mdn", "docs"], "ads": ["blog"]},
        {"best": ["docs", "mdn"], "ads": ["blog"]},
        {"best": [], "ads": ["mdn", "docs", "blog", "wiki"]},
    ),
]

_IMAGES = (
    '<View><Image name="t" valueList="$images"/><Choices name="c" toName="t" perItem="true">'
    f"{ABC}</Choices></View>"
)
_REPEATED = (
    '<View><Repeater on="$turns" indexFlag="{{i}}"><Text name="t_{{i}}" value="$turns[{{i}}].x"/>'
    '<Rating name="c_{{i}}" toName="t_{{i}}"/></Repeater></View>'
)


def _item(index: int, label: str) -> Json:
    return of("c", "choices", {"choices": [label]}, item_index=index)[0][0]


def _turn(index: int, stars: int) -> Json:
    return of(f"c_{index}", "rating", {"rating": stars}, to=f"t_{index}")[0][0]


INDEXED = [
    Sample(
        name="Choices, per item",
        xml=_IMAGES,
        data={"images": ["http://localhost/1.png", "http://localhost/2.png"]},
        result=[_item(0, "a"), _item(1, "cd")],
        others=[[_item(0, "a"), _item(1, "b")], [_item(1, "cd")]],
    ),
    Sample(
        name="Rating, in a Repeater",
        xml=_REPEATED,
        data={"turns": [{"x": "Hello"}, {"x": "Good bye"}]},
        result=[_turn(0, 5), _turn(1, 3)],
        others=[[_turn(0, 5), _turn(1, 4)], [_turn(10, 1)]],
        sdk=False,
    ),
]

_MARKED = (
    '<View><Repeater on="$turns" indexFlag="{{i}}"><Text name="t_{{i}}" value="$turns[{{i}}].x"/>'
    '<Labels name="c_{{i}}" toName="t_{{i}}"><Label value="A"/><Label value="B"/></Labels>'
    '<Choices name="d_{{i}}" toName="t_{{i}}" perRegion="true"><Choice value="good"/>'
    '<Choice value="bad"/></Choices></Repeater></View>'
)


def _marked(index: int, start: int, label: str, said: str) -> list[Json]:
    """A labelled span of a turn, and what was said of it."""
    place = {"start": start, "end": start + 3}
    target, identity = f"t_{index}", f"r{index}"
    drawn = of(f"c_{index}", "labels", place | {"labels": [label]}, to=target, id=identity)
    judged = of(f"d_{index}", "choices", place | {"choices": [said]}, to=target, id=identity)
    return [*drawn[0], *judged[0]]


REPEATED_REGIONS = Sample(
    name="Labels, with Choices per region, in a Repeater",
    xml=_MARKED,
    data={"turns": [{"x": "Hello you"}, {"x": "Good bye"}]},
    result=[*_marked(0, 6, "A", "good"), *_marked(1, 0, "B", "bad")],
    others=[_marked(0, 6, "A", "good"), _marked(0, 6, "B", "good")],
    sdk=False,
    judged="c_{{i}}",
)

SAMPLES: list[Sample] = [*PLAIN, *PAIRED, *INDEXED, REPEATED_REGIONS]
