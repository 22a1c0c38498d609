"""Offsets in UTF-16 units, as browsers count, and in characters (code points), as Python does."""

from __future__ import annotations

from sync.errors import Malformed


def characters(text: str, units: int) -> int:
    """How many characters the first so many UTF-16 units hold.

    Raises:
        Malformed: the text has fewer units.
    """
    if text.isascii():
        length = len(text)
    else:
        encoded = text.encode("utf-16-le", "surrogatepass")
        length = len(encoded) // 2
    if units > length:
        raise Malformed(f"it ends at {units}, and there are {length} characters")
    return (
        units if length == len(text) else len(encoded[: 2 * units].decode("utf-16-le", "replace"))
    )


def units(text: str) -> int:
    """How many UTF-16 units the text has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
