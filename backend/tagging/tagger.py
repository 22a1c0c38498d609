"""A tagger: learned from labelled texts, it marks others, and says how sure it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from backend.tagging import labels
from backend.tagging.chain import Weights
from backend.tagging.documents import Document, Labelled, Mark, sequences
from backend.tagging.features import features
from backend.tagging.learner import Learned, learn
from backend.tagging.odds import Odds, fitted, log_odds
from backend.tagging.reading import Reading, read, stretches

Floats = npt.NDArray[np.float64]

#: Parts of the texts that are held out in turn, and how many held-out texts are enough.
_PARTS, _ENOUGH = 5, 600
#: What is taken from the weight of "outside", to choose from: where few spans are known, those
#: that are likely but not likeliest are mostly worth marking.
_LEANINGS = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)

T = TypeVar("T")


@dataclass(frozen=True)
class Marked:
    """What is marked in a text."""

    #: In order, none overlapping another.
    marks: list[Mark]
    #: The probability of each that people mark the same, in [0, 1].
    scores: list[float]
    #: The probability that they mark all of these and nothing else, in [0, 1].
    score: float


@dataclass(frozen=True)
class Tagger:
    """What was learned."""

    learned: Learned
    kinds: int
    #: What the chain's probabilities of spans and of whole texts mean.
    of_span: Odds
    of_whole: Odds

    def mark(self, documents: Sequence[Document]) -> list[Marked]:
        """What is marked in each text."""
        scores, lengths = _scores(self.learned, documents)
        readings = read(scores, self.learned.chain, lengths, self.kinds)
        pairs = _by_document([Labelled(one) for one in documents], readings)
        return [self._marked(one.document, own) for one, own in pairs]

    def _marked(self, one: Document, readings: list[Reading]) -> Marked:
        marks = _read_marks(one, readings)
        raw = [p for reading in readings for p in reading.probabilities]
        spans = self.of_span.probabilities(_span_features(raw))
        whole = self.of_whole.probabilities(_whole_features([readings]))
        return Marked(marks, spans.tolist(), float(whole[0]))

    def plain(self) -> dict[str, Any]:
        """The tagger as arrays and numbers."""
        return {
            "kinds": self.kinds,
            "vocabulary": self.learned.vocabulary,
            "emit": self.learned.emit,
            "follow": self.learned.chain.follow,
            "begin": self.learned.chain.begin,
            "of_span": self.of_span.weights,
            "of_whole": self.of_whole.weights,
        }


def from_plain(plain: dict[str, Any]) -> Tagger:
    """The tagger that `Tagger.plain` gave."""
    chain = Weights(plain["follow"], plain["begin"])
    learned = Learned(plain["vocabulary"], plain["emit"], chain)
    return Tagger(learned, plain["kinds"], Odds(plain["of_span"]), Odds(plain["of_whole"]))


def train(given: Sequence[Labelled], kinds: int, rng: np.random.Generator) -> Tagger:
    """Learn from labelled texts.

    Parts of the texts are held out in turn. On what was found in them it is settled how readily
    spans are marked, so that F1 is the highest, and what the probabilities mean.

    Args:
        given: the texts.
        kinds: how many kinds of spans there are.
        rng: draws the parts, and the order in which texts are looked at.
    """
    parts = list(_held_out(given, kinds, rng))
    leaning = max(_LEANINGS, key=lambda by: (_f1(parts, by), -abs(by)))
    found = [one for part in parts for one in part.readings(leaning)]
    learned = learn(sequences(given, kinds), rng)
    learned = replace(learned, chain=_leaned(learned.chain, leaning))
    return Tagger(learned, kinds, fitted(*_spans(found)), fitted(*_wholes(found)))


@dataclass(frozen=True)
class _HeldOut:
    """Texts that were not learned from, with what is said of their tokens."""

    texts: list[Labelled]
    scores: Floats
    lengths: npt.NDArray[np.int64]
    chain: Weights
    kinds: int

    def right(self, by: float) -> tuple[float, float]:
        """How many spans are found as they should be, and how many are found and should be."""
        found = stretches(self.scores, _leaned(self.chain, by), self.lengths, self.kinds)
        right = total = 0.0
        for one, own in _by_document(self.texts, found):
            marks = set(_marks(one.document, own))
            right += one.weight * len(marks & one.marks)
            total += one.weight * (len(marks) + len(one.marks))
        return right, total

    def readings(self, by: float) -> list[tuple[Labelled, list[Reading]]]:
        """What is found in each text."""
        found = read(self.scores, _leaned(self.chain, by), self.lengths, self.kinds)
        return list(_by_document(self.texts, found))


def _held_out(
    given: Sequence[Labelled], kinds: int, rng: np.random.Generator
) -> Iterator[_HeldOut]:
    """Parts of the texts, each with what the rest says of it."""
    seen = 0
    for part in np.array_split(rng.permutation(len(given)), _PARTS):
        if seen >= _ENOUGH:
            return
        seen += len(part)
        rest = np.setdiff1d(np.arange(len(given)), part)
        learned = learn(sequences([given[i] for i in rest], kinds), rng)
        texts = [given[i] for i in part]
        scores, lengths = _scores(learned, [one.document for one in texts])
        yield _HeldOut(texts, scores, lengths, learned.chain, kinds)


def _f1(parts: Sequence[_HeldOut], by: float) -> float:
    """Micro F1 of exact spans, by the texts' weights."""
    right, total = np.sum([part.right(by) for part in parts], axis=0)
    return float(2 * right / total) if total else 1.0


