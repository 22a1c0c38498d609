"""Label Studio's run lengths of brush masks, to and from runs of painted pixels.

The format is that of @thi.ng/rle-pack: a stream of bits, high bits first, with a header (32 bits:
count of values; 5: bits of a value, less one; 4 times 4: bits of each of four sizes, less one) and
then records of a bit (1: one value that repeats, 0: values one by one), two bits (which size),
the count of values less one in that size, and the value or values. The values are red, green, blue
and alpha of each pixel, row by row; a pixel is painted where alpha is not 0, as in the editor.

A run is a pair of pixel numbers, the first that is painted and the first that is not again. Nothing
here takes memory for the pixels that a mask claims to have, only for what is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: What the editor's encoder writes: bits of a value, and of the four sizes.
_WORD, _SIZES = 8, (3, 4, 8, 16)
#: Pixels that a mask can have: the count of values has 32 bits.
MOST_PIXELS = 2**30 - 1


class _Bits:
    """Whole numbers from a stream of bits."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.end = data, 0, 8 * len(data)

    def read(self, size: int) -> int:
        """The next `size` bits."""
        first, self.at = self.at, self.at + size
        if self.at > self.end:
            raise ValueError("it ends too early")
        whole = int.from_bytes(self.data[first >> 3 : (self.at + 7) >> 3], "big")
        return whole >> (-self.at & 7) & ((1 << size) - 1)

    def any_of(self, count: int, size: int) -> BoolArray:
        """Which of the next `count` numbers of `size` bits are not 0, (count,)."""
        first, self.at = self.at, self.at + count * size
        if self.at > self.end:
            raise ValueError("it ends too early")
        part = np.frombuffer(self.data, np.uint8, ((self.at + 7) >> 3) - (first >> 3), first >> 3)
        bits = np.unpackbits(part)[first & 7 :][: count * size]
        return np.asarray(bits.reshape(count, size).any(axis=1))


class _Runs:
    """Runs that grow at their end."""

    def __init__(self) -> None:
        self.bounds: list[int] = []

    def add(self, start: int, end: int) -> None:
        """One more run, at or after the end of the last."""
        if end <= start:
            return
        if self.bounds and self.bounds[-1] == start:
            self.bounds[-1] = end
        else:
            self.bounds += (start, end)


def decode(data: bytes, pixels: int) -> IntArray:
    """The runs of a mask of so many pixels, (2 n,): start and end of each in turn, rising.

    Raises:
        ValueError: the data is of another number of pixels, or ends too early.
    """
    bits, runs = _Bits(data), _Runs()
    count = bits.read(32)
    if count != 4 * pixels:
        raise ValueError(f"it has {count} values, and the image has 4 for each of {pixels} pixels")
    word = bits.read(5) + 1
    sizes = [bits.read(4) + 1 for _ in range(4)]
    at = 0
    while at < count:
        record = bits.read(3)
        end = at + 1 + bits.read(sizes[record & 3])
        if end > count:
            raise ValueError("it holds more values than it says")
        # Alpha is the last of the four values of a pixel, so a pixel counts where it ends.
        if record & 4:
            if bits.read(word):
                runs.add(at >> 2, end >> 2)
        else:
            alpha = bits.any_of(end - at, word)[3 - (at & 3) :: 4]
            for start, stop in of_mask(alpha).reshape(-1, 2).tolist():
                runs.add((at >> 2) + start, (at >> 2) + stop)
        at = end
    return np.array(runs.bounds, dtype=np.int64)


def of_mask(mask: BoolArray) -> IntArray:
    """The runs of a mask that is given pixel by pixel, (pixels,)."""
    edges = np.diff(mask.astype(np.int8), prepend=0, append=0)
    runs: IntArray = np.flatnonzero(edges)
    return runs


def encode(runs: IntArray, pixels: int) -> bytes:
    """The data of a mask whose painted pixels are white and opaque, the others black and clear."""
    head = [f"{4 * pixels:032b}", f"{_WORD - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    bounds = [0, *runs.tolist(), pixels]
    records = [
        record
        for k, (start, end) in enumerate(pairwise(bounds))
        for record in _records(4 * (end - start), 255 * (k % 2))
    ]
    text = "".join([*head, *records])
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _records(length: int, value: int) -> Sequence[str]:
    """Records of a value that repeats, each in the smallest size that holds its length."""
    most = 1 << _SIZES[-1]
    parts = [most] * (length // most) + [length % most] * (length % most > 0)
    found = []
    for part in parts:
        which = next(k for k, size in enumerate(_SIZES) if part <= 1 << size)
        found.append(f"1{which:02b}{part - 1:0{_SIZES[which]}b}{value:0{_WORD}b}")
    return found


def area(runs: IntArray) -> int:
    """Painted pixels."""
    return int((runs[1::2] - runs[::2]).sum())


def common(a: IntArray, b: IntArray) -> int:
    """Pixels that are painted in both."""
    if not len(a) or not len(b) or a[-1] <= b[0] or b[-1] <= a[0]:
        return 0
    before = _painted_before(a, b)
    return int((before[1::2] - before[::2]).sum())


def _painted_before(runs: IntArray, pixels: IntArray) -> IntArray:
    """How many painted pixels come before each of these, (n,)."""
    passed = np.searchsorted(runs, pixels, "right")
    whole = np.concatenate([[0], np.cumsum(runs[1::2] - runs[::2])])[passed // 2]
    begun = np.where(passed % 2, pixels - runs[passed - 1], 0)
    before: IntArray = whole + begun
    return before
