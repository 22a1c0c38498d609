"""Tracks of boxes through a video are read, written and compared."""

from __future__ import annotations

import math
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

import label_configs
from label_configs import Control
from label_configs.kinds import video
from sync.errors import Malformed

TRACKS: Control = label_configs.parse(
    '<View><Video name="v" value="$v"/><VideoRectangle name="c" toName="v"/></View>'
).by_name["c"]


def key(frame: Any, x: Any, y: Any = 10, width: Any = 20, **more: Any) -> dict[str, Any]:
    plain = {"frame": frame, "x": x, "y": y, "width": width, "height": 30, "rotation": 0}
    return plain | {"enabled": True, "time": 0.0} | more


def region(*keys: Any, label: str = "a", frames: Any = 10, **more: Any) -> dict[str, Any]:
    value = {"framesCount": frames, "duration": 2.0, "sequence": list(keys), "labels": [label]}
    return {"id": "r1", "type": "videorectangle", "to_name": "v", "value": value} | more


def tracks(*regions: dict[str, Any]) -> Any:
    return video.KIND.read(TRACKS, regions, None)


percent = st.floats(1, 50)
keys = st.builds(
    key,
    st.integers(1, 12),
    percent,
    percent,
    percent,
    rotation=st.sampled_from([0, 0, 30, 200, 350]),
    enabled=st.booleans(),
)
regions = st.builds(
    lambda some, label: region(*some, label=label),
    st.lists(keys, min_size=1, max_size=4, unique_by=lambda one: one["frame"]),
    st.sampled_from("ab"),
)
values = st.lists(regions, min_size=1, max_size=3).map(lambda some: tracks(*some))


@given(values)
def test_what_is_written_is_read(value: Any) -> None:
    """read(write(v)) is v."""
    assert video.KIND.read(TRACKS, video.KIND.write(TRACKS, value), None) == value


@given(values, values)
def test_distance_is_symmetric_and_0_for_the_same(a: Any, b: Any) -> None:
    """It lies in [0, 1] whichever way round, and a value is nowhere but where it is."""
    there, back, same = video.KIND.distances(TRACKS, [a, b, a], [b, a, a])
    assert there == pytest.approx(back, abs=1e-12)
    assert 0 <= there <= 1
    assert same == 0


def drawn(one: dict[str, Any], frame: int) -> shapely.Polygon | None:
    """What the editor shows of a track in a frame, as its source has it; None for nothing."""
    value = one["value"]
    sequence = sorted(value["sequence"], key=lambda item: item["frame"])
    past = [item for item in sequence if item["frame"] <= frame]
    if not past or (not past[-1]["enabled"] and past[-1]["frame"] != frame):
        return None
    if frame > max(value["framesCount"], sequence[-1]["frame"]):
        return None
    here, later = past[-1], next((item for item in sequence if item["frame"] > frame), past[-1])
    part = (frame - here["frame"]) / ((later["frame"] - here["frame"]) or 1)
    x, y, width, height = (here[n] + (later[n] - here[n]) * part for n in NAMES)
    turn = math.remainder(later["rotation"] - here["rotation"], 360)
    box = affinity.scale(shapely.box(x, y, x + width, y + height), 16, 9, origin=(0, 0))
    return affinity.rotate(box, here["rotation"] + turn * part, origin=(16 * x, 9 * y))


NAMES = ("x", "y", "width", "height")


@settings(deadline=None)
@given(regions, regions)
def test_tracks_overlap_as_frame_by_frame_in_shapely(a: Any, b: Any) -> None:
    """All that is common over all that is covered, in every frame of the video."""
    both = [[drawn(one, frame) or shapely.Polygon() for one in (a, b)] for frame in range(15)]
    common = sum(one.intersection(other).area for one, other in both)
    covered = sum(one.union(other).area for one, other in both)
    b["value"]["labels"] = a["value"]["labels"]
    ours = 1 - video.KIND.distance(TRACKS, tracks(a), tracks(b))
    assert ours == pytest.approx(common / covered, abs=1e-5)


