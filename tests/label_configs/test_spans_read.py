"""Regions on text, HTML, dialogues, sound, time series and video are read, checked and written."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from label_configs.kinds.span import Span
from sync.errors import Malformed, Skippable
from tests.label_configs.samples import Sample
from tests.label_configs.samples_spans import SPANS, TEXT, region

BY_NAME = {sample.name: sample for sample in SPANS}
EXPECTED = {
    "text": [(0, 4), (15, 21)],
    "several labels a region": [(15, 21)],
    "hypertext": [(12, 18)],
    # The fox is one code point, and two units of JavaScript.
    "paragraphs": [(8, 17)],
    "time series of dates": [(1577836800.0, 1577836802.5)],
    "time series of numbers with an instant": [(1.5, 3), (3, 3)],
    "audio": [(0.25, 1.75)],
    "timeline of a video": [(3, 6)],
}


def read(sample: Sample, result: Any = None, data: Any = "its own") -> Any:
    config = label_configs.parse(sample.xml)
    result = sample.result if result is None else result
    data = sample.data if data == "its own" else data
    return label_configs.read(config, result, data, task=7, annotation=8).get("l")


def changed(sample: Sample, **value: Any) -> list[dict[str, Any]]:
    """The sample's first region with something else in its value."""
    first = sample.result[0]
    kept = {k: v for k, v in (first["value"] | value).items() if v != "gone"}
    return [first | {"value": kept}]


@pytest.mark.parametrize("sample", SPANS, ids=lambda sample: sample.name)
def test_spans_are_where_they_were_drawn(sample: Sample) -> None:
    """Start and end in code points, seconds, the series' numbers, or frames."""
    assert [(span.start, span.end) for span in read(sample)] == EXPECTED[sample.name]


@pytest.mark.parametrize("sample", SPANS, ids=lambda sample: sample.name)
def test_what_is_written_is_read(sample: Sample) -> None:
    """read(write(v)) is v, with ids and with what the sample's regions say of their place."""
    config, value = label_configs.parse(sample.xml), read(sample)
    written = label_configs.write(config, {"l": value}, score=0.5)
    assert read(sample, written) == value
    for ours, theirs in zip(written, sample.result, strict=True):
        said = {key: v for key, v in theirs["value"].items() if key != "text"}
        said |= {key: sorted(v) for key, v in said.items() if key.endswith("labels")}
        assert ours["value"] == said


@pytest.mark.parametrize("sample", SPANS, ids=lambda sample: sample.name)
def test_what_is_written_is_valid_in_label_studio(sample: Sample) -> None:
    """The SDK's own validator finds no fault with a written result."""
    from label_studio_sdk.label_interface import LabelInterface

    config = label_configs.parse(sample.xml)
    result = label_configs.write(config, {"l": read(sample)}, score=0.5)
    prediction = {"result": result, "score": 0.5}
    assert LabelInterface(config.xml).validate_prediction(prediction, return_errors=True) == []


@given(st.integers(0, 6), st.integers(0, 6))
def test_stray_space_is_forgiven(before: int, after: int) -> None:
    """However much space a region takes in on either side, it is the same span."""
    text = " " * 6 + "to  Berlin" + "\n" * 6
    sample = BY_NAME["text"]
    drawn = changed(sample, start=6 - before, end=16 + after, text="gone")
    bare = changed(sample, start=6, end=16, text="gone")
    assert read(sample, drawn, {"text": text}) == read(sample, bare, {"text": text})


def test_stray_space_is_told_by_the_regions_own_text() -> None:
    """Without the data too, as long as the region's text is as long as the region."""
    sample = BY_NAME["text"]
    drawn = changed(sample, start=14, end=22, text=" Berlin,")
    assert read(sample, drawn, None)[0].start == 15
    # Label Studio shortens runs of space in the text that it stores: nothing follows from it.
    drawn = changed(sample, start=14, end=30, text=" Berlin, then")
    assert read(sample, drawn, None)[0].start == 14


def test_a_span_of_space_stays() -> None:
    """What is nothing but white space keeps its bounds."""
    found = read(BY_NAME["text"], changed(BY_NAME["text"], start=4, end=5, text=" "))
    assert (found[0].start, found[0].end) == (4, 5)


