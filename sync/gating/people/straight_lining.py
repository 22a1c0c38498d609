"""Who gives one answer whatever the task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sync.gating.bounds import anytime_bounds
from sync.gating.people.answers import NONE, Answers, IntArray, control_codes, named
from sync.gating.people.flag import Flag
from sync.gating.wording import short

#: Least share of the tasks that get the one answer.
_SHARE = 0.8
#: Share, among the tasks of which the others say something else, that the answer must exceed.
_REGARDLESS = 0.5
#: People of whom the others must consist: one alone may be the one who does not look.
_OTHERS = 2


def straight_lining(
    answers: Answers, trusted: Sequence[bool], least: int, confidence: float, error: float
) -> dict[int, Flag]:
    """Flags on those who give one answer whatever the task, by code.

    Each control is looked at by itself. Some answer is given on at least four of five tasks. Then
    only those tasks count of which less than half of the other, trusted people say the same: of
    these too it is given on more than half, by the lower anytime bound of that share. To leave a
    control empty is an answer.

    Args:
        answers: the answers.
        trusted: (A,) whose answers count as those of the others.
        least: tasks with other answers without which nobody is tested.
        confidence: for the flags to state.
        error: chance to flag anybody wrongly, shared among people and controls.
    """
    rows = np.flatnonzero(answers.whole != NONE)
    person = answers.person[rows]
    often = np.bincount(person, minlength=len(answers.annotators)) >= least
    tests = max(int(often.sum()) * len(answers.config.controls), 1)
    found: dict[int, Flag] = {}
    for at, control in enumerate(answers.config.controls):
        of_whole, values = control_codes(answers, at)
        view = _View(answers, rows, of_whole[answers.whole[rows]], len(values), trusted)
        for who in np.flatnonzero(often).tolist():
            habit = view.habit(who)
            if habit is None or who in found:
                continue
            favourite, share, same = habit
            if len(same) < least or same.mean() <= _REGARDLESS:
                continue
            lower = float(anytime_bounds(same, None, 1 - error / tests)[0][-1])
            if lower > _REGARDLESS:
                name = named(control, values[favourite])
                found[who] = _flag(name, share, same, lower, confidence)
    return found


class _View:
    """One control's answers, by task and by person."""

    def __init__(
        self,
        answers: Answers,
        rows: IntArray,
        said: IntArray,
        values: int,
        trusted: Sequence[bool],
    ) -> None:
        self._task, self._person, self._said = answers.task[rows], answers.person[rows], said
        self._values = values
        self._trusted = np.asarray(trusted, dtype=bool)[self._person]
        order = np.argsort(self._person, kind="stable")
        sizes = np.bincount(self._person, minlength=len(answers.annotators))
        self._rows_of = np.split(order, np.cumsum(sizes)[:-1])
        size = len(answers.gold)
        self._others = np.bincount(self._task[self._trusted], minlength=size)
        cells = self._task * values + said
        self._keys, self._counts = np.unique(cells[self._trusted], return_counts=True)

    def habit(self, who: int) -> tuple[int, float, IntArray] | None:
        """The person's favourite answer, its share, and whether it is given where others differ.

        None where no answer is given often enough, or too few people differ.
        """
        rows = self._rows_of[who]
        counts = np.bincount(self._said[rows])
        favourite = int(counts.argmax())
        share = float(counts[favourite] / len(rows))
        if share < _SHARE:
            return None
        own = self._trusted[rows]
        others = self._others[self._task[rows]] - own
        same = self._said[rows] == favourite
        agreeing = self._count(self._task[rows], favourite) - (own & same)
        differ = rows[(others > 0) & (2 * agreeing < others)]
        if len(self._different(differ, favourite, who)) < _OTHERS:
            return None
        return favourite, share, (self._said[differ] == favourite).astype(np.int64)

    def _count(self, task: IntArray, value: int) -> IntArray:
        """How many trusted people say this of each task."""
        if not len(self._keys):
            return np.zeros(len(task), dtype=np.int64)
        key = task * self._values + value
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        found: IntArray = np.where(self._keys[at] == key, self._counts[at], 0)
        return found

    def _different(self, rows: IntArray, favourite: int, who: int) -> IntArray:
        """The trusted others who say something else of the tasks of these rows."""
        other = self._trusted & (self._said != favourite) & (self._person != who)
        found: IntArray = np.unique(self._person[other & np.isin(self._task, self._task[rows])])
        return found


def _flag(name: str, share: float, same: IntArray, lower: float, confidence: float) -> Flag:
    return Flag(
        what="straight_lining",
        confidence=confidence,
        tasks=len(same),
        estimate=float(same.mean()),
        bound=lower,
        threshold=_REGARDLESS,
        sentence=(
            f"answers {short(name)} on {share:.0%} of all tasks, and on {int(same.sum()):,} of the "
            f"{len(same):,} of which most others say something else"
        ),
    )
