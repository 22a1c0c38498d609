"""The text that people see of Text, HyperText and Paragraphs, and its places as regions hold them.

The other way round from `positions`, which reads such places.
"""

from __future__ import annotations

from typing import Any

from label_configs.kinds import html, positions
from label_configs.kinds.dynamic import lookup
from label_configs.kinds.kind import Data
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
    nodes = html.document(source).nodes.items()
    first = [(path, start - at) for path, (at, length) in nodes if at <= start < at + length]
    last = [(path, end - at) for path, (at, length) in nodes if at < end <= at + length]
    if not first or not last:
        raise Skippable(f"the stretch from {start} to {end} begins or ends at a line break")
    return {
        "start": first[0][0],
        "end": last[0][0],
        "startOffset": first[0][1],
        "endOffset": last[0][1],
        "globalOffsets": {"start": start, "end": end},
    }


def _in_paragraphs(texts: list[str], start: int, end: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at = 0
    for number, text in enumerate(texts):
        if at <= start < at + len(text):
            found |= {"start": str(number), "startOffset": _units(text[: start - at])}
        if at < end <= at + len(text):
            found |= {"end": str(number), "endOffset": _units(text[: end - at])}
        at += len(text)
    return found


def _units(text: str) -> int:
    """How many UTF-16 units a text has, in which Label Studio counts within paragraphs."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
