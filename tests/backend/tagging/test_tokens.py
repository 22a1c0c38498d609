"""Tokens of any text, and spans on them."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.tagging.documents import Labelled, document, sequences
from backend.tagging.labels import decoded
from backend.tagging.tokens import tokens

#: Any text, lone surrogates too, and texts of what is hard to part.
HARD = [
    "👩\u200d👩\u200d👧",
    "🇩🇪",
    "e\u0301",
    "न\u092e\u0938\u094d\u0924\u0947",
    "東京",
    "ไทย",
    "\u200d",
]
TEXTS = st.text(st.characters(), max_size=60) | st.lists(
    st.sampled_from([*HARD, " ", "\n\n", "a", "B2", "10.5", "https://x.y", "\ud800", "_"])
).map("".join)


@given(TEXTS)
def test_tokens_hold_all_but_white_space(text: str) -> None:
    """In order, never empty, never overlapping; between them lies nothing but white space."""
    found = tokens(text)
    ends = [0, *(end for _, end in found)]
    for before, (start, end) in zip(ends, found, strict=False):
        assert before <= start < end
        assert not text[before:start].strip()
        assert text[start:end] == text[start:end].strip()
    assert not text[ends[-1] :].strip()


@given(TEXTS)
def test_marks_stay_with_their_letters(text: str) -> None:
    """No token begins with a combining mark behind a letter."""
    for start, _ in tokens(text):
        mark = unicodedata.category(text[start])[0] == "M" and ord(text[start]) < 0x20000
        assert not (mark and start and text[start - 1].isalpha())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dr. Anna's cat", ["Dr", ".", "Anna", "'", "s", "cat"]),
        ("10km for 1,000.50€", ["10", "km", "for", "1,000.50", "€"]),
        ("see https://a.b/c?d=1 now", ["see", "https://a.b/c?d=1", "now"]),
        ("東京 ไทย", ["東", "京", "ไ", "ท", "ย"]),
        ("नमस्ते cafe\u0301", ["नमस्ते", "cafe\u0301"]),
        ("👩\u200d👩\u200d👧🇩🇪🇫🇷❤️👍🏽", ["👩\u200d👩\u200d👧", "🇩🇪", "🇫🇷", "❤️", "👍🏽"]),
    ],
)
def test_words_of_many_scripts(text: str, words: list[str]) -> None:
    """Words keep their marks, joined emoji are one, unspaced scripts part by letter."""
    assert [text[start:end] for start, end in tokens(text)] == words


@given(TEXTS, st.lists(st.integers(0, 60), max_size=4))
def test_no_token_reaches_across_a_part(text: str, starts: list[int]) -> None:
    """Where a part begins, no token lies, and apart no sequence does."""
    for sequence in document(text, sorted(starts), apart=True).sequences:
        for at in starts:
            assert not sequence[0][0] < at < sequence[-1][1]
    whole = [token for sequence in document(text, sorted(starts)).sequences for token in sequence]
    assert not [at for at in starts for start, end in whole if start < at < end]


def test_a_long_text_is_cut() -> None:
    """A sequence ends with a sentence, a blank line, or at last after 200 tokens."""
    found = document("word " * 450 + "end. " * 100 + "\n\nnext")
    lengths = [len(sequence) for sequence in found.sequences]
    assert max(lengths) <= 200
    assert found.text[slice(*found.sequences[-1][0])] == "next"
    assert sum(lengths) == 450 + 200 + 1


@given(
    TEXTS, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9), st.integers(0, 2)), max_size=6)
)
def test_labels_are_of_the_longest_spans(text: str, places: list[tuple[int, int, int]]) -> None:
    """What labels say are spans that were marked, widened to tokens, without overlap."""
    marks = frozenset((start, start + length, kind) for start, length, kind in places)
    one = Labelled(document(text), marks)
    given_labels = sequences([one], 3)
    flat = [token for sequence in one.document.sequences for token in sequence]
    at = 0
    for sequence in one.document.sequences:
        own = given_labels.labels[at : at + len(sequence)]
        found = [(flat[at + a][0], flat[at + b - 1][1], kind) for a, b, kind in decoded(own, 3)]
        at += len(sequence)
        for start, end, kind in found:
            assert [m for m in marks if m[2] == kind and start <= m[0] + 9 and m[0] < end]
        for before, after in pairwise(found):
            assert before[1] <= after[0]


def test_of_overlapping_spans_the_longest_is_learned() -> None:
    """Bank of England, and not the England in it."""
    one = Labelled(document("the Bank of England"), frozenset({(12, 19, 0), (4, 19, 1)}))
    assert list(decoded(sequences([one], 2).labels, 2)) == [(1, 4, 1)]
