"""Who works far faster than the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sync.gating.bounds import anytime_bounds
from sync.gating.people.answers import NONE, Answers, FloatArray, IntArray
from sync.gating.people.flag import Flag

#: Share of the others' median time that is too little to look at the task.
_FAST = 1 / 3
#: Share of the tasks that must be that fast.
_MOSTLY = 0.5


def too_fast(
    answers: Answers, suspects: Sequence[int], least: int, confidence: float, error: float
) -> dict[int, Flag]:
    """Flags on those who take less than a third of the others' median time, by code.

    That must hold, by the lower anytime bound, for more than half of the tasks whose time is
    known of the person and of others.

    Args:
        answers: the answers.
        suspects: codes of the people to look at; to be fast is no fault by itself.
        least: tasks with known times without which nobody is tested.
        confidence: for the flags to state.
        error: chance to flag anybody wrongly, shared among the suspects.
    """
    found = {}
    timed = np.flatnonzero((answers.whole != NONE) & ~np.isnan(answers.seconds))
    timed = timed[np.argsort(answers.task[timed], kind="stable")]
    for who in suspects:
        fast = _fast(answers, timed, who)
        if len(fast) < least or fast.mean() <= _MOSTLY:
            continue
        lower = float(anytime_bounds(fast, None, 1 - error / len(suspects))[0][-1])
        if lower > _MOSTLY:
            found[who] = _flag(fast, lower, confidence)
    return found


def _fast(answers: Answers, timed: IntArray, who: int) -> FloatArray:
    """In the order of submission: whether each task took less than a third of the usual time."""
    task, own = answers.task[timed], timed[answers.person[timed] == who]
    tasks = answers.task[own]
    first, last = np.searchsorted(task, tasks), np.searchsorted(task, tasks, side="right")
    found = []
    for row, start, stop in sorted(zip(own.tolist(), first.tolist(), last.tolist(), strict=True)):
        others = timed[start:stop][answers.person[timed[start:stop]] != who]
        if others.size:
            usual = float(np.median(answers.seconds[others]))
            found.append(float(answers.seconds[row] < _FAST * usual))
    return np.array(found)


def _flag(fast: FloatArray, lower: float, confidence: float) -> Flag:
    return Flag(
        what="speed",
        confidence=confidence,
        tasks=len(fast),
        estimate=float(fast.mean()),
        bound=lower,
        threshold=_MOSTLY,
        sentence=(
            f"takes less than a third of the others' time on {int(fast.sum()):,} of {len(fast):,} "
            "tasks"
        ),
    )
