"""How texts become words, and what words are known by."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.texts.words import pair_hashes, runs, word_hash, words

#: Any text, lone surrogates included.
ANY = st.text(st.characters(), max_size=80)


@given(ANY)
def test_every_sign_is_in_a_word(text: str) -> None:
    """The words hold what is not blank, in its order, whatever the text is."""
    found = words(text)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if not text.isascii():
        assert "".join(found) == "".join(folded.lower().split())
    assert all(word and not any(map(str.isspace, word)) for word in found)


@given(ANY)
def test_form_and_case_do_not_matter(text: str) -> None:
    """Composed, decomposed and upper-case text has the words of the text itself."""
    plain = text.casefold()
    assert words(unicodedata.normalize("NFD", plain)) == words(plain)
    assert words(unicodedata.normalize("NFC", plain)) == words(plain)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't PAY 3.50!", ["don't", "pay", "3", ".", "50", "!"]),
        ("ﬁne Straße", ["fine", "strasse"]),
        ("ไม่ดี", ["ไม่ดี"]),
        ("今日は 晴れ。", ["今日は", "晴れ", "。"]),
        ("👍👍", ["👍", "👍"]),
    ],
)
def test_words_are_what_people_take_for_them(text: str, found: list[str]) -> None:
    """Apostrophes and marks stay in their word; other signs stand alone."""
    assert words(text) == found


def expected(word: str) -> list[str]:
    """Runs of two to four characters of the word between blanks, and single dense ones."""
    padded = f" {word} "
    several = [padded[i : i + n] for n in (2, 3, 4) for i in range(len(padded) - n + 1)]
    return several + [c for c in word if c >= "\u0e00"]


@given(st.lists(st.text(st.characters(), min_size=1, max_size=12), min_size=1, max_size=6))
def test_runs_are_known_by_what_they_are(given_words: list[str]) -> None:
    """Each word has its runs, and two are known by the same number where they are the same."""
    owner, hashes = runs(given_words, 0)
    texts = [(i, run) for i, word in enumerate(given_words) for run in expected(word)]
    assert sorted(owner.tolist()) == sorted(i for i, _ in texts)
    for i, word in enumerate(given_words):
        distinct = np.unique(hashes[owner == i])
        assert len(distinct) == len(set(expected(word)))
    assert len(np.unique(hashes)) == len({run for _, run in texts})


def test_fields_are_told_apart() -> None:
    """A word of one field has nothing in common with the same word of another."""
    assert word_hash("left", 0) != word_hash("left", 1)
    assert not set(runs(["left"], 0)[1]) & set(runs(["left"], 1)[1])


def test_neighbours_are_known_by_both_and_their_order() -> None:
    """A million pairs of a thousand words are a million numbers."""
    one = np.array([word_hash(str(i), 0) for i in range(1000)], np.uint64)
    pairs = pair_hashes(np.repeat(one, 1000), np.tile(one, 1000))
    assert len(np.unique(pairs)) == 1_000_000
