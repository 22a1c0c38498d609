"""Where a region lies, as an answer says it: a quote of a text, or Label Studio's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from label_configs.kinds import positions, shown
from label_configs.kinds.kind import Data, Region
from label_configs.parse import Control, ObjectTag
from label_configs.spoken.forms import Scene, short
from label_configs.spoken.quotes import occurrences
from sync.errors import Skippable
from sync.records import Json

#: What a region has beside its value.
_BESIDE = ("item_index", "original_width", "original_height")
#: Under which keys the object's name, the labels and an answer about the region stand.
ON, ANSWER, LABELS = "on", "answer", ("label", "labels")
#: A stretch of the text of an object.
Stretch = tuple[int, int]

_QUOTE: Json = {
    "text": {"type": "string", "description": "quoted exactly from the task"},
    "occurrence": {
        "type": ["integer", "null"],
        "description": "which of several: 1 for the first; null for the first not named before",
    },
}


def is_text(control: Control) -> bool:
    """Whether all that the control is about are texts that the task's data holds."""
    return bool(control.objects) and all(
        tag.tag in shown.TAGS
        and tag.settings.get("valuetype") != "url"
        and tag.settings.get("encoding", "none") == "none"
        for tag in control.objects
    )


def quote_schema(control: Control) -> Json:
    """The properties that say where in a text a region lies."""
    names = [tag.name for tag in control.objects]
    return _QUOTE | ({ON: {"type": "string", "enum": names}} if len(names) > 1 else {})


def on(control: Control, item: Json) -> ObjectTag:
    """The object that an item lies on: the one that it names, or the first.

    Raises:
        Skippable: it names none of the control's.
    """
    name = item.get(ON)
    if not control.objects:
        raise Skippable(f"{control.name!r} is about nothing on which a region could lie")
    for tag in control.objects:
        if name is None or tag.name == name:
            return tag
    names = ", ".join(tag.name for tag in control.objects)
    raise Skippable(f"{ON!r} is {short(name)}: the objects of {control.name!r} are {names}")


def natural(control: Control, item: Json) -> Region:
    """A region that lies where the item's own numbers say."""
    value = {
        key: found
        for key, found in item.items()
        if key not in (ON, ANSWER, *LABELS, *_BESIDE, "score") and found is not None
    }
    if control.tag == "TimelineLabels" and "ranges" not in value:
        value = {"ranges": [value]}
    beside = {key: item[key] for key in _BESIDE if item.get(key) is not None}
    return {"to_name": on(control, item).name, "value": value} | beside


def said_naturally(control: Control, region: Region) -> Json:
    """The item that says where the region lies by its numbers."""
    item = dict(region["value"])
    item |= {key: region[key] for key in _BESIDE if key in region}
    return item | ({ON: region["to_name"]} if len(control.objects) > 1 else {})


class Quotes:
    """Finds what one answer quotes, so that no stretch is taken twice."""

    def __init__(self, control: Control, scene: Scene) -> None:
        """Nothing is taken yet."""
        self._control, self._scene = control, scene
        self._taken: dict[str, set[Stretch]] = {}
        #: For each character of an object's text, whether it is in a stretch that is taken.
        self._covered: dict[str, bytearray] = {}

    def place(self, item: Json, among: Sequence[Region] = ()) -> Region | None:
        """A region where the item says, by a quote or by `start` and `end`.

        Args:
            item: what was said.
            among: where the quote occurs several times and none is chosen, those occurrences are
                preferred at which one of these lies.

        Returns:
            None where each occurrence of the quote is taken.

        Raises:
            Skippable: there is no such place.
        """
        tag = on(self._control, item)
        stretch = self._stretch(tag, item, among)
        if stretch is None:
            return None
        value = shown.place(tag, self._scene.data, *stretch)
        start, end = stretch
        self._taken.setdefault(tag.name, set()).add(stretch)
        covered = self._covered.setdefault(tag.name, bytearray())
        covered.extend(bytes(max(0, end - len(covered))))
        covered[start:end] = b"\x01" * (end - start)
        return {"to_name": tag.name, "value": value}

    def _stretch(self, tag: ObjectTag, item: Json, among: Sequence[Region]) -> Stretch | None:
        text = shown.text_of(tag, self._scene.data)
        if text is None:
            raise Skippable(f"the task has no text for {tag.name!r}")
        quote, nth = item.get("text"), item.get("occurrence")
        if "start" in item and "end" in item:
            return _whole(item["start"]), _whole(item["end"])
        if not isinstance(quote, str) or not quote.strip():
            raise Skippable(f"{short(item)} quotes no text")
        places = occurrences(text, quote)
        if not places:
            raise Skippable(f"the quote {short(quote)} does not occur in {tag.name!r}")
        if nth is None:
            return self._free(tag, _preferred(tag, places, among, self._scene.data))
        if isinstance(nth, bool) or not isinstance(nth, int) or not 1 <= nth <= len(places):
            raise Skippable(
                f"the quote {short(quote)} has no occurrence {short(nth)}: it occurs "
                f"{len(places)} times in {tag.name!r}"
            )
        return places[nth - 1]

    def _free(self, tag: ObjectTag, places: Sequence[Stretch]) -> Stretch | None:
        """The first place that touches nothing taken, or else is not taken itself."""
        taken, covered = self._taken.get(tag.name, set()), self._covered.get(tag.name, b"")
        for start, end in places:
            if covered.find(1, start, end) < 0:
                return start, end
        return next((place for place in places if place not in taken), None)


def said_as_quote(control: Control, region: Region, data: Data) -> Json:
    """The item that says by a quote where the region lies, or by numbers where no quote can.

    Raises:
        Skippable: the data does not hold the text, or the region is not in it.
    """
    tag = on(control, {ON: region.get("to_name")})
    text = shown.text_of(tag, data)
    place = positions.READERS[tag.tag](region["value"], tag, data)
    start, end = int(place.start), int(place.end)
    if text is None or place.track or not 0 <= start < end <= len(text):
        raise Skippable(f"a region of {control.name!r} lies in no text that the task holds")
    named = {ON: tag.name} if len(control.objects) > 1 else {}
    places = occurrences(text, text[start:end])
    if (start, end) not in places:
        return {"start": start, "end": end} | named
    nth = places.index((start, end)) + 1 if len(places) > 1 else None
    return {"text": text[start:end], "occurrence": nth} | named


def _preferred(
    tag: ObjectTag, places: Sequence[Stretch], among: Sequence[Region], data: Data
) -> Sequence[Stretch]:
    if len(places) < 2 or not among:
        return places
    drawn = set()
    for region in among:
        if region.get("to_name") == tag.name:
            place = positions.READERS[tag.tag](region["value"], tag, data)
            drawn.add((place.start, place.end))
    return [place for place in places if place in drawn] or places


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise Skippable(f"{short(number)} is no whole number of characters")
    return number
