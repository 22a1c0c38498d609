"""Where words of a list occur in a text: leftmost, then longest, never one inside another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple


class Hit(NamedTuple):
    """A stretch of a text, in characters, with the label that its place in a pattern gives it."""

    start: int
    end: int
    #: Empty where the rule itself names the label.
    label: str = ""


class Terms:
    """A list of words and phrases, such as a gazetteer."""

    def __init__(self, terms: Iterable[str], *, case: bool, whole_words: bool) -> None:
        """Prepare the list.

        Args:
            terms: words or phrases; empty ones are left out, white space matches any other.
            case: whether capitals count.
            whole_words: whether a match must begin and end where a word does.
        """
        self._case, self._whole = case, whole_words
        self._terms = {_form(" ".join(term.split()), case) for term in terms} - {""}
        lengths: dict[str, set[int]] = {}
        for term in self._terms:
            lengths.setdefault(term[0], set()).add(len(term))
        # What a term may be as long as, longest first, by its first character.
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def __len__(self) -> int:
        return len(self._terms)

    def find(self, text: str) -> Iterator[Hit]:
        """The matches, in their order."""
        form, start = _form(text, self._case), 0
        while start < len(form):
            end = self._end(form, start)
            if end:
                yield Hit(start, end)
            start = end or start + 1

    def _end(self, form: str, start: int) -> int:
        """Where the longest term that begins here ends; 0 where none does."""
        lengths = self._lengths.get(form[start])
        if lengths is None or (self._whole and _inside(form, start)):
            return 0
        for length in lengths:
            end = start + length
            if end > len(form):
                continue
            if form[start:end] in self._terms and not (self._whole and _inside(form, end)):
                return end
        return 0


@lru_cache(maxsize=8)
def _form(text: str, case: bool) -> str:
    """The text in the form in which it is compared, as long as it was."""
    folded = text if case else text.casefold()
    # Folding never shortens, so equal lengths mean that each character kept its place.
    if len(folded) != len(text):
        folded = "".join(c if len(c.casefold()) > 1 else c.casefold() for c in text)
    return "".join(" " if c.isspace() else c for c in folded)


def _inside(text: str, place: int) -> bool:
    """Whether the place lies between two characters of one word."""
    return 0 < place < len(text) and _of_word(text[place - 1]) and _of_word(text[place])


def _of_word(character: str) -> bool:
    # Vowel signs of Indic scripts and other marks are no letters to Python, yet parts of words.
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"
