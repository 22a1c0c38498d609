"""Features of words as 64-bit keys, made for many words at once.

Nothing is looked up by its text: a feature is the hash of what it says, so that a vocabulary is a
sorted array of numbers, and 0 stands for a feature that a word does not have. Two features out of
a million share a key with a probability of about 3e-8.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

#: Columns of `word_keys`.
LOWER, EXACT, SHAPE = 0, 1, 2
#: Beginnings and ends of 1, 2, 3 and 4 characters.
BEGINNING, END = (3, 4, 5, 6), (7, 8, 9, 10)
#: Three characters in the middle.
INSIDE = tuple(range(11, 23))
COLUMNS = 23
#: Characters of a word that are looked at.
LONGEST = 64

_STEP = np.uint64(0x9E3779B97F4A7C15)


def mixed(keys: Keys, salt: int = 0) -> Keys:
    """Keys spread evenly, differently for each salt.

    The finalizer of splitmix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
    """
    x = keys + np.uint64((salt + 1) * int(_STEP) & (2**64 - 1))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def salted(keys: Keys, salt: int) -> Keys:
    """The same features said of something else; 0 stays 0.

    Args:
        keys: (n, columns).
        salt: what they are said of; every column gets its own.
    """
    found = np.stack([mixed(keys[:, i], 64 * salt + i) for i in range(keys.shape[1])], axis=1)
    return np.where(keys == 0, np.uint64(0), found)


def paired(first: Keys, second: Keys, salt: int) -> Keys:
    """Keys of ordered pairs; 0 where one of both is."""
    found = mixed(first + mixed(second, salt), salt)
    return np.where((first == 0) | (second == 0), np.uint64(0), found)


def word_keys(words: Sequence[str]) -> Keys:
    """The features of each word alone, (n, COLUMNS).

    Args:
        words: none of them empty.
    """
    words = [word[:LONGEST] for word in words]
    found = np.zeros((len(words), COLUMNS), dtype=np.uint64)
    if not words:
        return found
    exact, start, length = _code_points(words)
    found[:, EXACT] = mixed(_hashed(exact, start, length), 2)
    found[:, SHAPE] = _shapes(exact, start, length)
    lower, start, length = _code_points([word.lower() for word in words])
    lower = _each(lower, lambda c: ord("0") if c.isdigit() else ord(c))
    found[:, LOWER] = mixed(_hashed(lower, start, length), 1)
    spread = mixed(lower.astype(np.uint64))
    for i, (first, last) in enumerate(zip(BEGINNING, END, strict=True), 1):
        found[:, first] = np.where(length > i, _cut(spread, start, i, 100), 0)
        found[:, last] = np.where(length > i, _cut(spread, start + length - i, i, 200), 0)
    for i, column in enumerate(INSIDE, 1):
        found[:, column] = np.where(length >= i + 4, _cut(spread, start + i, 3, 300), 0)
    return found


def _code_points(words: Sequence[str]) -> tuple[Ints, Ints, Ints]:
    """The characters of all words, where each word begins among them, and how long it is."""
    length = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    raw = "".join(words).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(raw, dtype="<u4").astype(np.int64), np.cumsum(length) - length, length


def _each(characters: Ints, of: Callable[[str], int]) -> Ints:
    """A number for each character, found once for each that is different."""
    distinct, back = np.unique(characters, return_inverse=True)
    numbers = np.fromiter((of(chr(c)) for c in distinct), dtype=np.int64, count=len(distinct))
    return numbers[back]


def _hashed(numbers: Ints, start: Ints, length: Ints) -> Keys:
    """A key for each word's sequence of numbers: a polynomial in them modulo 2**64."""
    place = np.arange(len(numbers)) - np.repeat(start, length)
    powers = np.cumprod(np.full(int(length.max()), _STEP))
    return np.add.reduceat(mixed(numbers.astype(np.uint64)) * powers[place], start)


def _cut(spread: Keys, first: Ints, size: int, salt: int) -> Keys:
    """Keys of so many characters from each place on."""
    total: Keys = np.zeros(len(first), dtype=np.uint64)
    for i in range(size):
        total = total * _STEP + spread[np.clip(first + i, 0, len(spread) - 1)]
    return mixed(total, salt + size)


def _shapes(characters: Ints, start: Ints, length: Ints) -> Keys:
    """Keys of the kinds of a word's characters, with runs of one kind cut to two."""
    kinds = _each(characters, _kind)
    place = np.arange(len(kinds)) - np.repeat(start, length)
    third = np.zeros(len(kinds), dtype=bool)
    third[2:] = (kinds[2:] == kinds[1:-1]) & (kinds[1:-1] == kinds[:-2]) & (place[2:] >= 2)
    word = np.repeat(np.arange(len(start)), length)[~third]
    kept = np.bincount(word, minlength=len(start))
    return mixed(_hashed(kinds[~third], np.cumsum(kept) - kept, kept), 3)


@lru_cache(maxsize=2**16)
def _kind(character: str) -> int:
    """Upper or lower case, digit, the block of another letter, or the sign itself."""
    if character.isupper() or character.istitle():
        return 1
    if character.islower() or unicodedata.category(character)[0] == "M":
        return 2
    if character.isdigit():
        return 3
    # Scripts without case lie in blocks of some 128 letters.
    return 4 + ord(character) // 128 if character.isalpha() else 2**21 + ord(character)