def _leaned(chain: Weights, by: float) -> Weights:
    """The same with so much less weight on "outside" at every step."""
    follow, begin = chain.follow.copy(), chain.begin.copy()
    follow[:, 0] -= by
    begin[0] -= by
    return Weights(follow, begin)


def _scores(
    learned: Learned, documents: Sequence[Document]
) -> tuple[Floats, npt.NDArray[np.int64]]:
    words = [sequence for one in documents for sequence in one.words()]
    lengths = np.array([len(sequence) for sequence in words], dtype=np.int64)
    return features(words).scores(learned.vocabulary, learned.emit), lengths


def _by_document(
    texts: Sequence[Labelled], found: Sequence[T]
) -> Iterator[tuple[Labelled, list[T]]]:
    rest = iter(found)
    for one in texts:
        yield one, [next(rest) for _ in one.document.sequences]


def _marks(one: Document, found: Sequence[list[labels.Stretch]]) -> Iterator[Mark]:
    for sequence, own in zip(one.sequences, found, strict=True):
        for first, behind, kind in own:
            yield sequence[first][0], sequence[behind - 1][1], kind


def _read_marks(one: Document, readings: Sequence[Reading]) -> list[Mark]:
    return list(_marks(one, [reading.stretches for reading in readings]))


def _spans(found: Sequence[tuple[Labelled, list[Reading]]]) -> tuple[Floats, Floats]:
    raw = [p for _, readings in found for reading in readings for p in reading.probabilities]
    right = [m in one.marks for one, readings in found for m in _read_marks(one.document, readings)]
    return _span_features(raw), np.array(right, dtype=np.float64)


def _wholes(found: Sequence[tuple[Labelled, list[Reading]]]) -> tuple[Floats, Floats]:
    right = [set(_read_marks(one.document, readings)) == one.marks for one, readings in found]
    return _whole_features([r for _, r in found]), np.array(right, dtype=np.float64)


def _span_features(probabilities: Sequence[float]) -> Floats:
    """The log-odds of each, and 1, (n, 2)."""
    raw = log_odds(np.array(probabilities, dtype=np.float64))
    return np.column_stack([raw, np.ones(len(raw))])


def _whole_features(found: Sequence[Sequence[Reading]]) -> Floats:
    """The log-odds of all of a text's labels, 1, and whether nothing is marked, (n, 3)."""
    logs = np.array([sum(r.log_whole for r in readings) for readings in found])
    nothing = [not any(r.stretches for r in readings) for readings in found]
    raw = log_odds(np.exp(np.minimum(logs, 0.0)))
    return np.column_stack([raw, np.ones(len(raw)), np.array(nothing, dtype=np.float64)])
