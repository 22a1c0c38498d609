"""Near-duplicates among tasks."""

from __future__ import annotations

import numpy as np
import pytest

import label_configs
from sync.duplicates import Shown, near_tasks, shown

QUESTION = "which of the people in this picture carries the heaviest thing in their hands"


def test_only_what_annotators_see_counts() -> None:
    """Ids beside the text, which nobody sees, do not make a copy another task."""
    config = label_configs.parse(label_configs.load("text_classification"))
    field = config.objects[0].field
    assert shown({"id": 7, field: "hello", "batch": "b"}, config).text == "hello"
    deep = {field: [{"author": "A", "text": "x"}, {"text": ["y", 3, None]}]}
    assert shown(deep, config).text == "A\nx\ny\n3"
    assert shown({}, config).text == ""


@pytest.mark.parametrize("value", ["$doc.texts[1]", "Says: $doc.texts[1]"])
def test_texts_within_fields_are_seen(value: str) -> None:
    """Label Studio shows what stands deeper in the data, and amid other words."""
    config = label_configs.parse(
        f'<View><Text name="t" value="{value}"/><Choices name="c" toName="t">'
        '<Choice value="a"/></Choices></View>'
    )
    assert shown({"doc": {"texts": ["no", "hello"]}, "t": "no"}, config).text == "hello"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://cdn.example.com/frames/0001.jpg", "https://cdn.example.com/frames/0002.jpg"),
        ("/data/upload/1/a-1.png", "/data/upload/1/a-2.png"),
        ("data:image/png;base64,AAAA", "data:image/png;base64,AAAB"),
    ],
)
def test_addresses_are_the_same_or_not(one: str, other: str) -> None:
    """Two images do not look alike because their addresses do."""
    config = label_configs.parse(label_configs.load("image_classification"))
    field = config.objects[0].field
    a, b = shown({field: one}, config), shown({field: other}, config)
    assert near_tasks([a, b], [b]) == near_tasks([b, b], [b])[1:]
    assert [(n.index, n.measure) for n in near_tasks([a, b], [b])] == [(1, "media")]


def test_one_question_about_two_images_is_two_tasks() -> None:
    """Texts that are the same count only where the media are the same too."""
    a, b = Shown(text=QUESTION, media=("x",)), Shown(text=QUESTION, media=("y",))
    other = Shown(text="what colour is the car", media=("y",))
    assert [n.index for n in near_tasks([a, b, other], [b])] == [1]
    assert near_tasks([Shown(text=QUESTION)], [b]) == []


def test_pictures_that_look_the_same_are_the_same() -> None:
    """A copy at another address is found by its picture; texts still have to agree."""
    drawn = np.random.default_rng(0).uniform(size=(2, 256))
    a = Shown(text=QUESTION, media=("x",), picture=drawn[0] * 0.9)
    b = Shown(text=QUESTION, media=("y",), picture=drawn[0])
    far = Shown(text=QUESTION, media=("z",), picture=drawn[1])
    other = Shown(text="what colour is the car", media=("x",), picture=drawn[0])
    assert [(n.index, n.of) for n in near_tasks([far, a, other], [far, b])] == [(0, 0), (1, 1)]


def test_tasks_that_show_nothing_resemble_nothing() -> None:
    """Without text and media there is nothing to compare."""
    assert near_tasks([Shown(text="")], [Shown(text="")]) == []
