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

from label_configs.kinds import rle
from label_configs.kinds.aligned import Aligned
from label_configs.kinds.kind import Region
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


def _mask(control: Control, region: Region) -> Mask:
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


def _region(control: Control, one: Mask) -> Region:
    sent = rle.encode(_unpacked(one), one.size[0] * one.size[1])
    made = {"format": "rle", "rle": list(sent)}
    return written(control, one.place, one.labels, one.size, made)


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


KIND = Aligned(_mask, _region, similarity)