def test_offsets_of_javascript_are_recognised() -> None:
    """Where the region's own text shows that UTF-16 units were counted, they are converted."""
    sample = BY_NAME["text"]
    assert TEXT.encode("utf-16-le")[32:44].decode("utf-16-le") == "Berlin"
    drawn = changed(sample, start=16, end=22, text="Berlin")
    assert (read(sample, drawn)[0].start, read(sample, drawn)[0].end) == (15, 21)


def test_html_without_global_offsets_is_the_same_by_its_xpaths() -> None:
    """What a machine writes with XPaths alone is what people drew, as long as the HTML is known."""
    sample = BY_NAME["hypertext"]
    assert read(sample, changed(sample, globalOffsets="gone", text="gone")) == read(sample)
    spaced = changed(sample, startOffset=7, globalOffsets={"start": 11, "end": 18}, text="gone")
    assert read(sample, spaced) == read(sample)


def test_xpaths_that_lead_elsewhere_are_not_followed() -> None:
    """Where the region's own text is another, or no such node is there, global offsets count."""
    sample = BY_NAME["hypertext"]
    for value in ({"text": "Bonn"}, {"end": "/p[3]/text()[1]"}, {"endOffset": 99}):
        moved = changed(sample, globalOffsets={"start": 1, "end": 5}, **({"text": "Bonn"} | value))
        assert (read(sample, moved)[0].start, read(sample, moved)[0].end) == (1, 5)


def test_html_that_is_not_known_is_compared_within_a_node() -> None:
    """By offsets in one node; over several nodes a region is the same only as itself."""
    sample = BY_NAME["hypertext"]
    config = label_configs.parse(sample.xml).controls[0]
    first = read(sample, changed(sample, globalOffsets="gone"), None)
    half = read(sample, changed(sample, globalOffsets="gone", startOffset=11, text="lin"), None)
    assert label_configs.control_distance(config, first, half) == pytest.approx(0.5)
    other = {"start": "/p[1]/text()[1]", "startOffset": 2, "globalOffsets": "gone"}
    over = read(sample, changed(sample, **other), None)
    assert label_configs.control_distance(config, over, first) == 1
    assert label_configs.control_distance(config, over, over) == 0


def test_dialogues_without_data_are_compared() -> None:
    """Within one paragraph exactly, over several by the paragraphs."""
    sample = BY_NAME["paragraphs"]
    config = label_configs.parse(sample.xml).controls[0]
    within = [
        read(sample, changed(sample, end="0", startOffset=0, endOffset=end, text="gone"), None)
        for end in (10, 5)
    ]
    assert label_configs.control_distance(config, *within) == pytest.approx(0.5)


def test_a_region_may_lie_on_one_of_several_objects() -> None:
    """The object that a region names is part of its place, and is written again."""
    xml = '<View><Text name="t" value="$t"/><Text name="u" value="$u"/><Labels name="l" '
    sample = Sample(
        name="two",
        xml=xml + 'toName="t,u"><Label value="A"/></Labels></View>',
        data={"t": "a b", "u": "a"},
        result=[region("l", to, "labels", start=0, end=1, labels=["A"]) for to in ("t", "u")],
    )
    value = read(sample)
    assert len(set(value)) == 2
    written = label_configs.write(label_configs.parse(sample.xml), {"l": value})
    assert [r["to_name"] for r in written] == ["t", "u"]
    assert read(sample, written) == value
    with pytest.raises(Malformed):
        read(sample, [region("l", "u", "labels", start=2, end=3, labels=["A"])])


