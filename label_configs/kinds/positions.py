"""Where a region lies in text, HTML, dialogues, sound, time series and video, read and written.

**Units of text.** Label Studio counts characters of Text and HyperText as Unicode code points,
like Python (`charsToCodePoints` in its editor; before version 1.5 it counted UTF-16 units). Offsets
that match the region's own text only in UTF-16 units are taken as such. In Paragraphs and beside
the XPaths of HyperText, other than in its global offsets, it still counts UTF-16 units; they are
counted as code points where the data is known.

**Stray space.** Where the text is known (the task's data, or the region's own text where it is as
long as the span), both ends move inwards past white space before anything is compared, so that
"Berlin" and "Berlin " are the same span. A span of nothing but white space stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from label_configs.kinds import html, moments
from label_configs.kinds.kind import Data
from label_configs.kinds.span import Place, Span, number, whole
from label_configs.kinds.units import characters
from label_configs.parse import ObjectTag
from sync.errors import Malformed

Value = dict[str, Any]

Reader = Callable[[Value, ObjectTag, Data], Place]

#: Characters that a paragraph of unknown text counts for: more than any has.
PARAGRAPH = 2**20


def content(tag: ObjectTag, data: Data) -> Any:
    """What the object shows, if the task's data holds it in plain form; None otherwise."""
    if data is None or tag.settings.get("valuetype") == "url":
        return None
    if tag.settings.get("encoding", "none") != "none":
        return None
    return data.get(tag.field)


def text(value: Value, tag: ObjectTag, data: Data) -> Place:
    """A region of Text: start and end in characters."""
    start, end = whole(value.get("start"), "start"), whole(value.get("end"), "end")
    _ordered(start, end)
    shown, own = content(tag, data), value.get("text")
    if not isinstance(shown, str):
        return Place("", *_trimmed_alone(start, end, own))
    if not shown.isascii() and isinstance(own, str) and shown[start:end] != own:
        start, end = _from_utf16(shown, start, end, own)
    _within(end, len(shown))
    return Place("", *_trimmed(start, end, shown))


def hypertext(value: Value, tag: ObjectTag, data: Data) -> Place:
    """A region of HyperText: by its XPaths where the data holds the HTML, else by global offsets.

    The XPaths are taken first, since each region has them, and those of a machine often nothing
    else; unless the region's own text is not what they lead to. Where neither helps, a region is
    compared by its offsets in one node, and over several nodes is the same only as itself.
    """
    places = [value.get("start"), value.get("end")]
    offsets = [whole(value.get(key), key) for key in ("startOffset", "endOffset")]
    for place in places:
        if not isinstance(place, str):
            raise Malformed(f"its place is {place!r}, not an XPath")
    source, around, own = (*places, *offsets), value.get("globalOffsets"), value.get("text")
    if isinstance(around, dict):
        start, end = whole(around.get("start"), "start"), whole(around.get("end"), "end")
        _ordered(start, end)
        source = (*source, start, end)
    shown = content(tag, data)
    found = _in_html(shown, source, own) if isinstance(shown, str) else None
    if found is not None:
        return Place("", *found, source)
    if isinstance(around, dict):
        return Place("", *_trimmed_alone(start, end, own), source)
    if places[0] != places[1]:
        return Place(repr(source), 0, 1, source)
    _ordered(*offsets)
    return Place(str(places[0]), *_trimmed_alone(offsets[0], offsets[1], own), source)


def _in_html(shown: str, source: tuple[Any, ...], own: object) -> tuple[int, int] | None:
    """Where the XPaths lead in the text of the HTML, if they lead to the region's own text."""
    page = html.document(shown)
    start, end = page.position(source[0], source[2]), page.position(source[1], source[3])
    if start is None or end is None or start >= end:
        return None
    if isinstance(own, str) and _letters(own) != _letters(page.text[start:end]):
        return None
    return _trimmed(start, end, page.text)


def _letters(text: str) -> str:
    """What is not white space; Label Studio writes a line break as a backslash and an n."""
    return "".join(text.replace("\\n", " ").split())


def paragraphs(value: Value, tag: ObjectTag, data: Data) -> Place:
    """A region of Paragraphs: numbers of paragraphs, and offsets in them.

    Counted through the whole dialogue. Without the data the paragraphs' lengths are not known:
    each counts for `PARAGRAPH` characters, which is exact within one paragraph.
    """
    first, last = (_paragraph(value.get(key)) for key in ("start", "end"))
    from_, to = (whole(value.get(key), key) for key in ("startOffset", "endOffset"))
    source = (first, last, from_, to)
    texts = paragraph_texts(tag, content(tag, data))
    if texts is None:
        start, end = first * PARAGRAPH + from_, last * PARAGRAPH + to
        _ordered(start, end)
        return Place("", *_trimmed_alone(start, end, value.get("text")), source=source)
    for paragraph in (first, last):
        _within(paragraph + 1, len(texts), "paragraphs")
    starts = [sum(map(len, texts[:paragraph])) for paragraph in (first, last)]
    start = starts[0] + characters(texts[first], from_)
    end = starts[1] + characters(texts[last], to)
    _ordered(start, end)
    return Place("", *_trimmed(start, end, "".join(texts)), source=source)


