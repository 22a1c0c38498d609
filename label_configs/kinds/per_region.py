"""Values of controls with perRegion="true": an answer about each region that someone drew.

An answer belongs to its region. Two answers are about the same thing where their regions are (see
`anchors`); where the regions lie exactly is judged with the control that draws them, and not
again here. Answers are matched one to one so that they agree the most; an answer without a
partner agrees with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from label_configs.kinds import alignment, anchors
from label_configs.kinds.anchors import Anchor
from label_configs.kinds.kind import Data, Kind, Pair, Region
from label_configs.kinds.matching import Array, BoolArray, IntArray, matched
from label_configs.parse import Control


class Answer(NamedTuple):
    """What was said of one region."""

    anchor: Anchor
    #: A value of the kind that the control has without perRegion.
    said: Any
    labels: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str]:
        """What answers about the same thing have in common: how it is drawn, and on what."""
        return self.anchor[:2]


#: Sorted.
Value = tuple[Answer, ...]


@dataclass(frozen=True, eq=False)
class PerRegion:
    """The kind of a control that is answered once a region."""

    #: How each single answer is handled.
    inner: Kind
    #: Control tag to kind, for the regions.
    kinds: Mapping[str, Kind]
    METRIC = False
    SCALE = ""

    def obstacle(self, control: Control) -> str:
        """What keeps the control's values from being compared; empty where nothing does."""
        return self.inner.obstacle(control)

    def placed(self, regions: Sequence[Region], result: Sequence[Region]) -> list[Region]:
        """The regions with their places, of which the rest of the result may tell."""
        return anchors.placed(regions, result)

    def read(self, control: Control, regions: Sequence[Region], data: Data) -> Value | None:
        """The answers that say something, sorted; None where none does."""
        groups: dict[object, list[Region]] = {}
        for k, region in enumerate(regions):
            identity = region.get("id")
            groups.setdefault(k if identity is None else str(identity), []).append(region)
        answers = []
        for group in groups.values():
            place = anchors.anchor(group[0], control.objects, data, self.kinds)
            said = self.inner.read(control, group, data)
            if said is not None:
                answers.append(Answer(place, said))
        return tuple(sorted(answers, key=_order)) or None

    def write(self, control: Control, value: Value) -> list[Region]:
        """The regions of all answers, each with its place."""
        places = anchors.written([a.anchor for a in value], control.objects, self.kinds)
        return [
            place | region | {"value": place["value"] | region["value"]}
            for place, answer in zip(places, value, strict=True)
            for region in self.inner.write(control, answer.said)
        ]

    def distance(self, control: Control, a: Value, b: Value) -> float:
        """1 − 2 Σ agreement of the matched / (answers of a + answers of b)."""
        return float(self.distances(control, [a], [b])[0])

    def distances(self, control: Control, a: Sequence[Value], b: Sequence[Value]) -> Array:
        """The distance of each value of `a` to the value of `b` in its place, (n,) in [0, 1]."""
        return alignment.distances(a, b, partial(self._agreement, control))

    def category(self, control: Control, value: Value) -> None:
        """Several answers make no one category."""
        del control, value

    def pairs(self, control: Control, a: Value | None, b: Value | None) -> list[Pair]:
        """Labels of answers about the same thing, and of answers that are alone."""
        left, right = a or (), b or ()
        i, j = (x.ravel() for x in np.indices((len(left), len(right))))
        near = self._near([*left, *right], i, j + len(left))
        agreement = self._agreement(control, [*left, *right], i, j + len(left))
        # As many as can be are matched; which of them, is for agreement to say.
        taken = np.flatnonzero(matched(i, j, near * (1.0 + 1e-6 * agreement)))
        partner = dict(zip(i[taken].tolist(), j[taken].tolist(), strict=True))
        sides: list[tuple[Any, Any]] = [
            (answer.said, right[partner[k]].said if k in partner else None)
            for k, answer in enumerate(left)
        ]
        alone = sorted(set(range(len(right))) - set(partner.values()))
        sides += [(None, right[k].said) for k in alone]
        return [pair for x, y in sides for pair in self.inner.pairs(control, x, y)]

    def _near(self, answers: Sequence[Answer], left: IntArray, right: IntArray) -> BoolArray:
        """Whether answers[left[k]] and answers[right[k]] are about the same thing, (n,)."""
        alike = anchors.similarity(
            [answers[i].anchor for i in left], [answers[j].anchor for j in right], self.kinds
        )
        near: BoolArray = alike >= anchors.SAME
        return near

    def _agreement(
        self, control: Control, answers: Sequence[Answer], left: IntArray, right: IntArray
    ) -> Array:
        """1 − the distance of answers about the same thing, 0 of others, (n,)."""
        found = np.zeros(len(left))
        for k in np.flatnonzero(self._near(answers, left, right)):
            x, y = answers[left[k]].said, answers[right[k]].said
            found[k] = 1.0 - self.inner.distance(control, x, y)
        return found


def _order(answer: Answer) -> tuple[str, str, Any, str]:
    return (answer.anchor.tag, answer.anchor.on, answer.anchor.region, _canonical(answer.said))


def _canonical(said: Any) -> str:
    """The same text for equal values: a set has no order of its own."""
    if isinstance(said, frozenset):
        return f"{{{','.join(sorted(map(_canonical, said)))}}}"
    if isinstance(said, tuple):
        return f"({','.join(map(_canonical, said))})"
    return repr(said)
