"""Pictures that look nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

#: Rows and columns that a picture is shrunk to, and bits of 64 that two hashes may differ in.
_ROWS, _COLUMNS, DIFFERENT_BITS = 8, 9, 6
#: A picture whose lightness spreads less than this share of its range shows nothing.
_FLAT = 0.02


def picture_hash(grey: npt.NDArray[np.floating]) -> int | None:
    """64 bits that say where a picture gets lighter from left to right; None for an even one.

    The difference hash of Krawetz, "Kind of Like That", 2013: it stays nearly the same when a
    picture is scaled, compressed anew, or made lighter or darker.

    Args:
        grey: lightness of each pixel, shape (height, width), on any scale.
    """
    small = _shrunk(np.asarray(grey, dtype=np.float64))
    spread = float(small.max() - small.min())
    if spread <= _FLAT * max(abs(float(small.max())), 1e-9):
        return None
    bits = (small[:, 1:] > small[:, :-1]).ravel()
    return int("".join("1" if bit else "0" for bit in bits), 2)


def _shrunk(grey: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means over the cells of a grid of 8 by 9."""
    if grey.shape[0] < _ROWS or grey.shape[1] < _COLUMNS:
        grey = grey.repeat(_ROWS, axis=0).repeat(_COLUMNS, axis=1)
    rows = np.array_split(np.arange(grey.shape[0]), _ROWS)
    columns = np.array_split(np.arange(grey.shape[1]), _COLUMNS)
    return np.array([[grey[np.ix_(r, c)].mean() for c in columns] for r in rows])


def similar_pictures(hashes: Sequence[int | None], against: Sequence[int | None]) -> dict[int, int]:
    """Place of each picture that looks like one of the others, to the place of that one.

    Args:
        hashes: as `picture_hash` gives them.
        against: the others; None on either side resembles nothing.
    """
    known = [(of, other) for of, other in enumerate(against) if other is not None]
    if not known:
        return {}
    others = np.array([other for _, other in known], dtype=np.uint64)
    found: dict[int, int] = {}
    for index, own in enumerate(hashes):
        if own is not None:
            apart = np.bitwise_count(others ^ np.uint64(own))
            if apart.min() <= DIFFERENT_BITS:
                found[index] = known[int(apart.argmin())][0]
    return found