def audio(value: Value, tag: ObjectTag, data: Data) -> Place:
    """A region of Audio: seconds, and the channel (0 where none is named) as the track."""
    del tag, data
    start, end = number(value.get("start"), "start"), number(value.get("end"), "end")
    if start < 0:
        raise Malformed(f"its start is {start}, before the sound begins")
    _ordered(start, end)
    channel = whole(value.get("channel") or 0, "channel")
    return Place(str(channel) if channel else "", start, end)


def time_series(value: Value, tag: ObjectTag, data: Data) -> Place:
    """A region of TimeSeries: a stretch of time, or an instant."""
    del data
    source = value.get("start"), value.get("end")
    time_format = tag.settings.get("timeformat", "")
    start, end = (
        moments.seconds(moment, time_format, what)
        for moment, what in zip(source, ("start", "end"), strict=True)
    )
    if not (value.get("instant") and start == end):
        _ordered(start, end)
    return Place("", start, end, source=source)


def frames(value: Value, tag: ObjectTag, data: Data) -> Place:
    """A region of TimelineLabels: frames, the last one included."""
    del tag, data
    ranges = value.get("ranges")
    if not isinstance(ranges, list) or len(ranges) != 1 or not isinstance(ranges[0], dict):
        raise Malformed("it holds no list of one range of frames")
    start, end = (whole(ranges[0].get(key), key) for key in ("start", "end"))
    _ordered(start, end + 1)
    return Place("", start, end + 1)


#: Object tag to how regions on it are read.
READERS: dict[str, Reader] = {
    "Text": text,
    "HyperText": hypertext,
    "Paragraphs": paragraphs,
    "Audio": audio,
    "AudioPlus": audio,
    "TimeSeries": time_series,
    "Video": frames,
}


def written(span: Span, tag: str) -> Value | None:
    """The span's place as a region of that object tag holds it; None where its source is missing.

    Of HTML, dialogues and time series the source is what is written.
    """
    if tag == "Text":
        return {"start": span.start, "end": span.end}
    if tag == "Video":
        return {"ranges": [{"start": span.start, "end": span.end - 1}]}
    if tag in ("Audio", "AudioPlus"):
        return {"start": span.start, "end": span.end, "channel": int(span.track or 0)}
    if not span.source:
        return None
    start, end, *offsets = span.source
    if tag == "TimeSeries":
        return {"start": start, "end": end, "instant": span.start == span.end}
    if tag == "Paragraphs":
        start, end = str(start), str(end)
    value = {"start": start, "end": end, "startOffset": offsets[0], "endOffset": offsets[1]}
    if offsets[2:]:
        value["globalOffsets"] = {"start": offsets[2], "end": offsets[3]}
    return value


def _ordered(start: float, end: float) -> None:
    if start >= end:
        raise Malformed(f"it ends at {end}, not after its start {start}")


def _within(end: int, length: int, what: str = "characters") -> None:
    if end > length:
        raise Malformed(f"it ends at {end}, and there are {length} {what}")


def _trimmed(start: int, end: int, text: str) -> tuple[int, int]:
    """The ends moved inwards past white space."""
    inside = text[start:end]
    bare = inside.strip()
    if not bare or len(bare) == len(inside):
        return start, end
    start += len(inside) - len(inside.lstrip())
    return start, start + len(bare)


def _trimmed_alone(start: int, end: int, own: object) -> tuple[int, int]:
    """The same by the region's own text, which Label Studio stores with runs of space shortened."""
    if not isinstance(own, str) or len(own) != end - start:
        return start, end
    moved, length = _trimmed(0, len(own), own)
    return start + moved, start + length


def _from_utf16(text: str, start: int, end: int, own: str) -> tuple[int, int]:
    """Offsets in code points of offsets that hold the region's own text in UTF-16 units only."""
    units = text.encode("utf-16-le", "surrogatepass")
    if units[2 * start : 2 * end] != own.encode("utf-16-le", "surrogatepass"):
        return start, end
    start = len(units[: 2 * start].decode("utf-16-le", "replace"))
    return start, start + len(own)


def _paragraph(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return whole(value, "paragraph")


def paragraph_texts(tag: ObjectTag, dialogue: Any) -> list[str] | None:
    """The paragraphs' texts, if the data holds them all."""
    key = tag.settings.get("textkey", "text")
    # With contextScroll, Label Studio sorts the paragraphs by time before it counts them.
    if not isinstance(dialogue, list) or tag.settings.get("contextscroll") == "true":
        return None
    texts = [p.get(key) if isinstance(p, dict) else p for p in dialogue]
    known = [text for text in texts if isinstance(text, str)]
    return known if len(known) == len(texts) else None
