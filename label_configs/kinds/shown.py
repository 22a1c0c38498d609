"""The text that people see of Text, HyperText and Paragraphs, and its places as regions hold them.

The other way round from `positions`, which reads such places.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from label_configs.kinds import html, positions
from label_configs.kinds.dynamic import lookup
from label_configs.kinds.kind import Data
from label_configs.kinds.units import units
from label_configs.parse import ObjectTag
from sync.errors import Skippable

#: Object tags with a text.
TAGS = frozenset({"Text", "HyperText", "Paragraphs"})


def text_of(tag: ObjectTag, data: Data) -> str | None:
    """The text in which `place` counts; None where the data does not hold it in plain form.

    Of HyperText without its markup, of Paragraphs all paragraphs one after the other.
    """
    shown = _content(tag, data)
    if tag.tag == "Paragraphs":
        texts = positions.paragraph_texts(tag, shown)
        return None if texts is None else "".join(texts)
    if not isinstance(shown, str):
        return None
    return html.document(shown).text if tag.tag == "HyperText" else shown


def parts_of(tag: ObjectTag, data: Data) -> tuple[int, ...]:
    """Where each part of the text begins, across which no word reaches: paragraphs, text nodes.

    Empty where the data does not hold the text.
    """
    shown = _content(tag, data)
    if tag.tag == "Paragraphs":
        texts = positions.paragraph_texts(tag, shown) or []
        return (0, *accumulate(map(len, texts)))[: len(texts)]
    if not isinstance(shown, str):
        return ()
    if tag.tag == "HyperText":
        return tuple(start for start, _ in html.document(shown).nodes.values())
    return (0,)


def place(tag: ObjectTag, data: Data, start: int, end: int) -> dict[str, Any]:
    """A stretch of the text as the value of a region holds it, with the text itself.

    Args:
        tag: a Text, HyperText or Paragraphs.
        data: the task's data, which holds the text.
        start: the first character, in Unicode code points.
        end: behind the last character; above `start`.

    Raises:
        Skippable: there is no such stretch, or in HTML it begins or ends in no text node.
    """
    text = text_of(tag, data)
    if text is None or not 0 <= start < end <= len(text):
        raise Skippable(f"{tag.name!r} has no stretch from {start} to {end}")
    if tag.tag == "HyperText":
        found = _in_html(str(_content(tag, data)), start, end)
    elif tag.tag == "Paragraphs":
        texts = positions.paragraph_texts(tag, _content(tag, data)) or []
        found = _in_paragraphs(texts, start, end)
    else:
        found = {"start": start, "end": end}
    return found | {"text": text[start:end]}


def _content(tag: ObjectTag, data: Data) -> Any:
    found = positions.content(tag, data)
    # In a Repeater the text stands deeper in the data.
    plain = found is None and positions.content(tag, {tag.field: True})
    return lookup(data, tag.value) if plain else found


def _in_html(source: str, start: int, end: int) -> dict[str, Any]:
    page = html.document(source)
    first, last = page.place(start), page.place(end - 1)
    if not first or not last:
        raise Skippable(f"the stretch from {start} to {end} begins or ends at a line break")
    return {
        "start": first[0],
        "end": last[0],
        "startOffset": first[1],
        "endOffset": last[1] + units(page.text[end - 1]),
        "globalOffsets": {"start": start, "end": end},
    }


def _in_paragraphs(texts: list[str], start: int, end: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at = 0
    for number, text in enumerate(texts):
        if at <= start < at + len(text):
            found |= {"start": str(number), "startOffset": units(text[: start - at])}
        if at < end <= at + len(text):
            found |= {"end": str(number), "endOffset": units(text[: end - at])}
        at += len(text)
    return found
