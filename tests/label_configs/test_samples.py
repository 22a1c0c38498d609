"""What holds for every control tag: reading, writing, comparing, and refusing."""

from __future__ import annotations

import copy
import itertools
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from label_configs import Control, LabelConfig
from label_configs.kinds import KINDS
from sync.errors import Malformed
from tests.label_configs.every import EVERY, Sample

every_sample = pytest.mark.parametrize("sample", EVERY, ids=[s.name for s in EVERY])


@cache
def parsed(xml: str) -> LabelConfig:
    return label_configs.parse(xml)


def values(sample: Sample) -> list[tuple[Control, Any]]:
    """Every value of the sample with its control."""
    config = parsed(sample.xml)
    return [
        (config.by_name[name], value)
        for result in (sample.result, *sample.others)
        for name, value in label_configs.read(config, result, sample.data).items()
        if sample.judged in ("", name)
    ]


def test_every_control_tag_has_a_sample() -> None:
    """No tag that is compared goes untested."""
    tags = {control.tag for sample in EVERY for control in parsed(sample.xml).controls}
    assert tags >= KINDS.keys()


def test_every_control_tag_is_explained() -> None:
    """The page on labels names each tag that is compared, or its bare form."""
    page = (Path(__file__).parents[2] / "docs" / "labels.md").read_text()
    named = set(re.findall(r"`(\w+)`", page))
    assert {tag for tag in KINDS if not {tag, tag.removesuffix("Labels")} & named} == set()


@every_sample
def test_what_is_written_is_read(sample: Sample) -> None:
    """read(write(read(result))) is read(result), with the task's data and without."""
    config = parsed(sample.xml)
    for result in (sample.result, *sample.others):
        value = label_configs.read(config, result, sample.data)
        assert value
        written = label_configs.write(config, value, score=0.5)
        assert label_configs.read(config, written, sample.data) == value
        assert not sample.alone or label_configs.read(config, written) == value


@pytest.mark.parametrize("sample", [s for s in EVERY if s.sdk], ids=lambda s: s.name)
def test_what_is_written_is_valid_in_label_studio(sample: Sample) -> None:
    """The SDK's own validator finds no fault with a written result, where it knows such."""
    from label_studio_sdk.label_interface import LabelInterface

    config, interface = parsed(sample.xml), LabelInterface(sample.xml)
    for result in (sample.result, *sample.others):
        written = label_configs.write(config, label_configs.read(config, result), score=0.5)
        assert interface.validate_prediction({"result": written}, return_errors=True) == []


@every_sample
def test_distances_are_distances(sample: Sample) -> None:
    """Symmetric, in [0, 1], 0 exactly for equal values, and a metric where that is claimed."""
    found = values(sample)
    assert len({value for _, value in found}) == len(found)
    for (control, a), (other, b) in itertools.product(found, repeat=2):
        assert control.name == other.name
        apart = label_configs.control_distance(control, a, b)
        assert apart == label_configs.control_distance(control, b, a)
        assert 0 <= apart <= 1
        assert (apart == 0) == (a == b)
    for (control, a), (_, b), (_, c) in itertools.product(found, repeat=3):
        if label_configs.kind_of(control).METRIC:
            detour = label_configs.control_distances(control, [a, b], [b, c]).sum()
            assert label_configs.control_distance(control, a, c) <= detour + 1e-12


@every_sample
def test_many_pairs_are_compared_as_one_by_one(sample: Sample) -> None:
    """control_distances is control_distance of each pair, absent values included."""
    found = values(sample)
    control = found[0][0]
    some = [None, *(value for _, value in found)]
    a, b = zip(*itertools.product(some, repeat=2), strict=True)
    one_by_one = [label_configs.control_distance(control, x, y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(label_configs.control_distances(control, a, b), one_by_one)


@every_sample
def test_pairs_name_labels(sample: Sample) -> None:
    """Equal values have only labels in common; against nothing every label stands alone."""
    for control, value in values(sample):
        assert all(a == b for a, b in label_configs.pairs(control, value, value))
        alone = label_configs.pairs(control, value, None)
        assert all(a is not None and b is None for a, b in alone)
        turned = label_configs.pairs(control, None, value)
        assert sorted(map(str, turned)) == sorted(str((b, a)) for a, b in alone)
        assert label_configs.pairs(control, None, None) == []


@every_sample
def test_categories_tell_values_apart(sample: Sample) -> None:
    """Different values are different categories, and numbers are there where the scale says so."""
    found = values(sample)
    kind = label_configs.kind_of(found[0][0])
    kinds = [kind.category(control, value) for control, value in found]
    assert set(kinds) == {None} or len(set(kinds)) == len(found)
    numbers = [label_configs.number(control, value) for control, value in found]
    assert all((x is not None) == (kind.SCALE in ("ordinal", "interval")) for x in numbers)


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**400)
    | st.floats()
    | st.sampled_from(["a", "left", "12:00", "2024-02-30", "", " ", "Online", "mdn", "best"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["c", "best", "_", "start", "x", "labels"]), inner)
    ),
    max_leaves=6,
)


@every_sample
@given(data=st.data())
def test_any_json_is_read_or_malformed(sample: Sample, data: st.DataObject) -> None:
    """A region with anything in it is a value, or Malformed with task, annotation and region."""
    result = copy.deepcopy(sample.result)
    region = data.draw(st.sampled_from(result))
    region["id"] = "r1"
    place = data.draw(st.sampled_from([region, region.get("value", region)]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(json)
    config = parsed(sample.xml)
    found = read_or_refusal(config, result, sample.data)
    if isinstance(found, Malformed):
        assert (found.task, found.annotation) == (7, 8)
        assert found.region is not None or region.get("id") != "r1" or len(result) > 1
        return
    for name, value in found.items():
        hash(value)
        assert label_configs.control_distance(config.by_name[name], value, value) == 0


@every_sample
def test_what_is_nested_deeply_is_malformed(sample: Sample) -> None:
    """No depth of lists is more than a reason to set an answer aside."""
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    for key in sample.result[0].get("value", ()):
        region = sample.result[0] | {"value": sample.result[0]["value"] | {key: deep}}
        found = read_or_refusal(parsed(sample.xml), [region], sample.data)
        assert isinstance(found, Malformed | dict)


def read_or_refusal(config: LabelConfig, result: Any, data: Any) -> dict[str, Any] | Malformed:
    try:
        return label_configs.read(config, result, data, task=7, annotation=8)
    except Malformed as error:
        return error
