"""Regions that several engines mark, made into one list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from backend.filled import Filled
from backend.pooling.opinions import Opinion, Terms
from label_configs import Control, kind_of

#: From this similarity on, two regions mean the same thing. Regions of a control that are compared.
SAME, MOST = 0.5, 500
#: Whether two of the regions, by their numbers, are at the same place.
Alike = Callable[[int, int], bool]


class _Mark(NamedTuple):
    """A region that an engine marks."""

    #: Number of the opinion that it is of.
    member: int
    region: Any
    score: float


def pool_regions(control: Control, opinions: Sequence[Opinion], terms: Terms) -> Filled | None:
    """Each region that enough weight is behind, as the surest engine drew it.

    Of several labels at one place the one with the most weight stays, and none in a tie. An engine
    that does not mark a place says that nothing is there. Spans are at one place if their ends are
    the same, other regions if they are similar by a half.

    Returns:
        None where nothing of what they mark is agreed, or it is too much to compare.
    """
    marks = [mark for member, opinion in enumerate(opinions) for mark in _marks(member, opinion)]
    if not marks:
        mean = np.average([o.score for o in opinions], weights=[o.weight for o in opinions])
        return Filled(None, (float(mean),))
    if len(marks) > MOST:
        return None
    kept = [
        found
        for place in _places(control, marks)
        if (found := _agreed(place, opinions, terms)) is not None
    ]
    return Filled(tuple(r for r, _ in kept), tuple(s for _, s in kept)) if kept else None


def _marks(member: int, opinion: Opinion) -> list[_Mark]:
    regions = opinion.value or ()
    each = len(opinion.scores) == len(regions)
    scores = opinion.scores if each else (opinion.score,) * len(regions)
    return [_Mark(member, r, s) for r, s in zip(regions, scores, strict=True)]


def _places(control: Control, marks: Sequence[_Mark]) -> list[list[_Mark]]:
    """The marks by their place, the surest of each first; the places in the order of the marks."""
    alike = _alike(control, [mark.region for mark in marks])
    places: list[list[int]] = []
    for i in sorted(range(len(marks)), key=lambda i: -marks[i].score):
        mine = (marks[i].member, marks[i].region.labels)
        for place in places:
            # What one engine marks twice with the same labels are two things.
            taken = any((marks[j].member, marks[j].region.labels) == mine for j in place)
            if alike(place[0], i) and not taken:
                place.append(i)
                break
        else:
            places.append([i])
    return [[marks[i] for i in place] for place in sorted(places)]


def _alike(control: Control, regions: Sequence[Any]) -> Alike:
    similarity = getattr(kind_of(control), "similarity", None)
    if similarity is None:
        ends = [(region.place, region.start, region.end) for region in regions]
        return lambda i, j: ends[i] == ends[j]
    left, right = np.triu_indices(len(regions), k=1)
    near = np.zeros((len(regions), len(regions)), dtype=bool)
    near[left, right] = similarity(regions, left, right) >= SAME
    return lambda i, j: regions[i].place == regions[j].place and bool(near[min(i, j), max(i, j)])


def _agreed(
    place: Sequence[_Mark], opinions: Sequence[Opinion], terms: Terms
) -> tuple[Any, float] | None:
    """The region of the heaviest labels with its score, if enough weight is behind it."""
    total = sum(opinion.weight for opinion in opinions)
    by_labels: defaultdict[tuple[str, ...], list[_Mark]] = defaultdict(list)
    for mark in place:
        by_labels[mark.region.labels].append(mark)
    shares = {
        labels: sum(terms.weight(opinions[m.member].weight, m.score) for m in marks) / total
        for labels, marks in by_labels.items()
    }
    labels, *others = sorted(shares, key=lambda labels: -shares[labels])
    tied = bool(others) and shares[others[0]] == shares[labels]
    if tied or shares[labels] < terms.agree:
        return None
    marks = by_labels[labels]
    return marks[0].region, sum(opinions[m.member].weight * m.score for m in marks) / total
