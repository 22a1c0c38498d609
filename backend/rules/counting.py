"""What the rules that match a task propose together."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from backend.filled import Filled, takes_several
from backend.rules.binding import Bound
from backend.rules.patterns import Budget, Pattern
from backend.rules.terms import Hit
from label_configs import Control, LabelConfig, spoken
from label_configs.kinds import shown
from label_configs.kinds.dynamic import lookup
from label_configs.parse import ObjectTag
from sync.errors import Skippable
from sync.records import Json

#: Characters of a text that are searched, and stretches that are marked in a task.
LONGEST, MOST = 100_000, 1_000


class Unanswerable(Exception):
    """The task gets no proposal; the text says why, without its content."""


class Mark(NamedTuple):
    """A stretch of an object's text that rules mark."""

    start: int
    end: int
    label: str
    score: float


@dataclass
class _Marks:
    """What was found in one object, by place and label, in the order of the rules."""

    control: Control
    found: dict[tuple[int, int], defaultdict[str, list[Bound]]]

    def chosen(self) -> list[Mark]:
        """The marks that stay: the longest first, none over another, each with its best label."""
        best = [self._best(*place) for place in self.found]
        kept: list[Mark] = []
        for mark in sorted(best, key=lambda mark: (mark.start - mark.end, mark.start)):
            place = bisect_left(kept, mark)
            before = place == 0 or kept[place - 1].end <= mark.start
            if before and (place == len(kept) or mark.end <= kept[place].start):
                kept.insert(place, mark)
        return kept

    def _best(self, start: int, end: int) -> Mark:
        votes = self.found[start, end]
        # The earliest rule's label, where two count the same.
        label = max(votes, key=lambda label: _weight(votes[label]))
        others = sum(_weight(given) for given in votes.values()) - _weight(votes[label])
        return Mark(start, end, label, _score(votes[label], others, len(self.control.labels)))


def fill(
    rules: Sequence[Bound], config: LabelConfig, data: Json, budget: Budget
) -> dict[str, Filled]:
    """What each control is filled with; one that no rule says anything of is absent.

    Raises:
        Unanswerable: the rules that match are tied, or copy what is no answer.
        TooSlow: the patterns take too long.
    """
    budget.start()
    votes: defaultdict[str, list[tuple[Any, Bound]]] = defaultdict(list)
    marks: dict[tuple[str, str], _Marks] = {}
    for bound in rules:
        if not bound.rule.holds(data):
            continue
        if bound.rule.copy:
            value = _copied(bound, config, data)
            votes[bound.control.name] += [] if value is None else [(value, bound)]
        elif bound.marks:
            _mark(bound, data, budget, marks)
        elif _matches(bound, data, budget):
            votes[bound.control.name].append((bound.value, bound))
    filled = {name: _counted(config.by_name[name], given) for name, given in votes.items() if given}
    return _marked(config, marks, data) | filled


def _copied(bound: Bound, config: LabelConfig, data: Json) -> Any:
    said = lookup(data, bound.rule.copy)
    if said is None or said in ("", [], {}):
        return None
    try:
        return spoken.values(config, {bound.control.name: said}, data).get(bound.control.name)
    except Skippable:
        raise Unanswerable(
            f"rule {bound.number} copies a field that holds no answer to {bound.control.name!r}"
        ) from None


def _matches(bound: Bound, data: Json, budget: Budget) -> bool:
    if bound.finder is None:
        return True
    texts = _texts(bound, data)
    return any(next(_hits(bound, text, budget), None) is not None for text in texts)


def _texts(bound: Bound, data: Json) -> Iterator[str]:
    if bound.rule.field:
        found = lookup(data, bound.rule.field)
        texts = [found if isinstance(found, str) else None]
    else:
        texts = [_text(tag, data) for tag in bound.control.objects]
    return (text[:LONGEST] for text in texts if text)


def _text(tag: ObjectTag, data: Json) -> str | None:
    """What the object shows; of HTML only as much is parsed as is searched."""
    found = lookup(data, tag.field)
    if isinstance(found, str):
        data = {tag.field: found[:LONGEST]}
    return shown.text_of(tag, data) if tag.tag in shown.TAGS else None


