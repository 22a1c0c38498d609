"""Near-duplicates among texts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.duplicates import near

LONG = "the parcel that I ordered last week has still not been handed over by the courier"

_words = st.lists(st.sampled_from("abcdefgh"), min_size=0, max_size=14)


def _bigrams(text: list[str]) -> set[tuple[str, str]]:
    return set(itertools.pairwise(text))


@given(left=st.lists(_words, max_size=6), right=st.lists(_words, max_size=6))
def test_long_texts_are_found_as_the_definition_says(
    left: list[list[str]], right: list[list[str]]
) -> None:
    """By all pairs and Python's sets: Jaccard 0.5, or nine tenths of one within the other."""
    wanted = set()
    for index, a in enumerate(left):
        for b in right:
            if min(len(a), len(b)) < 8:
                if a and a == b:
                    wanted.add(index)
                continue
            x, y = _bigrams(a), _bigrams(b)
            shared = len(x & y)
            if shared / len(x | y) >= 0.5 or shared / min(len(x), len(y)) >= 0.9:
                wanted.add(index)
    found = near([" ".join(a) for a in left], [" ".join(b) for b in right])
    # Edits of letters are another measure, with a test of its own.
    assert {one.index for one in found if one.measure != "letters"} <= wanted
    assert wanted <= {one.index for one in found}


@pytest.mark.parametrize(
    ("text", "other", "measure"),
    [
        ("Where IS my card?!", "where is my card", "exact"),
        ("ﬁne, ＦＵＬＬ width", "fine full WIDTH", "exact"),
        (LONG.replace("last week", "yesterday"), LONG, "words"),
        (f"Dear team, {LONG}. I have called twice and nobody knew anything at all about where it "
         "might be now, so please look into it and call me back before the weekend", LONG,
         "containment"),
        ("my top-up isnt working", "my topup isn't working", "letters"),
        ("我想知道我的银行卡为什么没有寄到", "我想知道我的银行卡为什么没有送到", "words"),
        ("ฉันต้องการเปลี่ยนรหัสผ่านของฉัน", "ฉันต้องการเปลี่ยนรหัสผ่านของเขา", "words"),
    ],
)  # fmt: skip
def test_a_copy_with_small_changes_is_found(text: str, other: str, measure: str) -> None:
    """Each measure finds what it is for, whichever side is asked about."""
    assert [one.measure for one in near([text], ["something else", other])] == [measure]
    assert [one.of for one in near([text], ["something else", other])] == [1]
    assert [one.measure for one in near([other], [text])] == [measure]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("yes", "yet"),
        ("no.", ""),
        ("", ""),
        ("?!", "..."),
        ("I lost my card", "I lost my phone"),
        ("where is order 1204", "where is order 1205"),
        (LONG, "the courier was friendly and the parcel that I sent arrived early last month"),
    ],
)
def test_what_says_something_else_is_not(text: str, other: str) -> None:
    """A common beginning, or a single letter of a word, is not enough."""
    assert near([text], [other]) == []


@given(texts=st.lists(st.text(st.characters(codec=None), max_size=60), max_size=8))
def test_any_text_is_near_to_itself(texts: list[str]) -> None:
    """Whatever the characters, lone surrogates too, as long as there is a word."""
    found = {one.index: one for one in near(texts, texts)}
    for index, text in enumerate(texts):
        if any(character.isalnum() for character in text):
            assert found[index].similarity == 1.0
            assert found[index].measure == "exact"


def test_planted_copies_are_found_and_nothing_else() -> None:
    """Of texts of random words, those with few edits are found, and no other one."""
    rng = np.random.default_rng(5)
    chance = 1 / np.arange(1, 5001)
    chance /= chance.sum()
    many = [[f"w{i}" for i in row] for row in rng.choice(5000, (4000, 30), p=chance)]
    few = [[f"w{i}" for i in row] for row in rng.choice(5000, (200, 30), p=chance)]
    planted = {int(index): int(rng.integers(200)) for index in rng.choice(4000, 300, False)}
    for index, of in planted.items():
        copy = list(few[of])
        for place in rng.choice(30, index % 4, replace=False):
            copy[place] = f"other{index}"
        many[index] = copy
    found = near([" ".join(t) for t in many], [" ".join(t) for t in few])
    assert {one.index: one.of for one in found} == planted


@pytest.mark.parametrize("unseen", ["\u00ad", "\u200b", "\u2060", "\ufeff"])
def test_what_nobody_sees_does_not_hide_a_copy(unseen: str) -> None:
    """Texts from web pages and PDFs are full of it."""
    assert near([unseen.join(LONG)], [LONG])[0].measure == "exact"


def test_texts_without_words_are_compared_by_their_signs() -> None:
    """Reviews that are nothing but emoji are common, and their copies are copies."""
    assert [n.index for n in near(["😀👍", "😀", "?!", "", " "], ["😀👍", "", "?! "])] == [0, 2]
