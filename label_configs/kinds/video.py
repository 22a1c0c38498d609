"""Values of VideoRectangle: a sorted tuple of tracks of boxes through the frames of a video.

Label Studio stores keyframes. Between two of them a box moves in a straight line, its angle the
shorter way round; after the last it stays, to the end of the video; what does not say where that
is lasts as long as what it is compared with. A track can be seen from its first keyframe on, but
not between a keyframe that is not enabled and the next.

Two tracks are as similar as what is common to them over what either covers, in all frames together
(Yang, Fan & Xu 2019, doi:10.1109/ICCV.2019.00529, section 3). As Label Studio does not store how
wide and high a video is, boxes that are turned are compared as if it were 16 to 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from label_configs.kinds import geometry
from label_configs.kinds.aligned import Aligned
from label_configs.kinds.kind import Region
from label_configs.kinds.regions import (
    Labels,
    Place,
    fail,
    finite,
    labels_of,
    numbers,
    place_of,
    size_of,
    value_of,
    written,
)
from label_configs.kinds.shapes import REACH, SLACK, THINNEST
from label_configs.parse import Control

#: Frames of a video: two hours at 30 a second.
MOST_FRAMES = 216_000
#: Height over width of a video.
ASPECT = 9 / 16

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Keyframe(NamedTuple):
    """Where a box is in one frame, in percent of the frame's sides; turned clockwise by degrees."""

    frame: int
    x: float
    y: float
    width: float
    height: float
    rotation: float
    #: Whether the box can be seen from here to the next keyframe.
    enabled: bool


@dataclass(frozen=True, order=True)
class Track:
    """A box that moves through a video."""

    place: Place
    #: Sorted.
    labels: Labels
    #: In the order of their frames, no two of the same frame.
    keyframes: tuple[Keyframe, ...]
    #: The last frame of the video.
    last: int
    #: Height over width of the video.
    aspect: float = ASPECT
    #: Whether `last` is told; else it is the last keyframe's, and the video may go on.
    ends: bool = True
    #: Seconds that the video takes; no part of what the track says.
    duration: float = field(default=0.0, compare=False)


class _Boxes(NamedTuple):
    """A track frame by frame."""

    #: (n,) rising: those in which it can be seen.
    frames: IntArray
    #: (n, 4) left, top, width, height before the box is turned.
    boxes: Array
    #: (n,) degrees.
    rotation: Array


def _track(control: Control, region: Region) -> Track:
    value = value_of(control, region)
    sequence = value.get("sequence")
    if not isinstance(sequence, list) or not sequence:
        fail(region, "it has no sequence of keyframes")
    keyframes = tuple(sorted(_keyframe(region, one) for one in sequence))
    if len({one.frame for one in keyframes}) < len(keyframes):
        fail(region, "two of its keyframes are of the same frame")
    size = size_of(region)
    frames = _count(region, "framesCount", value.get("framesCount") or 0)
    return Track(
        place_of(region, control.to_name[0]),
        labels_of(control, region, value),
        keyframes,
        max(frames, keyframes[-1].frame),
        ASPECT if size is None else size[1] / size[0],
        frames > 0,
        # The interface stores none where it could not load the video.
        duration=finite(region, "duration", value.get("duration") or 0),
    )


def _keyframe(region: Region, one: Any) -> Keyframe:
    if not isinstance(one, dict):
        fail(region, "its sequence holds something that is no keyframe")
    x, y, width, height = numbers(region, one, ("x", "y", "width", "height"))
    if min(width, height) < THINNEST:
        fail(region, f"it has no area: its sides are {width:g} and {height:g} percent")
    centre = np.array([x + width / 2, y + height / 2])
    if max(width, height) > 100 + 2 * REACH or (np.abs(centre - 50) > 50 + REACH + SLACK).any():
        fail(region, f"it lies outside of the video: at {x:g}, {y:g} percent")
    rotation = finite(region, "rotation", one.get("rotation") or 0.0)
    enabled = one.get("enabled", True)
    if not isinstance(enabled, bool):
        fail(region, f"a keyframe's enabled is {enabled!r}, not true or false")
    frame = _count(region, "frame", one.get("frame"))
    return Keyframe(frame, x, y, width, height, rotation, enabled)


def _count(region: Region, name: str, found: object) -> int:
    number = finite(region, name, found)
    if not number.is_integer() or not 0 <= number <= MOST_FRAMES:
        fail(region, f"its {name} is {number:g}: it must be a whole number, 0 to {MOST_FRAMES}")
    return int(number)


def _region(control: Control, track: Track) -> Region:
    # The editor derives the time of a frame from the video's rate.
    seconds = track.duration / track.last if track.last else 0.0
    sequence = [one._asdict() | {"time": one.frame * seconds} for one in track.keyframes]
    made: dict[str, Any] = {"duration": track.duration, "sequence": sequence}
    if track.ends:
        made["framesCount"] = track.last
    return written(control, track.place, track.labels, None, made)


def similarity(tracks: Sequence[Track], left: IntArray, right: IntArray) -> Array:
    """The IoU of tracks[left[k]] and tracks[right[k]] over all frames, (n,) in [0, 1]."""
    found = (_iou(tracks[i], tracks[j]) for i, j in zip(left, right, strict=True))
    return np.fromiter(found, np.float64, len(left))


def _iou(one: Track, other: Track) -> float:
    if one == other:
        return 1.0
    last = max(one.last, other.last)
    a, b = _boxes(_until(one, last)), _boxes(_until(other, last))
    _, i, j = np.intersect1d(a.frames, b.frames, assume_unique=True, return_indices=True)
    common = geometry.box_intersections(a.boxes[i], b.boxes[j])
    for k in np.flatnonzero(a.rotation[i] % 360 + b.rotation[j] % 360):
        paths = (_path(a, i[k], one.aspect), _path(b, j[k], other.aspect))
        common[k] = geometry.polygon_intersection(min(paths), max(paths))
    shared = float(common.sum())
    covered = float(_covered(a) + _covered(b)) - shared
    return min(shared / covered, 1.0)


def _until(track: Track, last: int) -> Track:
    """The track to the end of the video, which another track of it may know."""
    return track if track.ends or track.last == last else replace(track, last=last)


def _covered(boxes: _Boxes) -> Any:
    return (boxes.boxes[:, 2] * boxes.boxes[:, 3]).sum()


def _path(boxes: _Boxes, k: int, aspect: float) -> geometry.Path:
    x, y, width, height = boxes.boxes[k].tolist()
    return geometry.path(geometry.rectangle(x, y, width, height, boxes.rotation[k], aspect))


@lru_cache(maxsize=16)
def _boxes(track: Track) -> _Boxes:
    """The track frame by frame."""
    keys = track.keyframes
    ends = [*(one.frame for one in keys[1:]), track.last + 1]
    seen = [
        np.arange(one.frame, end if one.enabled else one.frame + 1)
        for one, end in zip(keys, ends, strict=True)
    ]
    frames = np.concatenate(seen)
    table = np.array([one[1:6] for one in keys])
    # Each turn the shorter way round.
    table[:, 4] %= 360
    turns = (np.diff(table[:, 4]) + 180) % 360 - 180
    table[1:, 4] = table[0, 4] + np.cumsum(turns)
    at = [one.frame for one in keys]
    columns = np.stack([np.interp(frames, at, column) for column in table.T], axis=1)
    return _Boxes(frames, columns[:, :4], columns[:, 4])


KIND = Aligned(_track, _region, similarity)
