"""Which label people give where the candidate has another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from label_configs import LabelConfig
from sync.gating.candidates.tally import Quad, labelled
from sync.gating.judged import Judged, judged
from sync.records import Item

#: Tasks named as examples of a confusion.
EXAMPLES = 5


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """A label of candidates beside the label that people gave in its place."""

    control: str
    #: None where people gave a label that the candidate lacks.
    proposed: str | None
    #: None where people gave nothing in the place of the candidate's label.
    given: str | None
    #: Answers, over all people; a region counts each time.
    count: int
    #: Distinct tasks, at most `EXAMPLES`, in the order of the items.
    tasks: tuple[int, ...]


def confusions(items: Sequence[Item], config: LabelConfig) -> tuple[Confusion, ...]:
    """The pairs of labels that differ, most frequent first.

    Skips say nothing of a label and are left out.

    Args:
        items: those without a candidate or an answer are left out.
        config: the label config.
    """
    return confused(judged(items, config), config)


def confused(tasks: Sequence[Judged], config: LabelConfig) -> tuple[Confusion, ...]:
    """As `confusions`, of what is read already."""
    return confused_labels([task.task_id for task in tasks], labelled(tasks, config))


def confused_labels(
    task_ids: Sequence[int], tasks: Sequence[Sequence[Quad]]
) -> tuple[Confusion, ...]:
    """As `confusions`, of labels that stand against each other already."""
    counts: defaultdict[tuple[str, str | None, str | None], int] = defaultdict(int)
    examples: defaultdict[tuple[str, str | None, str | None], dict[int, None]] = defaultdict(dict)
    for task_id, quads in zip(task_ids, tasks, strict=True):
        for control, proposed, given, answered in quads:
            if answered and proposed != given:
                key = control, proposed, given
                counts[key] += 1
                examples[key][task_id] = None
    found = [
        Confusion(
            control=key[0],
            proposed=key[1],
            given=key[2],
            count=count,
            tasks=tuple(examples[key])[:EXAMPLES],
        )
        for key, count in counts.items()
    ]
    return tuple(
        sorted(found, key=lambda c: (-c.count, c.control, c.proposed or "", c.given or ""))
    )
