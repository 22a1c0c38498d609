"""Values of TextArea: the lines that a person wrote, compared after normalisation.

Two texts are compared in Unicode's compatibility form (NFKC), with case folded, without
punctuation (every character of Unicode's categories P*), and with one space for each run of white
space; the lines of one answer are joined by a space. So "Don't stop!" is "dont stop". The value
itself keeps what was written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.single import content, joined
from label_configs.parse import Control
from sync.errors import Malformed

Value = tuple[str, ...]
FloatArray = npt.NDArray[np.float64]

METRIC = True
SCALE = ""


def obstacle(control: Control) -> str:
    """Nothing keeps texts from being compared."""
    del control
    return ""


def read(control: Control, regions: Sequence[Region], data: Data) -> Value | None:
    """The lines in their order; None where there is nothing but white space."""
    del control, data
    lines = [line for region in regions for line in _lines(region)]
    return tuple(lines) if any(line.strip() for line in lines) else None


def _lines(region: Region) -> list[str]:
    text = content(region, "textarea", "text")
    lines = [text] if isinstance(text, str) else text
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Malformed("it holds no list of texts", region=region.get("id"))
    return lines


def write(control: Control, value: Value) -> list[Region]:
    """One region with all lines."""
    del control
    return [{"type": "textarea", "value": {"text": list(value)}}] if value else []


def distance(control: Control, a: Value, b: Value) -> float:
    """The normalised edit distance of the two texts in characters, after normalisation.

    With L the Levenshtein distance of unit costs it is 2 L / (|a| + |b| + L): symmetric, in
    [0, 1], 1 exactly if nothing but one of the texts is empty, and a metric of normalised texts
    (Yujian & Bo 2007, "A normalized Levenshtein distance metric", IEEE TPAMI 29(6), theorem 2).
    """
    return float(distances(control, [a], [b])[0])


def distances(control: Control, a: Sequence[Value], b: Sequence[Value]) -> FloatArray:
    """`distance` of many pairs, shape (n,)."""
    del control
    left, right = [normalised(x) for x in a], [normalised(y) for y in b]
    edits = cpdist(left, right, scorer=Levenshtein.distance, dtype=np.float64)
    sizes = np.array([len(x) + len(y) for x, y in zip(left, right, strict=True)], np.float64)
    whole = sizes + edits
    apart: FloatArray = np.zeros_like(whole)
    np.divide(2.0 * edits, whole, out=apart, where=whole > 0)
    return apart


def error_rates(control: Control, a: Value, b: Value | None) -> tuple[float | None, float | None]:
    """Character and word error rate of `b` against the reference `a`, after normalisation.

    The fewest insertions, deletions and substitutions that make `a` of `b`, divided by the
    length of `a`, in characters (spaces count) and in words (between white space). At least 0,
    and above 1 where `b` is much longer; None where nothing is left of the reference. An answer
    without a text (`b` is None) is an empty one.
    """
    del control
    reference, text = normalised(a), normalised(b or ())
    return _rate(reference, text), _rate(reference.split(), text.split())


def word_error_rate(reference: str, text: str) -> float | None:
    """Word error rate of a text against a reference, after normalisation; see `error_rates`."""
    return _rate(normalised((reference,)).split(), normalised((text,)).split())


def _rate(reference: Sequence[str], text: Sequence[str]) -> float | None:
    return Levenshtein.distance(reference, text) / len(reference) if reference else None


def category(control: Control, value: Value) -> str:
    """Exactly what was written: the line itself, or a JSON list of several."""
    del control
    return joined(value)


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """None: a text is not a label."""
    del control, a, b
    return []


class _Plain(dict[int, int | None]):
    """What each character becomes, filled as characters occur."""

    def __missing__(self, code: int) -> int | None:
        """Nothing for punctuation, itself for all others."""
        kept = None if unicodedata.category(chr(code)).startswith("P") else code
        self[code] = kept
        return kept


_PLAIN = _Plain()


@lru_cache(maxsize=100_000)
def normalised(value: Value) -> str:
    """The lines as one text, in the form in which texts are compared (see the module)."""
    folded = unicodedata.normalize("NFKC", " ".join(value)).casefold()
    # Folding can undo the form: Unicode 15, section 3.13, definition D146.
    text = unicodedata.normalize("NFKC", folded)
    return " ".join(text.translate(_PLAIN).split())
