"""The features of texts, against the same ones by scikit-learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction import DictVectorizer

from backend.texts import features as subject
from backend.texts.features import Weights, features
from backend.texts.lexicon import Text
from backend.texts.scorer import Scorer
from backend.texts.words import words
from tests.backend.texts.test_words import expected

TEXTS: list[Text] = [
    ("Where is my card?", ""),
    ("My card, my CARD is gone", "card"),
    ("จะไป 今日は", "ünder Straße"),
    ("x", "x x"),
    ("where is it 👍", "gone"),
]


def weighed(counts: Sequence[dict[Any, float]], idf: dict[Any, float]) -> csr_matrix:
    rows = [{str(key): n * idf[key] for key, n in count.items()} for count in counts]
    return csr_matrix(DictVectorizer(dtype=np.float64).fit_transform(rows))


def frequencies(counts: Sequence[dict[Any, float]], texts: int) -> dict[Any, float]:
    """Inverse document frequencies, where a run counts once for each word of a text."""
    total: Counter[Any] = Counter()
    for count in counts:
        total.update(count)
    return {key: float(np.log((1 + texts) / (1 + min(n, texts))) + 1) for key, n in total.items()}


def by_definition(texts: Sequence[Text]) -> csr_matrix:
    """All features of the texts, from their definition."""
    single, pairs, each_word = [], [], []
    for text in texts:
        found = [[(i, word) for word in words(part)] for i, part in enumerate(text)]
        single.append(dict.fromkeys((w for part in found for w in part), 1.0))
        neighbours = [p for part in found if part for p in pairwise([None, *part])]
        pairs.append(dict.fromkeys(((p[1][0], p) for p in neighbours if p[1]), 1.0))
        each_word.append([Counter((i, run) for run in expected(word)) for i, word in single[-1]])
    often = Counter[Any]()
    for distinct in each_word:
        for counted in distinct:
            often.update(counted.keys())
    count = len(texts)
    idf = {key: float(np.log((1 + count) / (1 + min(n, count))) + 1) for key, n in often.items()}
    runs = weighed([dict(sum(distinct, Counter())) for distinct in each_word], idf)
    length = [
        sum((n * idf[key]) ** 2 for counted in distinct for key, n in counted.items()) ** 0.5
        for distinct in each_word
    ]
    both = hstack(
        [weighed(each, frequencies(each, count)) for each in (single, pairs)], format="csr"
    )
    root = np.sqrt(both.multiply(both).sum(axis=1)).A1
    bias = csr_matrix(np.ones((count, 1)))
    return hstack([diags(1 / np.array(length)) @ runs, diags(1 / root) @ both, bias], format="csr")


def test_they_are_what_scikit_learn_counts() -> None:
    """All inner products of texts equal those of the same features by DictVectorizer."""
    _, found = features(TEXTS)
    gram = found.gram(np.eye(len(TEXTS), dtype=np.float32))
    other = by_definition(TEXTS)
    np.testing.assert_allclose(gram, (other @ other.T).toarray(), atol=1e-5)


def learned(texts: Sequence[Text], columns: int = 3) -> tuple[dict[str, Any], Any, Weights]:
    """Random weights of the texts' features, as a scorer reads them."""
    from backend.engines.sklearn_text import _arrays

    known, x = features(texts)
    a = np.random.default_rng(0).normal(size=(len(texts), columns)).astype(np.float32)
    weights = x.back(a)
    return _arrays(known, [weights]), x, weights


def test_serving_adds_up_what_training_multiplies() -> None:
    """The margins of the texts are the same from the sums of their words as from the matrices."""
    arrays, x, weights = learned(TEXTS)
    scorer = Scorer(arrays, 2)
    expected_margins = x.times(weights)
    np.testing.assert_allclose(scorer.margins(TEXTS), expected_margins, atol=1e-5)
    for text, row in zip(TEXTS, expected_margins, strict=True):
        np.testing.assert_allclose(scorer.margins([text])[0], row, atol=1e-5)


def test_what_is_unknown_only_makes_a_text_longer() -> None:
    """A text of other words has the margins of the bias, whatever was asked before."""
    arrays, _, weights = learned([("ab", ""), ("cd", ""), ("ab cd", "")])
    scorer = Scorer(arrays, 2)
    np.testing.assert_allclose(scorer.margins([("xyz 123", "q")])[0], weights.bias, atol=1e-6)
    mixed, alone = scorer.margins([("ab xyz", ""), ("ab", "")]) - weights.bias
    assert np.linalg.norm(mixed) < np.linalg.norm(alone)


def test_rare_features_are_left_out_where_there_are_many_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then what one text alone has is unknown in it, too, and only the most frequent are kept."""
    monkeypatch.setattr(subject, "_MANY", 3)
    known, x = features([("aa bb", ""), ("aa cc", ""), ("aa dd", "")])
    assert (len(known.words.hashes), x.words.shape[1], x.pairs.shape[1]) == (1, 1, 1)
    known, x = features(TEXTS, most=2)
    assert (len(known.words.hashes), len(known.pairs.hashes), x.runs.shape[1]) == (2, 2, 2)


ANY = st.tuples(st.text(st.characters(), max_size=60), st.text(st.characters(), max_size=20))
SCORER = Scorer(learned(TEXTS)[0], 2)


@settings(max_examples=200)
@given(st.lists(ANY, max_size=5))
def test_any_text_has_margins(texts: list[Text]) -> None:
    """Finite ones, the same beside other texts as alone, lone surrogates included."""
    together = SCORER.margins(texts)
    assert together.shape == (len(texts), 3)
    assert np.isfinite(together).all()
    for text, row in zip(texts, together, strict=True):
        np.testing.assert_allclose(SCORER.margins([text])[0], row, atol=1e-12)


def test_memory_for_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scorer that has seen too many words forgets them, and answers as before."""
    monkeypatch.setattr("backend.texts.scorer._REMEMBERED", 20_000)
    scorer = Scorer(learned(TEXTS)[0], 2)
    before = scorer.margins(TEXTS)
    for i in range(60):
        scorer.margins([(f"{i}a{j}", "") for j in range(50)])
    assert len(scorer._lexicon.hashes) < 1000
    np.testing.assert_allclose(scorer.margins(TEXTS), before, atol=1e-12)


def test_large_requests_are_taken_in_parts() -> None:
    """A thousand texts, some of them long, have the margins that each has alone."""
    texts = [(TEXTS[i % 5][0] * (1 + 400 * (i % 97 == 0)), "") for i in range(1000)]
    scorer = Scorer(learned(TEXTS)[0], 2)
    together = scorer.margins(texts)
    alone = np.concatenate([scorer.margins([text]) for text in texts[:100]])
    np.testing.assert_allclose(together[:100], alone, atol=1e-12)
