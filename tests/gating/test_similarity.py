"""How alike answers are, and whether people agree, for kinds of labels beyond choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import label_configs
from label_configs import LabelConfig
from sync.gating.agreement import agreement
from sync.gating.judged import Judged
from sync.gating.policy import from_dict
from sync.gating.similarity import similarity
from sync.gating.verdict import State

BOXES = label_configs.parse(
    '<View><Image name="i" value="$image"/><RectangleLabels name="b" toName="i">'
    '<Label value="cat"/><Label value="dog"/></RectangleLabels></View>'
)
STARS = label_configs.parse(
    '<View><Text name="t" value="$text"/><Rating name="r" toName="t" maxRating="4"/></View>'
)
TWO = label_configs.parse(
    '<View><Text name="t" value="$text"/>'
    '<Choices name="x" toName="t"><Choice value="a"/><Choice value="b"/></Choices>'
    '<Choices name="y" toName="t"><Choice value="a"/><Choice value="b"/></Choices></View>'
)
POLICY = from_dict({"gate": {"agreement": {"min": 0.4}}})


def boxes(*found: tuple[float, str]) -> Any:
    """Boxes of 10 by 10 at these places, each with its label, read."""
    result = [
        {
            "id": str(i),
            "from_name": "b",
            "to_name": "i",
            "type": "rectanglelabels",
            "original_width": 100,
            "original_height": 100,
            "value": {"x": x, "y": 0, "width": 10, "height": 10, "rectanglelabels": [label]},
        }
        for i, (x, label) in enumerate(found)
    ]
    return label_configs.read(BOXES, result)


def test_regions_count_as_found_from_the_overlap_on() -> None:
    """Moved by 2 of 10, two boxes have an intersection over union of 8 / 12."""
    a = boxes((0, "cat"), (50, "dog"))
    b = boxes((2, "cat"), (50, "dog"), (80, "dog"))
    assert similarity(BOXES, a, b, 0.66) == pytest.approx(2 * 2 / 5)
    assert similarity(BOXES, a, b, 0.67) == pytest.approx(2 * 1 / 5)
    assert similarity(BOXES, a, b, 0.0) == pytest.approx(2 * (8 / 12 + 1) / 5)


def test_another_label_is_not_found() -> None:
    """The same box as a dog is no cat; no boxes at all agree with none."""
    assert similarity(BOXES, boxes((0, "cat")), boxes((0, "dog")), 0.5) == 0.0
    assert similarity(BOXES, {}, {}, 0.5) == 1.0
    assert similarity(BOXES, {}, boxes((0, "dog")), 0.5) == 0.0


def test_controls_count_by_their_weight() -> None:
    """Equal in x alone: half of it without weights, three quarters with weights of 3 and 1."""
    a, b = {"x": frozenset("a"), "y": frozenset("a")}, {"x": frozenset("a"), "y": frozenset("b")}
    assert similarity(TWO, a, b) == 0.5
    assert similarity(replace(TWO, weights={"x": 3.0, "y": 1.0}), a, b) == 0.75


def tasks(values: Sequence[Sequence[Any]], control: str) -> list[Judged]:
    return [
        Judged(
            task_id=i,
            candidate=None,
            answers=tuple(None if v is None else {control: v} for v in row),
        )
        for i, row in enumerate(values)
    ]


def test_ratings_agree_by_ordinal_alpha() -> None:
    """The estimate is that of the krippendorff package at the ordinal level, skips left out."""
    import krippendorff

    rng = np.random.default_rng(4)
    truth = rng.integers(1, 5, 120)
    given = np.clip(truth[:, None] + rng.integers(-1, 2, (120, 3)), 1, 4).astype(float)
    given[rng.random(given.shape) < 0.1] = np.nan
    rows = [[None if np.isnan(v) else int(v) for v in row] for row in given]
    theirs = krippendorff.alpha(
        reliability_data=given.T, value_domain=[1, 2, 3, 4], level_of_measurement="ordinal"
    )
    found = agreement(tasks(rows, "r"), STARS, POLICY)
    assert found.estimate == pytest.approx(theirs, abs=1e-9)
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < found.estimate < found.upper


def drawn(agree: bool) -> list[Judged]:
    rng = np.random.default_rng(9)
    places = rng.uniform(0, 80, (80, 2))
    rows = [[boxes((x, "cat"))["b"], boxes((x + 1 if agree else y, "cat"))["b"]] for x, y in places]
    return tasks(rows, "b")


def test_people_who_draw_the_same_boxes_agree() -> None:
    """Boxes moved by a tenth agree far beyond chance."""
    found = agreement(drawn(agree=True), BOXES, POLICY)
    assert found.state is State.PASS
    assert found.estimate == pytest.approx(9 / 11, abs=0.06)


def test_people_who_draw_boxes_anywhere_do_not_agree() -> None:
    """Alpha is about 0, and the bounds of 80 tasks lie below 0.4."""
    found = agreement(drawn(agree=False), BOXES, POLICY)
    assert found.state is State.HOLD
    assert found.estimate == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("weigh", [lambda c: c, lambda c: replace(c, weights={"y": 0.0})])
def test_a_control_without_weight_is_left_out(weigh: Callable[[LabelConfig], LabelConfig]) -> None:
    """People who agree on x alone agree where y counts nothing."""
    rng = np.random.default_rng(2)
    x, y, z = (["ab"[k] for k in rng.integers(0, 2, 90)] for _ in range(3))
    rows = [
        Judged(
            task_id=i,
            candidate=None,
            answers=tuple({"x": frozenset(x[i]), "y": frozenset(other[i])} for other in (y, z)),
        )
        for i in range(90)
    ]
    config = weigh(TWO)
    found = agreement(rows, config, POLICY)
    expected = 1.0 if config.weight("y") == 0 else 0.5
    assert found.estimate == pytest.approx(expected, abs=0.12)
