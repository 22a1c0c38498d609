"""Which texts say nearly the same as one of a few others, and how that was seen.

Four measures, from the strictest to the loosest:

- `exact`: the same words in the same order, whatever their case, marks and punctuation.
- `words`: at least half of all different pairs of neighbouring words are common (the index of
  Jaccard, 1912, on shingles as in Broder, "On the Resemblance and Containment of Documents", 1997).
- `containment`: nine tenths of the one text's pairs of words occur in the other.
- `letters`: of the characters of the longer text, at most 15% would have to be edited (Levenshtein,
  1966), and the numbers in both are the same. Only for short texts: pairs of words say little
  about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sync.duplicates.normal import letters, word_pairs, words
from sync.duplicates.sets import overlaps

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

#: Words that a text needs for its pairs of words to say enough; a shorter one is short.
FEWEST_WORDS = 8
#: Characters that a short text needs, so that one edit is not a large part of it.
FEWEST_LETTERS = 8
#: From these similarities on, texts are near-duplicates.
JACCARD, CONTAINMENT, EDITS = 0.5, 0.9, 0.85
#: Share of a short text's different triples of characters that survives 15% of edits at least:
#: each edit takes three, and the other text may be longer by as much.
_TRIPLES = 0.4


@dataclass(frozen=True, kw_only=True)
class Near:
    """A text that is a near-duplicate."""

    #: Place in the texts that were asked about, and of what it resembles most in the others.
    index: int
    of: int
    #: "exact", "words", "containment" or "letters".
    measure: str
    #: In (0, 1], as the measure counts.
    similarity: float


def near(texts: Sequence[str], against: Sequence[str]) -> list[Near]:
    """The texts that are near-duplicates of one of the others, in their order.

    Each comes once, with the strictest measure that finds it and the text that it resembles most
    by that. Of a text without a word the signs count, and an empty one resembles nothing.

    Args:
        texts: many.
        against: few; time grows with both.
    """
    left, right = [_said(text) for text in texts], [_said(text) for text in against]
    found: dict[int, Near] = {}
    for measure in (_exact, _pairs_of_words, _letters):
        left = [[] if i in found else text for i, text in enumerate(left)]
        for one in measure(left, right):
            known = found.get(one.index)
            if known is None or one.similarity > known.similarity:
                found[one.index] = one
    return [found[index] for index in sorted(found)]


def _said(text: str) -> list[str]:
    return words(text) or text.split()


def _exact(left: Sequence[list[str]], right: Sequence[list[str]]) -> Iterator[Near]:
    known = {tuple(text): of for of, text in reversed(list(enumerate(right))) if text}
    for index, text in enumerate(left):
        of = known.get(tuple(text))
        if of is not None:
            yield Near(index=index, of=of, measure="exact", similarity=1.0)


def _pairs_of_words(left: Sequence[list[str]], right: Sequence[list[str]]) -> Iterator[Near]:
    a, b = word_pairs([_if_long(t) for t in left]), word_pairs([_if_long(t) for t in right])
    sizes, others = a.sizes, b.sizes
    for i, j, shared in overlaps(a, b):
        jaccard = shared / (sizes[i] + others[j] - shared)
        contained = shared / np.minimum(sizes[i], others[j])
        alike = jaccard >= JACCARD
        yield from _nears(i[alike], j[alike], "words", jaccard[alike])
        inside = (contained >= CONTAINMENT) & ~alike
        yield from _nears(i[inside], j[inside], "containment", contained[inside])


def _if_long(text: list[str]) -> list[str]:
    return text if len(text) >= FEWEST_WORDS else []


def _letters(left: Sequence[list[str]], right: Sequence[list[str]]) -> Iterator[Near]:
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cpdist

    a, b = [_if_short(t) for t in left], [_if_short(t) for t in right]
    triples, others = letters(a, 3), letters(b, 3)
    numbers, others_numbers = _numbers(left), _numbers(right)
    for i, j, shared in overlaps(triples, others):
        enough = shared >= _TRIPLES * np.maximum(triples.sizes[i], others.sizes[j])
        enough &= numbers[i] == others_numbers[j]
        i, j = i[enough], j[enough]
        alike = cpdist(
            [a[k] for k in i],
            [b[k] for k in j],
            scorer=Levenshtein.normalized_similarity,
            dtype=np.float64,
        )
        close = alike >= EDITS
        yield from _nears(i[close], j[close], "letters", alike[close])


def _numbers(texts: Sequence[list[str]]) -> IntArray:
    """(n,): equal where two texts have the same words with digits, in their order."""
    told = [tuple(w for w in text if any(c.isdigit() for c in w)) for text in texts]
    return np.array([hash(numbers) for numbers in told], dtype=np.int64)


def _if_short(text: list[str]) -> str:
    joined = " ".join(text)
    # One word more on the other side must not hide a pair.
    return joined if len(text) <= FEWEST_WORDS and len(joined) >= FEWEST_LETTERS else ""


def _nears(i: IntArray, j: IntArray, measure: str, similarity: FloatArray) -> Iterator[Near]:
    for index, of, alike in zip(i.tolist(), j.tolist(), similarity.tolist(), strict=True):
        yield Near(index=index, of=of, measure=measure, similarity=alike)
