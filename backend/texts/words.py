"""Words of a text, and the numbers by which they, their neighbours and their parts are known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

#: Lengths of the runs of characters, the blank at either end of a word included.
SHORTEST, LONGEST = 2, 4
#: From Thai on, scripts stand without blanks, or a character says as much as a syllable.
_DENSE = 0x0E00
#: Python's \w leaves out what is written above and below letters.
_MARKS = "".join(chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) in ("Mn", "Mc"))
_WORD = re.compile(rf"[\w{_MARKS}]+(?:['’][\w{_MARKS}]+)*|\S")
#: Odd constants without structure (the fractions of the golden ratio, √2 and √3 in 64 bits).
_PHI, _TWO, _THREE = (
    np.uint64(c) for c in (0x9E3779B97F4A7C15, 0x6A09E667F3BCC909, 0xBB67AE8584CAA73B)
)
_SHIFT = np.uint64(29)


def words(text: str) -> list[str]:
    """The words and the single other signs of a text, in their order, without regard to case.

    Letters that only look different to a computer are the same (Unicode's NFKC and case folding).
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _WORD.findall(text.lower())


def word_hash(word: str, field: int) -> int:
    """What a word is known by in one of the fields of a task: 64 bits."""
    data = word.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8, salt=field.to_bytes(4)).digest())


def pair_hashes(left: Hashes, right: Hashes) -> Hashes:
    """What pairs of neighbours are known by."""
    return _mixed(left) * _TWO + right


def runs(words: Sequence[str], field: int) -> tuple[Indices, Hashes]:
    """Runs of characters of each word.

    Words of scripts without blanks are whole phrases, so their runs go across what others would
    call words; there single characters count, too.

    Returns:
        For each run the index of its word, and what it is known by.
    """
    text = "".join(f" {word} " for word in words)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.fromiter(map(len, words), np.int64, len(words)) + 2
    owner = np.repeat(np.arange(len(words)), lengths)
    known = (codes + np.uint64((field + 1) << 32)) * _PHI
    dense = codes >= _DENSE
    owners, hashes = [owner[dense]], [known[dense]]
    for length in range(SHORTEST, LONGEST + 1):
        known = _mixed(known[:-1]) + codes[length - 1 :] * _THREE
        inside = owner[: len(known)] == owner[length - 1 :]
        owners.append(owner[: len(known)][inside])
        hashes.append(known[inside])
    return np.concatenate(owners), np.concatenate(hashes)


def _mixed(hashes: Hashes) -> Hashes:
    mixed: Hashes = (hashes ^ (hashes >> _SHIFT)) * _PHI
    return mixed
