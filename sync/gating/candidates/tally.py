"""Labels of candidates beside labels of answers, counted task by task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import label_configs
from label_configs import LabelConfig
from sync.gating.judged import Judged

#: A control's name and one of its labels.
Key = tuple[str, str]
#: A control's name, a label of the candidate, the label of the answer in its place, and whether
#: it was answered.
Quad = tuple[str, str | None, str | None, bool]


@dataclass(kw_only=True)
class Tally:
    """One label over the tasks that have it, in their order."""

    #: Per task with a candidate of the label: the share of its proposals that people confirm.
    confirmed_shares: list[float] = field(default_factory=list)
    #: Which tasks these are, by their place in the sequence.
    proposing: list[int] = field(default_factory=list)
    #: Per task in which people gave the label: the share that the candidate had.
    found_shares: list[float] = field(default_factory=list)
    #: Counts over all answers: a candidate that two people judge counts twice.
    proposed: int = 0
    confirmed: int = 0
    given: int = 0


@dataclass(slots=True)
class _Counts:
    proposed: int = 0
    confirmed: int = 0
    given: int = 0


def labelled(tasks: Sequence[Judged], config: LabelConfig) -> list[tuple[Quad, ...]]:
    """For each task, which labels of its candidate stand against which of its answers.

    A skip gives no label, so it confirms none.
    """
    return [tuple(_labelled(task, config)) for task in tasks]


def _labelled(task: Judged, config: LabelConfig) -> Iterator[Quad]:
    candidate = task.candidate or {}
    for answer in task.answers:
        for control in config.controls:
            proposed = candidate.get(control.name)
            given = None if answer is None else answer.get(control.name)
            for left, right in label_configs.pairs(control, proposed, given):
                yield control.name, left, right, answer is not None


def tally(tasks: Sequence[Judged], config: LabelConfig) -> dict[Key, Tally]:
    """What became of each label that a candidate or a person gave."""
    return tally_of(labelled(tasks, config))


def tally_of(tasks: Sequence[Sequence[Quad]]) -> dict[Key, Tally]:
    """As `tally`, of labels that stand against each other already."""
    found: defaultdict[Key, Tally] = defaultdict(Tally)
    for place, quads in enumerate(tasks):
        for key, counts in _of_task(quads).items():
            total = found[key]
            total.proposed += counts.proposed
            total.confirmed += counts.confirmed
            total.given += counts.given
            if counts.proposed:
                total.proposing.append(place)
                total.confirmed_shares.append(counts.confirmed / counts.proposed)
            if counts.given:
                total.found_shares.append(counts.confirmed / counts.given)
    return dict(found)


def _of_task(quads: Sequence[Quad]) -> dict[Key, _Counts]:
    found: defaultdict[Key, _Counts] = defaultdict(_Counts)
    for control, proposed, given, _ in quads:
        if proposed is not None:
            found[control, proposed].proposed += 1
        if given is not None:
            found[control, given].given += 1
            found[control, given].confirmed += proposed == given
    return found
