"""How names stand in sentences."""

from __future__ import annotations


def short(text: str, most: int = 40) -> str:
    """A text of at most `most` characters, the last of which tells that there was more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
