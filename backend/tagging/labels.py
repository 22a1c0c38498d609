"""The labels of tokens: outside (0), the beginning of a span, or its inside.

Ramshaw & Marcus 1995 (IOB2): of m kinds of spans, 1 + i begins one of kind i and 1 + m + i goes on
with it, which may only stand behind these two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
#: First token, the one behind the last, and the kind.
Stretch = tuple[int, int, int]


def count(kinds: int) -> int:
    """How many labels there are for so many kinds of spans."""
    return 1 + 2 * kinds


def forbidden(kinds: int) -> tuple[Floats, Floats]:
    """What may follow what, (k, k), and what may begin, (k,): 0 where it may, else -inf."""
    follow, begin = np.zeros((count(kinds), count(kinds))), np.zeros(count(kinds))
    begin[1 + kinds :] = -np.inf
    follow[:, 1 + kinds :] = -np.inf
    for i in range(kinds):
        follow[[1 + i, 1 + kinds + i], 1 + kinds + i] = 0
    return follow, begin


def encoded(length: int, stretches: Sequence[Stretch], kinds: int) -> Ints:
    """The labels of a sequence's tokens, (length,).

    Args:
        length: how many tokens there are.
        stretches: spans, the first of which win where they overlap.
        kinds: how many kinds of spans there are.
    """
    found = np.zeros(length, dtype=np.int64)
    for first, end, kind in stretches:
        if not found[first:end].any():
            found[first:end] = 1 + kinds + kind
            found[first] = 1 + kind
    return found


def decoded(labels: Ints, kinds: int) -> Iterator[Stretch]:
    """The spans of a valid sequence of labels, in order."""
    first = -1
    for at, label in enumerate([*labels.tolist(), 0]):
        if first >= 0 and label <= kinds:
            yield first, at, int(labels[first]) - 1
            first = -1
        if 0 < label <= kinds:
            first = at
