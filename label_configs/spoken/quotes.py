"""Where a quoted text stands in a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

#: Occurrences of one quote that are looked at.
MOST = 10_000
#: What is quoted in another spelling: quotation marks, dashes, and the ellipsis of typographers.
_PLAIN = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"…": "...", "\u00ad": "", "\u200b": ""}
)


@lru_cache(maxsize=16)
def occurrences(text: str, quote: str) -> tuple[tuple[int, int], ...]:
    """The first and the last place (not included) of each occurrence, in order.

    An exact occurrence is preferred to one that is the same but for case, white space, Unicode
    form (NFKD) and typographic marks; and one that does not cut words to one that does. So all
    that are found are equally good. None where the quote is empty or does not occur.
    """
    quote = quote.strip()
    if not quote:
        return ()
    exact = list(_exact(text, quote))
    return tuple(_whole_words(text, exact) or exact or _alike(text, quote))


def _alike(text: str, quote: str) -> list[tuple[int, int]]:
    folded, source = _folded(text)
    wanted = _folded(quote)[0].strip()
    found = []
    for start, end in _exact(folded, wanted) if wanted else ():
        # A character may have been folded into several, which stay together.
        cut = start and source[start - 1] == source[start]
        if not cut and (end == len(source) or source[end] != source[end - 1]):
            found.append((source[start], source[end - 1] + 1))
    return _whole_words(text, found) or found


def _exact(text: str, quote: str) -> Iterator[tuple[int, int]]:
    start = text.find(quote)
    for _ in range(MOST):
        if start < 0:
            return
        yield start, start + len(quote)
        start = text.find(quote, start + 1)


def _whole_words(text: str, places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [
        (start, end)
        for start, end in places
        if not (start and _joined(text[start - 1], text[start]))
        and not (end < len(text) and _joined(text[end - 1], text[end]))
    ]


def _joined(left: str, right: str) -> bool:
    """Whether two neighbours are of one word; a combining mark is of what it stands behind."""
    return bool(unicodedata.combining(right)) or (left.isalnum() and right.isalnum())


@lru_cache(maxsize=64)
def _folded(text: str) -> tuple[str, list[int]]:
    """The text in a form in which small differences are gone, and where each character is from."""
    parts: list[str] = []
    source: list[int] = []
    space = True
    for place, character in enumerate(text):
        plain = character.translate(_PLAIN)
        form = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", plain).casefold())
        for one in form:
            if one.isspace():
                if not space:
                    parts.append(" ")
                    source.append(place)
                space = True
            else:
                parts.append(one)
                source.append(place)
                space = False
    return "".join(parts), source