def test_a_track_that_ends_early_lacks_the_rest() -> None:
    """Five of ten frames in common, in the same place."""
    whole, half = tracks(region(key(1, 5))), tracks(region(key(1, 5), key(5, 5, enabled=False)))
    assert video.KIND.distance(TRACKS, whole, half) == pytest.approx(1 - 5 / 10)


def test_a_box_between_keyframes_is_where_a_keyframe_would_be() -> None:
    """A keyframe on the straight line between two changes nothing."""
    two, three = region(key(1, 5), key(9, 45)), region(key(1, 5), key(5, 25), key(9, 45))
    assert video.KIND.distance(TRACKS, tracks(two), tracks(three)) == pytest.approx(0)


def test_labels_stand_against_each_other() -> None:
    """The same track is the same thing, whatever it is called."""
    a, b = tracks(region(key(1, 5))), tracks(region(key(1, 5), label="b"))
    assert video.KIND.distance(TRACKS, a, b) == 1
    assert video.KIND.pairs(TRACKS, a, b) == [("a", "b")]
    assert video.KIND.counts(TRACKS, a, a, 1.0) == (1, 1, 1)


def test_labels_are_those_of_the_control_beside() -> None:
    """Labels of the same video are no control of their own: the tracks hold and check them."""
    beside = '<Labels name="l" toName="v"><Label value="a"/><Label value="b"/></Labels>'
    config = label_configs.parse(
        f'<View><Video name="v" value="$v"/><VideoRectangle name="c" toName="v"/>{beside}</View>'
    )
    assert [control.name for control in config.controls] == ["c"]
    result = [region(key(1, 5), label="b") | {"from_name": "c"}]
    assert label_configs.read(config, result) == {"c": tracks(*result)}
    result[0]["value"]["labels"] = ["d"]
    with pytest.raises(Malformed, match="'d', which the label config does not know"):
        label_configs.read(config, result)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (region(), "no sequence"),
        (region() | {"value": {}}, "no sequence"),
        (region(3), "no keyframe"),
        (region(key(1, math.nan)), "x is nan"),
        (region(key(1, 5, width=0)), "no area"),
        (region(key(1, 500)), "outside of the video"),
        (region(key(1, 5, width=1e300)), "outside of the video"),
        (region(key(1.5, 5)), "frame is 1.5"),
        (region(key(-1, 5)), "frame is -1"),
        (region(key(None, 5)), "frame is None"),
        (region(key(10**9, 5)), "frame is 1e[+]09"),
        (region(key(1, 5), frames=10**9), "framesCount is 1e[+]09"),
        (region(key(1, 5), key(1, 6)), "of the same frame"),
        (region(key(1, 5, enabled="no")), "enabled is 'no'"),
        (region(key(1, 5, rotation="x")), "rotation is 'x'"),
        (region(key(1, 5), label=3), "not a list of labels"),  # type: ignore[arg-type]
        (region(key(1, 5), type="labels"), "type 'labels'"),
    ],
)
def test_what_cannot_be_read_is_named(wrong: dict[str, Any], message: str) -> None:
    """Each malformed region says what is wrong, and which it is."""
    with pytest.raises(Malformed, match=message) as caught:
        tracks(region(key(1, 5)), wrong)
    assert caught.value.region == "r1"


def test_turns_without_end_can_be_compared() -> None:
    """Degrees far beyond a full turn overflow nothing."""
    one, other = (
        tracks(region(key(1, 5, rotation=1e308), key(5, 5, rotation=-1e308))),
        tracks(region(key(1, 5))),
    )
    assert 0 <= video.KIND.distance(TRACKS, one, other) <= 1


@pytest.mark.parametrize("frames", [None, 0])
def test_a_track_of_unknown_length_goes_on_as_the_other(frames: Any) -> None:
    """A model's region without framesCount is that of a person who drew the same."""
    drawn, proposed = (
        tracks(region(key(1, 5), frames=100)),
        tracks(region(key(1, 5), frames=frames)),
    )
    assert video.KIND.distance(TRACKS, drawn, proposed) == 0
    assert video.KIND.distance(TRACKS, proposed, drawn) == 0
    assert video.KIND.read(TRACKS, video.KIND.write(TRACKS, proposed), None) == proposed
