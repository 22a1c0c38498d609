"""Sequences side by side, so that many are computed at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """Some of the sequences, from the longest to the shortest, none of them empty."""

    #: Their numbers, (n,), and lengths, (n,).
    sequences: Ints
    lengths: Ints
    #: Of each of their tokens, one sequence after the other: its row among all tokens, its step,
    #: and which of the batch's sequences it belongs to, each (tokens,).
    rows: Ints
    steps: Ints
    columns: Ints

    def spread(self, values: npt.NDArray[np.floating]) -> Floats:
        """Values of all tokens (tokens, k) as an array (t, n, k), 0 where there is no token."""
        shape = (int(self.lengths.max()), len(self.lengths), values.shape[1])
        found = np.zeros(shape)
        found[self.steps, self.columns] = values
        return found


def batch_of(chosen: Ints, lengths: Ints) -> Batch:
    """A batch of these sequences.

    Args:
        chosen: numbers of sequences that are not empty.
        lengths: of all sequences.
    """
    order = chosen[np.argsort(-lengths[chosen], kind="stable")]
    own = lengths[order]
    steps = np.arange(int(own.sum())) - np.repeat(np.cumsum(own) - own, own)
    starts = (np.cumsum(lengths) - lengths)[order]
    columns = np.repeat(np.arange(len(order)), own)
    return Batch(order, own, np.repeat(starts, own) + steps, steps, columns)


def by_length(lengths: Ints, tokens: int) -> Iterator[Batch]:
    """All sequences but empty ones, those of similar length together.

    Args:
        lengths: of all sequences.
        tokens: the most tokens of a batch, counting the space behind short sequences too.
    """
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    while len(order):
        many = max(tokens // int(lengths[order[0]]), 1)
        yield batch_of(order[:many], lengths)
        order = order[many:]


def shuffled(lengths: Ints, size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """All sequences but empty ones in batches of so many, in a random order.

    Within stretches of that order those of similar length come together, which saves space.
    """
    order = rng.permutation(np.flatnonzero(lengths > 0))
    stretch = 16 * size
    chunks = [
        part[np.argsort(lengths[part], kind="stable")][at : at + size]
        for first in range(0, len(order), stretch)
        for part in [order[first : first + stretch]]
        for at in range(0, len(part), size)
    ]
    for i in rng.permutation(len(chunks)):
        yield batch_of(chunks[i], lengths)
