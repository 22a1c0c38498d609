"""Quotes of a text, and where they stand."""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import label_configs
from label_configs import spoken
from label_configs.spoken.quotes import occurrences
from sync.errors import Skippable

LABELS = '<Label value="A"/><Label value="B"/>'
TEXT = label_configs.parse(
    f'<View><Text name="t" value="$x"/><Labels name="l" toName="t">{LABELS}</Labels></View>'
)
HTML = label_configs.parse(
    '<View><HyperText name="t" value="$x"/><HyperTextLabels name="l" toName="t">'
    f"{LABELS}</HyperTextLabels></View>"
)
TALK = label_configs.parse(
    '<View><Paragraphs name="t" value="$x" nameKey="who" textKey="said"/>'
    f'<ParagraphLabels name="l" toName="t">{LABELS}</ParagraphLabels></View>'
)


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        ("Ann and Ann", "Ann", ["Ann", "Ann"]),
        ("USA, bus, US", "US", ["US"]),  # whole words first
        ("bus and bush", "us", ["us", "us"]),  # else within words
        ("Berlin  is\n big", "Berlin is big", ["Berlin  is\n big"]),
        ("the EU's “rule”", 'the eu\'s "rule"', ["the EU's “rule”"]),
        ("1939–1945", "1939-1945", ["1939–1945"]),
        ("wait… what", "wait...", ["wait…"]),
        ("caf\u00e9", "cafe\u0301", ["caf\u00e9"]),
        ("cafe\u0301", "caf\u00e9", ["cafe\u0301"]),
        ("ﬁne ﬁlm", "fine", ["ﬁne"]),
        ("ﬁlm", "f", []),  # half a character is none
        ("Straße", "STRASSE", ["Straße"]),
        ("東京都に住む", "京都", ["京都"]),
        ("Ann", "Bob", []),
        ("Ann", " \n", []),
        ("", "Ann", []),
        ("a\u00adb", "ab", ["a\u00adb"]),
    ],
)
def test_quotes_are_found(text: str, quote: str, found: list[str]) -> None:
    """Exact ones first, then those that differ in case, space, form and typography."""
    assert [text[start:end] for start, end in occurrences(text, quote)] == found


@given(st.text(max_size=40), st.text(max_size=6))
def test_what_is_found_is_alike(text: str, quote: str) -> None:
    """Each occurrence lies in the text and folds to the quote; they rise and are distinct."""
    places = occurrences(text, quote)
    assert list(places) == sorted(set(places))
    for start, end in places:
        assert 0 <= start < end <= len(text)
        here = unicodedata.normalize("NFKD", text[start:end]).casefold().split()
        if text[start:end] != quote.strip():
            assert here or not text[start:end].strip()


words = st.text(st.sampled_from("aA b\u0301é🦊\n.ﬁ東ß\u200d"), min_size=1, max_size=30)


@given(text=words, ends=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=4))
@example(text="aa aa", ends=[(0, 1), (3, 1)])
def test_any_spans_can_be_said(text: str, ends: list[tuple[int, int]]) -> None:
    """Whatever is marked in a text, the quotes lead back to it."""
    firsts = [(first % len(text), length) for first, length in ends]
    spans = sorted({(a, a + 1 + length % (len(text) - a)) for a, length in firsts})
    regions = [region(start=a, end=b) for a, b in spans if text[a:b].strip()]
    meant = label_configs.read(TEXT, regions, {"x": text})
    found = spoken.values(TEXT, spoken.said(TEXT, meant, {"x": text}), {"x": text})
    assert set(found.get("l", ())) == set(meant.get("l", ()))


def region(kind: str = "labels", **place: Any) -> dict[str, Any]:
    return {"from_name": "l", "to_name": "t", "type": kind, "value": place | {kind: ["A"]}}


