"""The verdict as one plain sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from sync.gating.scores import Scores
from sync.gating.verdict import Criterion, Part, State, WorstLabel
from sync.gating.wording import short

#: Characters of the reasons in a sentence.
_REASONS = 110
#: Names and hints, which `assay status` tells in full.
_BRACKETS = re.compile(r" \([^()]*\)")


def sentence(
    state: State,
    criteria: Sequence[Criterion],
    scores: Scores,
    worst: WorstLabel | None,
    labels_left: int | None,
) -> str:
    """What was decided, from which counts, and what to do next."""
    if state is State.PASS:
        return _passed(criteria, scores)
    if state is State.HOLD:
        return _held(criteria, scores, worst)
    return _open(criteria, scores, labels_left)


def _passed(criteria: Sequence[Criterion], scores: Scores) -> str:
    accepted = _named(criteria, "acceptance")
    if accepted is None or accepted.lower is None:
        return "PASS: people answer gold well enough. Next: assay promote."
    rare = sum(not part.judged for criterion in criteria for part in criterion.parts)
    without = f" (without {rare} labels or slices too rare to be judged)" if rare else ""
    return (
        f"PASS: at least {_down(accepted.lower)} of the batch is right "
        f"({_percent(accepted.threshold)} asked): {_confirmed(scores)}. "
        f"Next: assay promote{without}."
    )


def _held(criteria: Sequence[Criterion], scores: Scores, worst: WorstLabel | None) -> str:
    held = [c for c in criteria if c.state is State.HOLD]
    if not held:
        return _settled(criteria, scores)
    # What people say of candidates is worth what they are.
    failed = min(held, key=lambda c: c.name not in ("gold", "agreement"))
    if failed.name == "acceptance":
        return _rejected(failed, scores, worst)
    if failed.parts:
        return _part_held(failed, failed.parts[0])
    if failed.name == "gold":
        return (
            f"HOLD: people answer gold right at most {_most(failed)} of the time "
            f"({_percent(failed.threshold)} asked, {failed.n} answers). Next: go through the "
            "guidelines with the annotators, then judge a new batch."
        )
    return (
        f"HOLD: people agree too little with each other (alpha at most {failed.upper:.2f}, "
        f"{failed.threshold:.2f} asked, {failed.n} tasks). Next: sharpen the guidelines, then "
        "judge a new batch."
    )


def _settled(criteria: Sequence[Criterion], scores: Scores) -> str:
    """Nothing failed, but nothing is left to ask either."""
    if not scores.asked:
        return (
            "HOLD: no task of the batch is blind, so nobody can judge its candidates. Next: freeze "
            "a larger batch, or raise sample.blind_share."
        )
    unknown = next((c for c in criteria if c.hopeless), None)
    if unknown is not None:
        return (
            f"HOLD: {unknown.reason}, whatever people answer. "
            "Next: freeze a larger batch, or raise sample.limit."
        )
    still = [c for c in criteria if c.state is State.MORE and c.name != "gold"]
    names = " and ".join(_subject(c) for c in still)
    are = "are" if len(still) > 1 else "is"
    return (
        f"HOLD: all {scores.asked} blind tasks are answered and {names} {are} still too close "
        f"to the threshold: {_confirmed(scores)}. Next: improve the batch, judge it anew."
    )


def _subject(criterion: Criterion) -> str:
    if not criterion.parts:
        return criterion.name
    return _what(criterion, criterion.parts[0])


def _rejected(failed: Criterion, scores: Scores, worst: WorstLabel | None) -> str:
    weak = ""
    if worst:
        weak = f"; worst label {_quoted(worst.label)} ({worst.correct:g} of {worst.n})"
    return (
        f"HOLD: at most {_most(failed)} of the batch is right ({_percent(failed.threshold)} "
        f"asked): {_confirmed(scores)}{weak}. Next: do not train on it; correct or regenerate it."
    )


def _part_held(failed: Criterion, part: Part) -> str:
    others = sum(other.state is State.HOLD for other in failed.parts) - 1
    more = f"; {others} more fail too" if others else ""
    return (
        f"HOLD: at most {_most(failed)} of {_what(failed, part)} is right "
        f"({_percent(failed.threshold)} asked, {part.n} tasks){more}. "
        "Next: correct or regenerate these tasks, then judge them as a new batch."
    )


def _what(criterion: Criterion, part: Part) -> str:
    if criterion.name == "labels":
        return f"label {_quoted(part.name)}"
    return f"slice {_quoted(part.of)} = {_quoted(part.name)}"


def _open(criteria: Sequence[Criterion], scores: Scores, labels_left: int | None) -> str:
    counted = len(scores.counted)
    waiting = f" ({scores.waiting} wait for an earlier one)" if scores.waiting else ""
    # With hardly an answer, only what is missing besides answers is worth a word.
    telling = criteria if counted >= 2 else [c for c in criteria if c.name == "gold"]
    reasons = [c.reason for c in telling if c.state is State.MORE and c.reason]
    if scores.waiting and scores.set_aside:
        reasons.append(f"{len(scores.set_aside)} cannot be read (assay status says why)")
    why = _fitting(reasons)
    more = f"; {why}" if why else ""
    ahead = (
        f"about {labels_left} more labels should settle it"
        if labels_left
        else ("no more labels are asked for now")
    )
    return (
        f"MORE: {counted} of {scores.asked} blind tasks count so far{waiting}, "
        f"{_sum(scores):g} confirmed{more}. Next: {ahead}."
    )


def _fitting(reasons: Sequence[str]) -> str:
    """As many reasons as there is room for, whole, if need be without what stands in brackets."""
    bare = [_BRACKETS.sub("", reason) for reason in reasons]
    for told in (reasons, *(bare[:count] for count in range(len(bare), 0, -1))):
        if len(text := "; ".join(told)) <= _REASONS:
            return text
    return short(bare[0], _REASONS)


def _confirmed(scores: Scores) -> str:
    return f"people confirmed {_sum(scores):g} of {len(scores.counted)} blind candidates"


def _sum(scores: Scores) -> float:
    return round(sum(scored.score for scored in scores.counted), 2)


def _named(criteria: Sequence[Criterion], name: str) -> Criterion | None:
    return next((c for c in criteria if c.name == name), None)


def _quoted(text: str) -> str:
    return repr(short(text))


def _most(criterion: Criterion) -> str:
    return "" if criterion.upper is None else _up(criterion.upper)


def _percent(share: float) -> str:
    return f"{share * 100:g}%"


def _down(share: float) -> str:
    """Rounded so that it never promises more than is known."""
    return f"{math.floor(share * 1000 + 1e-9) / 10:g}%"


def _up(share: float) -> str:
    return f"{math.ceil(share * 1000 - 1e-9) / 10:g}%"
