"""What tells images apart: outlines and colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

Array = npt.NDArray[np.float32]

#: Sides in pixels: of the image that is looked at, of a cell of outlines, of a patch of colour.
SIDE, _CELL, _PATCH = 64, 8, 16
#: Directions of outlines, and levels of each colour.
_DIRECTIONS, _LEVELS = 9, 4
#: The least length of a block of directions, so that noise on a plain ground stays small.
_QUIET = 0.1
#: Weights of red, green and blue in grey (ITU-R BT.601).
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
#: Where each sort of number begins, and where the last one ends.
SORTS = tuple(
    np.cumsum(
        [
            0,
            (SIDE // _CELL - 1) ** 2 * 4 * _DIRECTIONS,
            _LEVELS**3,
            3 * (SIDE // _PATCH) ** 2,
        ]
    ).tolist()
)


def features(image: Image.Image) -> Array:
    """The numbers of one image, shape (SORTS[-1],): three sorts, each in [0, 1].

    Histograms of oriented gradients (Dalal & Triggs, "Histograms of Oriented Gradients for Human
    Detection", 2005: 9 directions, blocks of 2 x 2 cells clipped at 0.2), the root of the colour
    histogram, and the mean colours of a grid.
    """
    rgb = _small(image)
    grey: Array = rgb @ _LUMA
    patches = SIDE // _PATCH
    grid = rgb.reshape(patches, _PATCH, patches, _PATCH, 3).mean(axis=(1, 3))
    parts = [_outlines(grey).ravel(), _colours(rgb), grid.ravel()]
    whole: Array = np.concatenate(parts).astype(np.float32)
    return whole


def _small(image: Image.Image) -> Array:
    """The image as it is shown, on white, as values in [0, 1], shape (SIDE, SIDE, 3)."""
    # A large JPEG is decoded to a smaller size at once.
    image.draft("RGB", (2 * SIDE, 2 * SIDE))
    image = ImageOps.exif_transpose(image)
    if image.mode in ("P", "PA", "LA", "RGBA") or "transparency" in image.info:
        over = image.convert("RGBA")
        image = Image.new("RGBA", over.size, "white")
        image.alpha_composite(over)
    if image.mode.startswith("I") or image.mode == "F":
        image = _scaled(image)
    small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    values: Array = np.asarray(small, np.float32) / np.float32(255)
    return values


def _scaled(image: Image.Image) -> Image.Image:
    """An image of more than 8 bits, such as a scan, from its darkest to its lightest value."""
    values = np.asarray(image.resize((SIDE, SIDE)), np.float64)
    low, high = float(values.min()), float(values.max())
    return Image.fromarray(((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))


def _outlines(grey: Array) -> Array:
    """Shape (cells - 1, cells - 1, 4 * directions)."""
    padded = np.pad(grey, 1, mode="edge")
    across = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    strength = np.hypot(across, down)
    # Which side is lighter does not matter, so directions are of half a turn.
    place = (np.arctan2(down, across) / np.pi % 1.0) * _DIRECTIONS
    first = np.floor(place).astype(np.int64) % _DIRECTIONS
    rest = (place - np.floor(place)).astype(np.float32)
    cells = SIDE // _CELL
    of = np.arange(SIDE) // _CELL
    cell = (of[:, None] * cells + of[None, :]) * _DIRECTIONS
    counts = np.zeros(cells * cells * _DIRECTIONS)
    for direction, share in ((first, 1 - rest), ((first + 1) % _DIRECTIONS, rest)):
        bins = (cell + direction).ravel()
        counts += np.bincount(bins, (strength * share).ravel(), minlength=len(counts))
    grid = counts.reshape(cells, cells, _DIRECTIONS)
    found: Any = np.concatenate(
        [grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]], axis=2
    )
    for clip in (0.2, 1.0):
        length = np.sqrt((found**2).sum(axis=2, keepdims=True) + _QUIET**2)
        found = np.minimum(found / length, clip)
    return np.asarray(found, np.float32)


def _colours(rgb: Array) -> Array:
    """The root of the share of the pixels in each cube of colours, shape (levels ** 3,)."""
    level = np.minimum((rgb * _LEVELS).astype(np.int64), _LEVELS - 1)
    bins = level @ np.array([_LEVELS**2, _LEVELS, 1])
    shares = np.bincount(bins.ravel(), minlength=_LEVELS**3) / bins.size
    roots: Array = np.sqrt(shares).astype(np.float32)
    return roots
