"""Words, numbers and signs of any text, with their places in characters."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache
from itertools import groupby

#: Scripts that put no space between words, as ranges of code points: each letter is a token.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # Han: radicals
    (0x3005, 0x3007),
    (0x3021, 0x30FF),  # Han: numerals; Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Myanmar
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),  # Han: compatibility
    (0x1AFF0, 0x1B16F),  # Kana
    (0x20000, 0x323AF),  # Han
)
#: Tokens of a text that are looked at.
MOST = 20_000


def tokens(text: str) -> list[tuple[int, int]]:
    """Start and end of each token, in order, without white space and without overlap.

    A token is a word with its marks, a run of digits (with the points and commas inside it), an
    address of the web, a letter of a script without spaces, or one other character with what
    modifies it, such as an emoji of several code points. Letters and digits part, so that "10km"
    is two tokens.
    """
    found = []
    for match in _pattern().finditer(text):
        found.append(match.span())
        if len(found) == MOST:
            break
    return found


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    marks, unspaced = _ranges(_marks()), _ranges(_UNSPACED)
    modified = rf"[{marks}\u200d\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F]"
    joined = rf"(?:{modified}*\u200d[^\s\w])*{modified}*"
    letter = rf"[^\W\d_{unspaced}]"
    return re.compile(
        r"https?://[^\s<>\"]+"
        r"|[0-9]+(?:[.,:][0-9]+)*"
        rf"|{letter}(?:{letter}|[{marks}\u200c\u200d])*"
        rf"|\d(?:\d|[{marks}])*"
        rf"|[{unspaced}][{marks}]*"
        r"|[\U0001F1E6-\U0001F1FF]{2}"
        rf"|\S{joined}"
    )


def _marks() -> list[tuple[int, int]]:
    """The ranges of combining characters (Unicode categories Mn, Mc, Me)."""
    # Above are private use and unassigned code points, and the variation selectors.
    codes = (c for c in range(0x300, 0x20000) if unicodedata.category(chr(c))[0] == "M")
    runs = groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0])
    found = [(run[0][1], run[-1][1]) for run in (list(group) for _, group in runs)]
    return [*found, (0xE0100, min(0xE01EF, sys.maxunicode))]


def _ranges(ranges: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
