"""How rules search texts: words of lists, and patterns within their time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.rules.patterns import SECONDS, Budget, Pattern, TooSlow
from backend.rules.terms import Terms


def test_patience_ends_with_the_clock() -> None:
    """A task that used up its time gets no further pattern."""
    now = iter([0.0, SECONDS / 2, 2 * SECONDS])
    budget = Budget(clock=lambda: next(now))
    pattern = Pattern.of("x", case=True, group=0)
    budget.start()
    assert len(list(pattern.find("xyx", budget))) == 2
    with pytest.raises(TooSlow):
        list(pattern.find("xyx", budget))


WORDS = st.lists(st.text("aAß İé🎉b", min_size=1, max_size=5), max_size=6)


@given(WORDS, st.text("aAß İé🎉b", max_size=30), st.booleans(), st.booleans())
def test_terms_are_found_as_a_search_finds_them(
    words: list[str], text: str, case: bool, whole: bool
) -> None:
    """They are what an alternation of the words finds, the longest first, with word bounds."""

    def form(word: str) -> str:
        if case:
            return word
        return "".join(c.casefold() if len(c.casefold()) == 1 else c for c in word)

    known = {form(" ".join(word.split())) for word in words} - {""}
    ranked = sorted(known, key=lambda word: (-len(word), word))
    before, after = (r"(?<!\w)(?=\w)", r"(?!\w)(?<=\w)") if whole else ("", "")
    options = "|".join(
        (before and f"(?:{before}|(?!\\w))") + re.escape(w) + (after and f"(?:{after}|(?<!\\w))")
        for w in ranked
    )
    expected = [match.span() for match in re.finditer(options or "(?!)", form(text))]
    hits = Terms(words, case=case, whole_words=whole).find(text)
    assert [(hit.start, hit.end) for hit in hits] == expected