BAD = [
    ("text", {"labels": ["ORG"]}, "'ORG', which the label config does not know"),
    ("text", {"labels": "PER"}, "not a list of labels"),
    ("text", {"labels": "gone"}, "not a list of labels"),
    ("text", {"labels": [1]}, "not a list of labels"),
    ("text", {"labels": []}, "no label"),
    ("text", {"start": 4}, "ends at 4, not after its start 4"),
    ("text", {"start": -1}, "start is -1, not a whole number"),
    ("text", {"start": math.nan}, "start is nan, not a number"),
    ("text", {"start": True}, "start is True, not a number"),
    ("text", {"start": "0"}, "start is '0', not a number"),
    ("text", {"end": "gone"}, "end is None, not a number"),
    ("text", {"end": 1.5}, "end is 1.5, not a whole number"),
    ("text", {"end": len(TEXT) + 1}, f"ends at 37, and there are {len(TEXT)} characters"),
    ("hypertext", {"start": 3}, "place is 3, not an XPath"),
    ("hypertext", {"endOffset": "gone"}, "endOffset is None"),
    ("hypertext", {"globalOffsets": {"start": 2, "end": 2}}, "ends at 2, not after"),
    ("paragraphs", {"end": "2"}, "ends at 3, and there are 2 paragraphs"),
    ("paragraphs", {"endOffset": 6}, "ends at 6, and there are 5 characters"),
    ("paragraphs", {"start": "x"}, "paragraph is 'x', not a number"),
    ("paragraphs", {"end": "0", "endOffset": 9}, "not after its start"),
    ("time series of dates", {"start": "yesterday"}, "not a time like"),
    ("time series of numbers with an instant", {"start": "soon"}, "'soon', not a number"),
    ("time series of numbers with an instant", {"start": "inf"}, "inf, not a number"),
    ("time series of numbers with an instant", {"start": 3}, "not after its start"),
    ("audio", {"start": -0.5}, "before the sound begins"),
    ("audio", {"end": math.inf}, "end is inf, not a number"),
    ("timeline of a video", {"ranges": []}, "no list of one range"),
    ("timeline of a video", {"ranges": [{"start": 5, "end": 3}]}, "not after its start"),
]


@pytest.mark.parametrize(("name", "value", "problem"), BAD)
def test_what_is_malformed_is_refused(name: str, value: dict[str, Any], problem: str) -> None:
    """One exception names the problem, the task, the annotation, the control and the region."""
    sample = BY_NAME[name]
    with pytest.raises(Malformed, match=problem) as caught:
        read(sample, changed(sample, **value))
    error = caught.value
    assert (error.task, error.annotation, error.control) == (7, 8, "l")
    assert error.region == sample.result[0]["id"]


def test_another_type_is_refused() -> None:
    """A region of another type, or without a value, is no span."""
    sample = BY_NAME["text"]
    with pytest.raises(Malformed, match="type 'choices', not labels"):
        read(sample, [sample.result[0] | {"type": "choices"}])
    with pytest.raises(Malformed, match="not a place with labels"):
        read(sample, [sample.result[0] | {"value": None}])


def test_labels_from_the_data_are_not_checked() -> None:
    """With value="$labels" the config does not know what labels there are."""
    xml = '<View><Text name="t" value="$text"/><Labels name="l" toName="t" value="$ls"/></View>'
    sample = Sample(name="", xml=xml, data={"text": TEXT}, result=BY_NAME["text"].result)
    assert [span.labels for span in read(sample)] == [("PER",), ("LOC",)]


def test_html_cannot_be_written_without_its_source() -> None:
    """A span made by hand says nothing of XPaths."""
    config = label_configs.parse(BY_NAME["hypertext"].xml)
    with pytest.raises(Skippable, match="does not say where in the HyperText"):
        label_configs.write(config, {"l": (Span("", 0, 4, ("PER",)),)})


@pytest.mark.parametrize("moment", ["nan", "inf", "-1e308"])
def test_a_moment_is_a_finite_number(moment: str) -> None:
    """Seconds since 1970 that are no number, or without end, are malformed."""
    config = label_configs.parse(
        '<View><TimeSeries name="s" value="$s" timeFormat="%s"/>'
        '<TimeSeriesLabels name="l" toName="s"><Label value="a"/></TimeSeriesLabels></View>'
    )
    value = {"start": moment, "end": "5", "timeserieslabels": ["a"]}
    region = {"from_name": "l", "to_name": "s", "type": "timeserieslabels", "value": value}
    with pytest.raises(Malformed, match="start is"):
        label_configs.read(config, [region])
