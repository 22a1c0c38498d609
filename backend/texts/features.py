"""The features of the texts that a model learns from, as products of sparse matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.texts.lexicon import Lexicon, Text
from backend.texts.solver import Array
from backend.texts.words import Hashes, Indices, pair_hashes, runs

#: Texts from which on what is in one of them alone is left out.
_MANY = 2_000
#: Features of each of the three sorts that are kept, the most frequent ones.
MOST = 1 << 18


@dataclass(frozen=True)
class Vocabulary:
    """The features of one sort that a model knows."""

    #: What they are known by, sorted.
    hashes: Hashes
    #: The weight of each: log((1 + n) / (1 + number of texts)) + 1, as in scikit-learn.
    idf: Array


@dataclass(frozen=True)
class Weights:
    """One row a feature, one column an outcome."""

    runs: Array
    words: Array
    pairs: Array
    bias: Array

    def scaled(self, scale: Array, offset: Array) -> Weights:
        """Those that give each margin times `scale` plus `offset`, shape (columns,) each."""
        return Weights(
            runs=self.runs * scale,
            words=self.words * scale,
            pairs=self.pairs * scale,
            bias=self.bias * scale + offset,
        )


@dataclass(frozen=True)
class TextFeatures:
    """Three sorts of features: words, pairs of neighbours, and runs of characters in words.

    Each counts once a text; a run as often as it is in the text's distinct words. Runs are divided
    by their length over the text, words and pairs by theirs. The length of the runs is the root
    of the sum of the squares of the words' own lengths, and unknown features count in it: so what a
    word gives is the same in every text, and a text is a sum over its words.
    """

    #: Sparse: texts × distinct words, each text divided by its length in runs.
    by_runs: Any
    #: Sparse: distinct words × runs that are known.
    runs: Any
    #: Sparse: texts × words and pairs that are known, divided by the text's length in both.
    words: Any
    pairs: Any

    def times(self, weights: Weights) -> Array:
        """The margins, shape (texts, columns)."""
        margins: Array = self.by_runs @ (self.runs @ weights.runs)
        margins += self.words @ weights.words
        margins += self.pairs @ weights.pairs
        margins += weights.bias
        return margins

    def back(self, a: Array) -> Weights:
        """The combination of the texts' features with the factors `a`, shape (texts, columns)."""
        return Weights(
            runs=self.runs.T @ (self.by_runs.T @ a),
            words=self.words.T @ a,
            pairs=self.pairs.T @ a,
            bias=a.sum(axis=0),
        )

    def gram(self, a: Array) -> Array:
        """X Xᵀ a."""
        return self.times(self.back(a))

    def of(self, texts: Indices) -> TextFeatures:
        """The features of some of the texts."""
        return TextFeatures(self.by_runs[texts], self.runs, self.words[texts], self.pairs[texts])


@dataclass(frozen=True)
class Known:
    """The three vocabularies, and the weight of what is in none of them."""

    runs: Vocabulary
    words: Vocabulary
    pairs: Vocabulary
    #: The inverse document frequency of what occurs in one text.
    rare: float


class _Sort:
    """The features of one sort: which of them are known, and what they weigh."""

    def __init__(self, hashes: Hashes, occurs: npt.NDArray[Any], texts: int, most: int) -> None:
        rare = _idf(np.ones(1), texts)[0]
        worth = np.flatnonzero(occurs >= (1 if texts < _MANY else 2))
        if len(worth) > most:
            worth = worth[np.argsort(-occurs[worth], kind="stable")[:most]]
        #: The known ones' places, by their hashes.
        self.kept = worth[np.argsort(hashes[worth])]
        #: Of all; what is not known weighs as if it were in one text.
        self.idf = np.full(len(hashes), rare, np.float32)
        self.idf[self.kept] = _idf(occurs[self.kept], texts)
        self.known = Vocabulary(hashes[self.kept], self.idf[self.kept])


def features(texts: Sequence[Text], most: int = MOST) -> tuple[Known, TextFeatures]:
    """The features of texts, and what is needed to find them in others.

    Args:
        texts: at least one, each with the same number of fields.
        most: features of each sort that are kept.
    """
    from scipy.sparse import csr_array

    count = len(texts)
    lexicon = Lexicon(len(texts[0]))
    found = lexicon.read(texts)
    hashes = np.array(lexicon.hashes, np.uint64)

    occurs = np.bincount(found.words, minlength=len(hashes))
    words = _Sort(hashes, occurs, count, most)
    owner, found_runs = runs_of(lexicon.take())
    run_hashes, run = np.unique(found_runs, return_inverse=True)
    # A text in which several words have the run counts several times.
    often = np.bincount(run, weights=occurs[owner], minlength=len(run_hashes))
    runs = _Sort(run_hashes, often, count, most)
    pair_hash, pair, often = np.unique(
        pair_hashes(hashes[found.left], hashes[found.right]),
        return_inverse=True,
        return_counts=True,
    )
    pairs = _Sort(pair_hash, often, count, most)

    in_words = _matrix(csr_array, runs.idf[run], owner, run, (len(hashes), len(run_hashes)))
    in_texts = _matrix(
        csr_array, words.idf[found.words], found.of, found.words, (count, len(hashes))
    )
    paired = _matrix(csr_array, pairs.idf[pair], found.pairs_of, pair, (count, len(pair_hash)))
    there = in_texts.copy()
    there.data[:] = 1
    by_runs = _inverse_root(there @ _squares(in_words))
    by_words = _inverse_root(_squares(in_texts) + _squares(paired))
    return (
        Known(runs.known, words.known, pairs.known, float(_idf(np.ones(1), count)[0])),
        TextFeatures(
            _scaled(there, by_runs),
            in_words[:, runs.kept],
            _scaled(in_texts[:, words.kept], by_words),
            _scaled(paired[:, pairs.kept], by_words),
        ),
    )


def runs_of(words: Sequence[Sequence[tuple[int, str]]]) -> tuple[Indices, Hashes]:
    """Runs of characters of words that came with their numbers and by field.

    Returns:
        For each run the number of its word, and what it is known by.
    """
    owners: list[Indices] = [np.zeros(0, np.int64)]
    hashes: list[Hashes] = [np.zeros(0, np.uint64)]
    for field, fresh in enumerate(words):
        numbers, found = runs([word for _, word in fresh], field)
        owners.append(np.array([number for number, _ in fresh], np.int64)[numbers])
        hashes.append(found)
    return np.concatenate(owners), np.concatenate(hashes)


def _idf(occurs: npt.NDArray[Any], texts: int) -> Array:
    return np.asarray(np.log((1 + texts) / (1 + np.minimum(occurs, texts))) + 1, np.float32)


def _matrix(kind: Any, values: Array, rows: Any, columns: Any, shape: tuple[int, int]) -> Any:
    """A sparse matrix; values at one place are added."""
    return kind((values, (rows, columns)), shape=shape)


def _squares(matrix: Any) -> npt.NDArray[Any]:
    """The sum of the squares of each row."""
    squares: npt.NDArray[Any] = matrix.multiply(matrix).sum(axis=1)
    return squares


def _inverse_root(squares: npt.NDArray[Any]) -> Array:
    return np.asarray(1 / np.sqrt(np.maximum(squares, 1e-12)), np.float32)


def _scaled(matrix: Any, rows: Array) -> Any:
    """The matrix with each row multiplied."""
    matrix = matrix.tocsr()
    matrix.data *= np.repeat(rows, np.diff(matrix.indptr))
    return matrix