@given(start=st.integers(0, 12), length=st.integers(1, 12))
def test_quotes_of_html_lead_to_its_text_nodes(start: int, length: int) -> None:
    """The quote is of the text; the region has XPaths, offsets, and reads back to that text."""
    data = {"x": "<p>A<b>nn</b> 🦊</p><ul><li>met Bob<br>there</ul>"}
    text = label_configs.text_of(HTML.objects[0], data)
    assert text is not None
    quote = text[start : start + length]
    assume(quote.strip() and "\n" not in quote)
    said = {"l": [{"start": start, "end": start + len(quote), "label": "A"}]}
    span = spoken.values(HTML, said, data)["l"][0]
    assert text[span.start : span.end] == quote.strip()
    again = spoken.values(HTML, spoken.said(HTML, {"l": (span,)}, data), data)
    assert again["l"] == (span,)


def test_quotes_of_dialogues_lead_to_their_paragraphs() -> None:
    """Paragraph and offset in UTF-16 units, as Label Studio counts there."""
    data = {"x": [{"who": "A", "said": "Hi 🦊 Ann"}, {"who": "B", "said": "Ann? No, 🦊 Bob"}]}
    said = {"l": [{"text": "Ann", "label": "A"}, {"text": "Ann", "label": "B"}, {"text": "Bob"}]}
    said["l"][2]["label"] = "A"
    written = label_configs.write(TALK, spoken.values(TALK, said, data))
    places = [(r["value"]["start"], r["value"]["startOffset"]) for r in written]
    assert places == [("0", 6), ("1", 0), ("1", 12)]


def test_the_first_free_occurrence_is_meant() -> None:
    """Quotes without a number go to one occurrence after the other, never twice to one."""
    data = {"x": "Ann and Ann and York, New York"}
    said = [
        {"text": "Ann", "label": "A"},
        {"text": "Ann", "label": "B"},
        {"text": "New York", "label": "A"},
        {"text": "York", "label": "B"},
    ]
    found = spoken.values(TEXT, {"l": said}, data)["l"]
    assert [(s.start, s.labels[0]) for s in found] == [(0, "A"), (8, "B"), (16, "B"), (22, "A")]
    # The same again says nothing new; another label at a place that is taken is refused.
    again = [{"text": "New York", "label": "A"}] * 2
    assert len(spoken.values(TEXT, {"l": again}, data)["l"]) == 1
    with pytest.raises(Skippable, match="'New York' is marked more often than it occurs"):
        spoken.values(TEXT, {"l": [again[0], again[0] | {"label": "B"}]}, data)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([{"text": "Bob", "label": "A"}], "the quote 'Bob' does not occur in 't'"),
        ([{"text": "Ann", "occurrence": 3, "label": "A"}], "has no occurrence 3: it occurs 2"),
        ([{"text": "Ann", "occurrence": True, "label": "A"}], "has no occurrence True"),
        ([{"text": "", "label": "A"}], "quotes no text"),
        ([{"label": "A"}], "quotes no text"),
        ([{"text": "Ann", "label": "C"}], "'C', which the label config does not know"),
        ([{"text": "Ann"}], "its labels are None"),
        ([{"text": "Ann", "label": 3}], "3 is no label"),
        ([{"start": 0, "end": 99, "label": "A"}], "no stretch from 0 to 99"),
        ([{"start": "0", "end": 1, "label": "A"}], "'0' is no whole number"),
        ([{"text": "Ann", "on": "u", "label": "A"}], "the objects of 'l' are t"),
        ("Ann", "'Ann' is no list of regions"),
        ([3], "is no list of regions"),
    ],
)
def test_what_cannot_be_meant_is_named(said: Any, text: str) -> None:
    """The control, what was said, and what is wrong with it."""
    with pytest.raises(Skippable) as refused:
        spoken.values(TEXT, {"l": said}, {"x": "Ann, Ann"})
    assert text in str(refused.value)
    assert "control 'l'" in str(refused.value)


def test_a_text_that_is_not_there_cannot_be_quoted() -> None:
    """Neither in a URL nor in data that lacks it."""
    with pytest.raises(Skippable, match="the task has no text for 't'"):
        spoken.values(TEXT, {"l": [{"text": "Ann", "label": "A"}]}, {})


def test_a_task_full_of_quotes_is_soon_read() -> None:
    """Three thousand of one word, which would take minutes if each looked at all the others."""
    before = time.process_time()
    found = spoken.values(TEXT, {"l": [{"text": "a", "label": "A"}] * 3_000}, {"x": "a " * 3_000})
    assert len(found["l"]) == 3_000
    assert time.process_time() - before < 10
