"""Values of brush masks on images: a sorted tuple of masks.

Two masks are as similar as their intersection over union (Jaccard 1912), counted in pixels. Masks
of images of different sizes have nothing in common. A mask is kept as its runs of painted pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from label_configs.kinds import alignment, rle
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.regions import (
    Labels,
    Place,
    Size,
    fail,
    labels_of,
    place_of,
    size_of,
    value_of,
    written,
)
from label_configs.parse import Control

METRIC = False
SCALE = ""

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True, slots=True)
class Mask:
    """Painted pixels of an image."""

    place: Place
    #: Sorted.
    labels: Labels
    #: Width and height of the image in pixels.
    size: Size
    #: Start and end of each run of painted pixels, row by row, as little-endian 32-bit numbers.
    runs: bytes


Value = tuple[Mask, ...]


def obstacle(control: Control) -> str:
    """What keeps the control's values from being compared; empty where nothing does."""
    del control
    return ""


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The masks in order; None where there are none."""
    del data
    return tuple(sorted(mask(control, region) for region in regions)) or None


def mask(control: Control, region: Region) -> Mask:
    """The mask that a region holds.

    Raises:
        Malformed: it holds none, or none that fits the image.
    """
    value = value_of(control, region)
    size = size_of(region)
    if size is None:
        fail(region, "its original_width and original_height are not given")
    if size[0] * size[1] > rle.MOST_PIXELS:
        fail(region, f"its image has {size[0]} x {size[1]} pixels: {rle.MOST_PIXELS} are the most")
    labels = labels_of(control, region, value)
    runs = _runs(region, value, size[0] * size[1]).astype("<u4").tobytes()
    return Mask(place_of(region, control.to_name[0]), labels, size, runs)


def _runs(region: Region, value: dict[str, Any], pixels: int) -> IntArray:
    sent = value.get("rle")
    if value.get("format", "rle") != "rle" or not isinstance(sent, list):
        fail(region, "it holds no mask in run lengths")
    try:
        runs = rle.decode(bytes(sent), pixels)
    except (TypeError, ValueError) as error:
        fail(region, f"its run lengths cannot be read: {error}")
    if not len(runs):
        fail(region, "it has no area: nothing is painted")
    return runs


def write(control: Control, value: Value) -> list[Region]:
    """A region for each mask."""
    return [_region(control, one) for one in value]


def _region(control: Control, one: Mask) -> Region:
    sent = rle.encode(_unpacked(one), one.size[0] * one.size[1])
    made = {"format": "rle", "rle": list(sent)}
    return written(control, one.place, one.labels, one.size, made)


def distance(control: Control, a: Value, b: Value) -> float:
    """How far two values are apart; see `label_configs.kinds.alignment`."""
    return float(distances(control, [a], [b])[0])


def distances(control: Control, a: Sequence[Value], b: Sequence[Value]) -> Array:
    """How far a[k] and b[k] are apart, (n,)."""
    del control
    return alignment.distances(a, b, similarity)


def counts(control: Control, a: Value, b: Value, overlap: float) -> tuple[int, int, int]:
    """Masks matched at the same place with the same labels and this IoU or more; |a|; |b|."""
    del control
    return alignment.counts(a, b, overlap, similarity)


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """Labels of masks with an IoU of a half or more against each other."""
    return alignment.pairs(control, a, b, similarity)


def category(control: Control, value: Value) -> None:
    """None: masks are no categories."""
    del control, value


def similarity(masks: Sequence[Mask], left: IntArray, right: IntArray) -> Array:
    """The IoU of masks[left[k]] and masks[right[k]], (n,) in [0, 1]."""
    runs = list(map(_unpacked, masks))
    areas = np.array([rle.area(one) for one in runs], dtype=np.float64)
    same = [masks[i].size == masks[j].size for i, j in zip(left, right, strict=True)]
    shared = np.zeros(len(left))
    for k in np.flatnonzero(same):
        shared[k] = rle.common(runs[left[k]], runs[right[k]])
    ious: Array = shared / (areas[left] + areas[right] - shared)
    return ious


def _unpacked(one: Mask) -> IntArray:
    return np.frombuffer(one.runs, "<u4").astype(np.int64)