def _hits(bound: Bound, text: str, budget: Budget) -> Iterator[Hit]:
    if isinstance(bound.finder, Pattern):
        return bound.finder.find(text, budget)
    return iter(()) if bound.finder is None else bound.finder.find(text)


def _mark(bound: Bound, data: Json, budget: Budget, marks: dict[tuple[str, str], _Marks]) -> None:
    for tag in bound.control.objects:
        text = (_text(tag, data) or "")[:LONGEST]
        into = marks.setdefault((bound.control.name, tag.name), _Marks(bound.control, {}))
        for hit in _hits(bound, text, budget):
            inside = text[hit.start : hit.end]
            if inside.strip():
                start = hit.start + len(inside) - len(inside.lstrip())
                place = (start, start + len(inside.strip()))
                label = hit.label or bound.rule.label
                into.found.setdefault(place, defaultdict(list))[label].append(bound)
            if len(into.found) > MOST:
                raise Unanswerable(f"rules mark more than {MOST} stretches of the text")


def _marked(
    config: LabelConfig, marks: Mapping[tuple[str, str], _Marks], data: Json
) -> dict[str, Filled]:
    items: defaultdict[str, list[Json]] = defaultdict(list)
    scores: dict[tuple[str, str, int, int], float] = {}
    for (control, tag), found in marks.items():
        for mark in found.chosen():
            place: Json = {"start": mark.start, "end": mark.end, "label": mark.label, "on": tag}
            items[control].append(place)
            scores[control, tag, mark.start, mark.end] = mark.score
    filled = {}
    for name, said in items.items():
        spans = _spans(config, name, said, data)
        first, *more = [tag.name for tag in config.by_name[name].objects]
        # A span names its object where there are several.
        on = [span.track.partition("\n")[0] if more else first for span in spans]
        given = [scores[name, o, s.start, s.end] for o, s in zip(on, spans, strict=True)]
        if spans:
            filled[name] = Filled(spans, tuple(given))
    return filled


def _spans(config: LabelConfig, control: str, said: list[Json], data: Json) -> tuple[Any, ...]:
    try:
        return tuple(spoken.values(config, {control: said}, data)[control])
    except Skippable:
        # In HTML, what begins or ends at a line break cannot be marked.
        if len(said) == 1:
            return ()
    return tuple(sorted(span for one in said for span in _spans(config, control, [one], data)))


def _counted(control: Control, votes: Sequence[tuple[Any, Bound]]) -> Filled:
    """The value that most of the weight is for.

    Raises:
        Unanswerable: two values are tied.
    """
    if takes_several(control):
        return _several(votes)
    given: defaultdict[Any, list[Bound]] = defaultdict(list)
    for value, bound in votes:
        given[value].append(bound)
    ranked = sorted(given, key=lambda value: -_weight(given[value]))
    total = sum(_weight(bounds) for bounds in given.values())
    won = _weight(given[ranked[0]])
    if len(ranked) > 1 and won == _weight(given[ranked[1]]):
        raise Unanswerable(f"the rules that match are tied on {control.name!r}")
    value = ranked[0]
    return Filled(value, (_score(given[value], total - won, _labels(control)),))


def _several(votes: Sequence[tuple[Any, Bound]]) -> Filled:
    given: defaultdict[Any, list[Bound]] = defaultdict(list)
    for value, bound in votes:
        for label in value:
            given[label].append(bound)
    return Filled(frozenset(given), (min(_score(bounds, 0.0, 2) for bounds in given.values()),))


def _labels(control: Control) -> int:
    return len(control.labels) or len(control.paths)


def _weight(bounds: Sequence[Bound]) -> float:
    return sum(bound.rule.weight for bound in bounds)


def _score(bounds: Sequence[Bound], against: float, labels: int) -> float:
    """How sure the rules are of one answer, in (0, 1].

    Where their precision was measured, the best of them times the share of the weight that is for
    the answer; else that share, smoothed by one vote that is split evenly among all labels (a
    symmetric Dirichlet prior of total mass one: Perks 1947, "Some observations on inverse
    probability", J. Inst. Actuaries 73).
    """
    weight = _weight(bounds)
    measured = [bound.rule.score for bound in bounds if bound.rule.score is not None]
    if measured:
        return max(measured) * weight / (weight + against)
    return (weight + (1 / labels if labels else 0.0)) / (weight + against + 1)
