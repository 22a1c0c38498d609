"""Key points are read, written and compared."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from label_configs import Control
from label_configs.kinds import keypoints
from sync.errors import Malformed

POINTS: Control = label_configs.parse(
    '<View><Image name="i" value="$i"/><KeyPointLabels name="c" toName="i">'
    '<Label value="a"/><Label value="b"/></KeyPointLabels></View>'
).by_name["c"]
SIZE = {"original_width": 640, "original_height": 480}


def region(x: Any, y: Any, label: str = "a", **more: Any) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": 0.5, "keypointlabels": [label]}
    return {"id": "r1", "type": "keypointlabels", "to_name": "i", "value": value} | SIZE | more


def points(*regions: dict[str, Any]) -> Any:
    return keypoints.KIND.read(POINTS, regions, None)


percent = st.floats(0, 100)
lists = st.lists(
    st.builds(region, percent, percent, st.sampled_from("ab"), item_index=st.integers(0, 1)),
    min_size=1,
    max_size=5,
).map(lambda regions: points(*regions))


@given(lists)
def test_what_is_written_is_read(value: Any) -> None:
    """read(write(v)) is v."""
    assert keypoints.KIND.read(POINTS, keypoints.KIND.write(POINTS, value), None) == value


@given(lists, lists)
def test_distance_is_symmetric_and_0_for_the_same(a: Any, b: Any) -> None:
    """It lies in [0, 1] whichever way round, and a value is nowhere but where it is."""
    there, back, same = keypoints.KIND.distances(POINTS, [a, b, a], [b, a, a])
    assert there == back == keypoints.KIND.distance(POINTS, a, b)
    assert 0 <= there <= 1
    assert same == 0


@given(percent, percent, percent, percent)
def test_similarity_is_that_of_coco(x: float, y: float, u: float, v: float) -> None:
    """As pycocotools computes it, for one point of an object as large as the image."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    theirs = COCOeval.__new__(COCOeval)
    theirs.params = type("Params", (), {"maxDets": [20], "kpt_oks_sigmas": _sigmas()})()
    object_ = {"keypoints": [u * 6.4, v * 4.8, 2], "bbox": [0, 0, 640, 480], "area": 640 * 480}
    theirs._gts, theirs._dts = {(1, 1): [object_]}, {(1, 1): [_detection(x * 6.4, y * 4.8)]}
    expected = theirs.computeOks(1, 1)[0][0]
    assert COCO
    ours = 1 - keypoints.KIND.distance(POINTS, points(region(x, y)), points(region(u, v)))
    assert ours == pytest.approx(expected, abs=1e-9)


def _sigmas() -> Any:
    import numpy as np

    return np.array([0.025])


def _detection(x: float, y: float) -> dict[str, Any]:
    return {"keypoints": [x, y, 2], "score": 1.0}


def test_half_is_where_the_text_says() -> None:
    """33 pixels apart in 640 x 480, in any direction."""
    apart = 0.05 * math.sqrt(2 * math.log(2)) * math.sqrt(640 * 480)
    assert apart == pytest.approx(33, abs=0.5)
    for dx, dy in ((apart / 6.4, 0), (0, apart / 4.8)):
        found = keypoints.KIND.distance(
            POINTS, points(region(50, 50)), points(region(50 + dx, 50 + dy))
        )
        assert found == pytest.approx(0.5)


def test_one_known_size_is_enough() -> None:
    """A prediction without the image's size is compared as if it had the other's."""
    bare = {"original_width": None}
    known = keypoints.KIND.distance(POINTS, points(region(50, 50)), points(region(53, 50)))
    for a, b in (({}, bare), (bare, {})):
        sides = points(region(50, 50, **a)), points(region(53, 50, **b))
        assert keypoints.KIND.distance(POINTS, *sides) == pytest.approx(known)
    square = points(region(50, 50, **bare)), points(region(53, 50, **bare))
    assert keypoints.KIND.distance(POINTS, *square) != pytest.approx(known, abs=1e-3)


def test_labels_stand_against_each_other() -> None:
    """Points at the same spot are the same thing, whatever they are called."""
    a, b = points(region(5, 5), region(50, 50)), points(region(5, 5, "b"))
    assert keypoints.KIND.pairs(POINTS, a, b) == [("a", "b"), ("a", None)]
    assert keypoints.KIND.counts(POINTS, a, a, 0.9) == (2, 2, 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (region(None, 5), "x is None"),
        (region(5, math.nan), "y is nan"),
        (region(5, 102), "outside of the image"),
        (region(5, 5, "c"), "'c', which the label config does not know"),
        (region(5, 5, type="brush"), "type 'brush'"),
    ],
)
def test_what_cannot_be_read_is_named(wrong: dict[str, Any], message: str) -> None:
    """Each malformed region says what is wrong, and which it is."""
    with pytest.raises(Malformed, match=message) as caught:
        points(region(1, 1), wrong)
    assert caught.value.region == "r1"
