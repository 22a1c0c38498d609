"""Near-duplicates among tasks: the same media, and texts that say nearly the same."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from label_configs import LabelConfig
from label_configs.kinds.dynamic import lookup
from sync.duplicates.near import Near, near
from sync.duplicates.normal import words
from sync.duplicates.pictures import FloatArray, similar_pictures
from sync.records import Json

#: An address of something, or the thing itself as a data URI.
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|/)\S+\Z")

#: A field or something within it, in a tag's value.
_PARTS = re.compile(r"\$[\w.\[\]]+")


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """What annotators see of a task."""

    #: All its texts, one a line.
    text: str
    #: Digests of the addresses of its images and other media, in their order.
    media: tuple[str, ...] = ()
    #: Its image as `similar_pictures` wants it, where the caller could read one.
    picture: FloatArray | None = None


def shown(data: Json, config: LabelConfig, picture: FloatArray | None = None) -> Shown:
    """All that the label config shows of a task's data.

    Ids and other fields that nobody sees would make copies look different.
    """
    places = dict.fromkeys(tag.value for tag in config.objects)
    texts = [text for place in places for found in _at(data, place) for text in _texts(found)]
    media = [text for text in texts if _ADDRESS.match(text)]
    return Shown(
        text="\n".join(text for text in texts if not _ADDRESS.match(text)),
        media=tuple(hashlib.sha256(m.encode("utf-8", "replace")).hexdigest() for m in media),
        picture=picture,
    )


def _at(data: Json, place: str) -> list[Any]:
    """What a tag's value shows: a field, something within it, or several amid words of its own."""
    found = lookup(data, place)
    return [lookup(data, part) for part in _PARTS.findall(place)] if found is None else [found]


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value of any depth, in their order."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            left.extend(reversed(list(item.values())))
        elif isinstance(item, (list, tuple)):
            left.extend(reversed(item))
        elif isinstance(item, (str, int, float)):
            yield str(item)


def near_tasks(tasks: Sequence[Shown], against: Sequence[Shown]) -> list[Near]:
    """The tasks that are near-duplicates of one of the others, in their order.

    Their media must be the same, or pictures that look the same, and so must their texts, where
    there are any: one question about two images makes two tasks. A pair without any text is
    measured as "media".

    Args:
        tasks: many.
        against: few.
    """
    alike = similar_pictures([t.picture for t in tasks], [o.picture for o in against])
    groups: defaultdict[tuple[str, ...], tuple[list[int], list[int]]]
    groups = defaultdict(lambda: ([], []))
    for of, other in enumerate(against):
        groups[other.media][1].append(of)
    for index, task in enumerate(tasks):
        media = against[alike[index]].media if index in alike else task.media
        if media in groups:
            groups[media][0].append(index)
    found = [
        one
        for media, (left, right) in groups.items()
        for one in _group(tasks, against, media, left, right)
    ]
    return sorted(found, key=lambda one: one.index)


def _group(
    tasks: Sequence[Shown],
    against: Sequence[Shown],
    media: tuple[str, ...],
    left: list[int],
    right: list[int],
) -> Iterator[Near]:
    """Those with the same media."""
    for one in near([tasks[i].text for i in left], [against[of].text for of in right]):
        yield replace(one, index=left[one.index], of=right[one.of])
    silent = next((of for of in right if not words(against[of].text)), None)
    if media and silent is not None:
        for index in left:
            if not words(tasks[index].text):
                yield Near(index=index, of=silent, measure="media", similarity=1.0)
