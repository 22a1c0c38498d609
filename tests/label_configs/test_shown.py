"""Spans that are made on a text are those that are read from it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from label_configs import Control, LabelConfig
from sync.errors import Skippable

#: Words of one and of two UTF-16 units a character, marks, joined emoji and line breaks.
WORDS = st.sampled_from(
    ["Anna", "🦊", "cafe\u0301", "👩\u200d👩\u200d👧", "नमस्ते", "𝒳y", "\r\n", " ", "東京"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=12).map("".join)


def config(tag: str, control: str) -> LabelConfig:
    return label_configs.parse(
        f'<View><{tag} name="o" value="$v"/><{control} name="l" toName="o"><Label value="A"/>'
        f"</{control}></View>"
    )


KINDS = {
    "Text": config("Text", "Labels"),
    "HyperText": config("HyperText", "HyperTextLabels"),
    "Paragraphs": config("Paragraphs", "ParagraphLabels"),
}


def as_shown(tag: str, texts: list[str]) -> Any:
    """Data that shows these texts on such an object."""
    if tag == "Text":
        return "".join(texts)
    if tag == "HyperText":
        return "".join(f"<p>{text}<b>{text}</b><br></p>" for text in texts)
    return [{"author": "x", "text": text} for text in texts]


def region(control: Control, value: dict[str, Any]) -> dict[str, Any]:
    key = control.tag.lower()
    return {"from_name": "l", "to_name": "o", "type": key, "value": value | {key: ["A"]}}


def control_of(tag: str) -> Control:
    return KINDS[tag].controls[0]


@pytest.mark.parametrize("tag", KINDS)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=4), ends=st.tuples(st.integers(0), st.integers(0))
)
def test_what_is_marked_is_what_is_read(tag: str, texts: list[str], ends: tuple[int, int]) -> None:
    """A span that is written and read has the same characters, but for space at its ends."""
    control, data = control_of(tag), {"v": as_shown(tag, texts)}
    text = label_configs.text_of(control.objects[0], data)
    assert text is not None
    start, end = sorted(at % (len(text) + 1) for at in ends)
    try:
        place = label_configs.text_place(control.objects[0], data, start, end)
    except Skippable:
        assert start == end or "\n" in (text[start], text[end - 1])
        return
    ((read,),) = label_configs.read(KINDS[tag], [region(control, place)], data).values()
    bare = text[start:end].strip()
    if bare:
        assert text[int(read.start) : int(read.end)] == bare
        assert (start <= read.start, read.end <= end) == (True, True)


@pytest.mark.parametrize(
    ("tag", "stored"),
    [
        ("Text", {"start": 27, "end": 33}),
        (
            "HyperText",
            {
                "start": "/p[2]/text()[2]",
                "end": "/p[2]/text()[2]",
                "startOffset": 11,
                "endOffset": 15,
                "globalOffsets": {"start": 39, "end": 43},
            },
        ),
        ("Paragraphs", {"start": "1", "end": "1", "startOffset": 14, "endOffset": 20}),
    ],
)
def test_offsets_are_those_that_the_editor_stores(tag: str, stored: dict[str, Any]) -> None:
    """What people marked by hand in Label Studio 1.23.2, behind emoji, is what is written."""
    family = "👩\u200d👩\u200d👧"
    data, wanted = {
        "Text": (f"Anna 🦊 cafe\u0301 flew {family} to Berlin 🇩🇪, Oslo", "Berlin"),
        "HyperText": (
            f"<p>Anna 🦊 cafe\u0301</p>\n<p>flew {family} to <b>Ber</b>lin &amp; 🇩🇪 Oslo</p>",
            "Oslo",
        ),
        "Paragraphs": (
            [{"text": "🦊 Hello Anna"}, {"text": f"{family} from Berlin 🇩🇪 Oslo"}],
            "Berlin",
        ),
    }[tag]
    control = control_of(tag)
    text = label_configs.text_of(control.objects[0], {"v": data})
    assert text is not None
    start = text.index(wanted)
    place = label_configs.text_place(control.objects[0], {"v": data}, start, start + len(wanted))
    assert place == stored | {"text": wanted}
    ((read,),) = label_configs.read(KINDS[tag], [region(control, stored)], {"v": data}).values()
    assert (read.start, read.end) == (start, start + len(wanted))


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (-1, 2), (0, 99)])
def test_there_is_nothing_to_mark_outside_the_text(start: int, end: int) -> None:
    """Empty, turned and far stretches are named."""
    control = control_of("Text")
    with pytest.raises(Skippable, match=f"no stretch from {start} to {end}"):
        label_configs.text_place(control.objects[0], {"v": "Anna"}, start, end)


@pytest.mark.parametrize(
    ("tag", "data"),
    [("Text", {}), ("Text", None), ("Text", {"v": 7}), ("Paragraphs", {"v": "one"})],
)
def test_what_shows_no_text_says_so(tag: str, data: Any) -> None:
    """Missing and foreign content shows nothing."""
    shown = control_of(tag).objects[0]
    assert label_configs.text_of(shown, data) is None
    assert label_configs.parts_of(shown, data) == ()


@pytest.mark.parametrize(("tag", "starts"), [("Text", (0,)), ("HyperText", (0, 1, 3, 4))])
def test_words_do_not_reach_across_nodes(tag: str, starts: tuple[int, ...]) -> None:
    """Each text node of HTML is a part of its own; a text is one."""
    data = {"v": as_shown(tag, ["a", "b"])}
    assert label_configs.parts_of(control_of(tag).objects[0], data) == starts


def test_paragraphs_are_parts() -> None:
    """Each paragraph begins where those before it end, empty ones too."""
    data = {"v": as_shown("Paragraphs", ["ab", "", "🦊", "c"])}
    assert label_configs.parts_of(control_of("Paragraphs").objects[0], data) == (0, 2, 2, 3)
