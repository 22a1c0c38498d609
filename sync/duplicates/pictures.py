"""Pictures that look nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: From this correlation of their pixels on, two small grey pictures are near-duplicates. Of
#: scikit-learn's handwritten digits, drawn by many hands, no two different ones reach it; copies
#: that are scaled, compressed anew or darkened do.
CORRELATION = 0.985
#: Pairs that are compared in one go.
_AT_ONCE = 4_000_000


def similar_pictures(
    pictures: Sequence[FloatArray | None], against: Sequence[FloatArray | None]
) -> dict[int, int]:
    """Place of each picture that looks like one of the others, to the place of the most similar.

    Pearson's correlation sees neither brightness nor contrast, and small pictures neither size nor
    compression.

    Args:
        pictures: the lightness of each pixel of a picture shrunk to some 16 by 16, flattened; all
            of one size. None and even pictures resemble nothing.
        against: the others.
    """
    left, places = _centred(pictures)
    right, others = _centred(against)
    if not len(left) or not len(right):
        return {}
    found: dict[int, int] = {}
    step = max(_AT_ONCE // len(right), 1)
    for start in range(0, len(left), step):
        alike = left[start : start + step] @ right.T
        best = alike.argmax(axis=1)
        for row in np.flatnonzero(alike.max(axis=1) >= CORRELATION):
            found[places[start + row]] = others[best[row]]
    return found


def _centred(pictures: Sequence[FloatArray | None]) -> tuple[FloatArray, list[int]]:
    """Those that show something, each with mean 0 and length 1, and their places."""
    places = [i for i, picture in enumerate(pictures) if picture is not None and np.ptp(picture)]
    if not places:
        return np.zeros((0, 0)), []
    rows = np.array([pictures[i] for i in places], dtype=np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), places
