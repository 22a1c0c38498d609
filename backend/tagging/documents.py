"""Texts as sequences of tokens, and spans of characters as stretches of tokens."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from backend.tagging import labels
from backend.tagging.features import features
from backend.tagging.learner import Sequences
from backend.tagging.tokens import tokens

#: First character, the one behind the last, and the kind of span.
Mark = tuple[int, int, int]
#: Start and end of a token.
Token = tuple[int, int]

#: Characters of a text that are looked at.
LONGEST = 100_000
#: Tokens of a sequence: one that is longer is cut, where it can be behind a sentence.
_FEWEST, _MOST = 120, 200
_STOPS = frozenset(".!?。！？।؟…;")


@dataclass(frozen=True)
class Document:
    """A text."""

    text: str
    #: Its tokens by sequence; a span lies in one sequence.
    sequences: list[list[Token]]

    def words(self) -> Iterator[list[str]]:
        """The words of each sequence."""
        for sequence in self.sequences:
            yield [self.text[start:end] for start, end in sequence]


@dataclass(frozen=True)
class Labelled:
    """A text with all that is to be marked in it."""

    document: Document
    marks: frozenset[Mark] = field(default_factory=frozenset)
    #: How much it counts, above 0.
    weight: float = 1.0


def document(text: str, starts: Sequence[int] = (0,), *, apart: bool = False) -> Document:
    """The tokens of a text.

    A sequence ends with a blank line, and after some hundred tokens.

    Args:
        text: the text, of which the first `LONGEST` characters are looked at.
        starts: where parts begin that no token reaches across, sorted.
        apart: whether no span reaches across them either.
    """
    text = text[:LONGEST]
    cuts = sorted({0, *(start for start in starts if start < len(text)), len(text)})
    sequences: list[list[Token]] = [[]]
    for first, end in pairwise(cuts):
        for start, stop in tokens(text[first:end]):
            begun = sequences[-1]
            between = text[begun[-1][1] : first + start] if begun else ""
            if begun and (between.count("\n") > 1 or _long(begun, text)):
                sequences.append([])
            sequences[-1].append((first + start, first + stop))
        if apart and sequences[-1]:
            sequences.append([])
    return Document(text, [sequence for sequence in sequences if sequence])


def _long(sequence: Sequence[Token], text: str) -> bool:
    return len(sequence) >= _MOST or (
        len(sequence) >= _FEWEST and text[sequence[-1][1] - 1] in _STOPS
    )


def sequences(given: Sequence[Labelled], kinds: int) -> Sequences:
    """All sequences of the texts with their labels, to learn from.

    Labels cannot say that spans overlap: the longest is taken, of equals the first. A span that
    begins or ends inside a token is widened to the whole token, and one that reaches across
    sequences is left out.
    """
    words = [sequence for one in given for sequence in one.document.words()]
    found = [
        labels.encoded(len(sequence), list(_stretches(sequence, one.marks)), kinds)
        for one in given
        for sequence in one.document.sequences
    ]
    weight = [one.weight for one in given for _ in one.document.sequences]
    counted = np.array(weight, dtype=np.float64)
    return Sequences(
        features(words),
        np.array([len(sequence) for sequence in words], dtype=np.int64),
        np.concatenate([*found, np.zeros(0, dtype=np.int64)]),
        counted / max(counted.mean(), 1e-9) if len(counted) else counted,
        kinds,
    )


def _stretches(sequence: list[Token], marks: frozenset[Mark]) -> Iterator[labels.Stretch]:
    """The marks of a sequence by its tokens, the longest first."""
    begins, ends = [start for start, _ in sequence], [end for _, end in sequence]
    for start, end, kind in sorted(marks, key=lambda m: (m[0] - m[1], m)):
        first, behind = bisect_right(ends, start), bisect_left(begins, end)
        if first < behind and start >= begins[0] and end <= ends[-1]:
            yield first, behind, kind
