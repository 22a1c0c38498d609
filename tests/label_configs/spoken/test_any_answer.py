"""Answers of any form: what is not understood is refused, and nothing else happens."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import label_configs
from label_configs import LabelConfig, spoken
from sync.errors import Skippable
from tests.label_configs.every import EVERY, Sample

every_sample = pytest.mark.parametrize("sample", EVERY, ids=[s.name for s in EVERY])
words = ["a", "b", "left", "Anna", "Berlin", "text", "12:00", "", " ", "Online", "mdn", "x" * 999]
keys = ["text", "label", "labels", "start", "end", "occurrence", "on", "answer", "from", "to", "x"]
json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**400)
    | st.floats()
    | st.sampled_from(words)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*keys, "ranges"]), inner)
    ),
    max_leaves=8,
)


@cache
def parsed(xml: str) -> LabelConfig:
    return label_configs.parse(xml)


def understood(config: LabelConfig, answer: Any, data: Any) -> None:
    """Values that can be written and read, or a refusal."""
    try:
        values = spoken.values(config, answer, data)
        written = label_configs.write(config, values)
    except Skippable:
        return
    assert label_configs.read(config, written, data) == values


@every_sample
@settings(max_examples=30)
@given(data=st.data())
def test_any_json_is_understood_or_refused(sample: Sample, data: st.DataObject) -> None:
    """An answer with anything in any place, on the task's data or on none."""
    config = parsed(sample.xml)
    answer = copy.deepcopy(said(sample))
    place: Any = answer
    while True:
        steps = list(place) if isinstance(place, dict) else range(len(place))
        step = data.draw(st.sampled_from(list(steps)))
        inner = place[step]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            place[step] = data.draw(json)
            break
        place = inner
    understood(config, answer, data.draw(st.sampled_from([sample.data, {}, None])))


@cache
def _said(index: int) -> Any:
    sample = EVERY[index]
    config = parsed(sample.xml)
    return spoken.said(config, label_configs.read(config, sample.result, sample.data), sample.data)


def said(sample: Sample) -> Any:
    return _said(EVERY.index(sample))


@every_sample
def test_what_is_nested_deeply_is_refused(sample: Sample) -> None:
    """No depth of lists or objects is more than a refusal."""
    deep: Any = []
    wide: Any = {}
    for _ in range(10_000):
        deep, wide = [deep], {"text": wide}
    for name in said(sample):
        for found in (deep, wide, [deep], [{"answer": deep}], [{"label": wide}]):
            understood(parsed(sample.xml), {name: found}, sample.data)


@pytest.mark.parametrize("answer", [None, 3, "c", [], [{"c": "a"}], {"d": "a"}, {"": None}])
def test_an_answer_is_an_object_of_controls(answer: Any) -> None:
    """Anything else is refused with what could be answered."""
    config = parsed(EVERY[0].xml)
    if answer == []:
        answer = [1]
    with pytest.raises(Skippable, match=r"not an object|those that can be answered are c"):
        spoken.values(config, answer, EVERY[0].data)
