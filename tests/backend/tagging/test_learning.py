"""Keys of words, and what probabilities mean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator
from sklearn.linear_model import LogisticRegression

from backend.tagging.features import features, find
from backend.tagging.keys import EXACT, LOWER, SHAPE, word_keys
from backend.tagging.odds import fitted, log_odds
from benchmarks.quality_spans import Mark, calibration_error, measured, ours, problem, span_f1

WORDS = st.text(min_size=1, max_size=12).filter(lambda text: not text.isspace())


@given(st.lists(WORDS, min_size=1, max_size=8), WORDS)
def test_a_word_has_its_own_keys(words: list[str], word: str) -> None:
    """Keys do not depend on the words beside, and differ for different words."""
    together = word_keys([*words, word])
    assert (together[-1] == word_keys([word])[0]).all()
    for other, keys in zip(words, together, strict=False):
        assert (keys[EXACT] == together[-1][EXACT]) == (other == word)


def test_keys_say_what_words_share() -> None:
    """Case is in the shape, digits are alike, runs of a kind are alike from two on."""
    berlin, shout, lisbon = word_keys(["Berlin", "BERLIN", "Lisbon"])
    assert berlin[LOWER] == shout[LOWER]
    assert berlin[SHAPE] == lisbon[SHAPE] != shout[SHAPE]
    year, other = word_keys(["1999", "2026"])
    assert (year[LOWER], year[SHAPE]) == (other[LOWER], other[SHAPE])


@given(st.lists(st.lists(WORDS, max_size=5), min_size=1, max_size=4))
def test_features_are_counted_and_summed(sequences: list[list[str]]) -> None:
    """Counts are those of the rows, and scores are sums of the weights of the rows."""
    found = features(sequences)
    vocabulary, counts = found.counts()
    rows = found.rows(vocabulary)
    assert (np.bincount(rows[rows >= 0], minlength=len(vocabulary)) == counts).all()
    weights = np.random.default_rng(0).normal(size=(len(vocabulary) + 1, 3)).astype(np.float32)
    weights[-1] = 0
    expected = weights[rows].sum(axis=1, dtype=np.float64)
    assert found.scores(vocabulary, weights) == pytest.approx(expected, abs=1e-5)
    assert len(rows) == sum(map(len, sequences))
    assert (find(np.array([3], dtype=np.uint64), vocabulary) == -1).all()


def test_odds_are_those_of_logistic_regression() -> None:
    """With much seen they are scikit-learn's without a penalty; with nothing, as they were."""
    rng = np.random.default_rng(0)
    raw = rng.normal(size=20_000)
    right = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 * raw - 1)))
    given_odds = fitted(np.column_stack([raw, np.ones_like(raw)]), right.astype(float))
    theirs = LogisticRegression(C=np.inf).fit(raw[:, None], right)
    assert given_odds.weights[0] == pytest.approx(theirs.coef_[0, 0], abs=0.01)
    assert given_odds.weights[1] == pytest.approx(theirs.intercept_[0], abs=0.01)
    same = fitted(np.zeros((0, 2)), np.zeros(0))
    p = np.array([0.1, 0.5, 0.9])
    assert same.probabilities(np.column_stack([log_odds(p), np.ones(3)])) == pytest.approx(p)


def test_the_benchmark_counts_as_nervaluate_does() -> None:
    """Its F1 is nervaluate's strict one, on texts with wrong ends, labels and missing spans."""
    rng = np.random.default_rng(3)
    truth, found = [], []
    for _ in range(300):
        places = sorted(rng.choice(40, 6, replace=False).tolist())
        marks: list[Mark] = [
            (a, b, "XY"[rng.integers(2)]) for a, b in zip(places[::2], places[1::2], strict=True)
        ]
        truth.append(frozenset(marks))
        other = [(a, b, "XY"[rng.integers(2)]) for a, b, _ in marks if rng.random() < 0.9]
        found.append(frozenset(other))
    # nervaluate counts the last character in.
    theirs = Evaluator(
        *(
            [[{"start": a, "end": b - 1, "label": label} for a, b, label in one] for one in side]
            for side in (truth, found)
        ),
        tags=["X", "Y"],
        loader="dict",
    ).evaluate()
    assert span_f1(truth, found) == pytest.approx(theirs["overall"]["strict"].f1)


@pytest.mark.slow
def test_entities_of_contracts_are_learned(datasets: Path) -> None:
    """From 400 sentences of SEC filings: F1 above 0.8, and scores that mean something."""
    lines = (datasets / "ner_gold_domains" / "items.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["slice"]["domain"] == "finance_sec"]
    given_rows = problem("finance", rows)
    order = np.random.default_rng(0).permutation(len(given_rows.known))[:400]
    known = [given_rows.known[i] for i in order]
    found = ours(known, given_rows.test, given_rows.config, 0)
    f1, spans, wholes = measured(found, given_rows.test)
    assert f1 > 0.8
    assert spans < 0.08
    assert wholes < 0.08


def test_calibration_error_of_a_fair_coin() -> None:
    """Scores of 0.9 for what is right half of the time are 0.4 off."""
    assert calibration_error([0.9] * 100, [True, False] * 50) == pytest.approx(0.4)
