"""The verdict as one plain sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sync.gating.scores import Scores
from sync.gating.verdict import Criterion, State, WorstLabel


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
    return (
        f"PASS: at least {_down(accepted.lower)} of the batch is right "
        f"({_percent(accepted.threshold)} asked): {_confirmed(scores)}. Next: assay promote."
    )


def _held(criteria: Sequence[Criterion], scores: Scores, worst: WorstLabel | None) -> str:
    failed = [c for c in criteria if c.state is State.HOLD]
    if not failed and not scores.asked:
        return (
            "HOLD: no task of the batch is blind, so nobody can judge its candidates. Next: freeze "
            "a larger batch, or raise sample.blind_share."
        )
    if not failed:
        still = " and ".join(c.name for c in criteria if c.state is State.MORE)
        return (
            f"HOLD: all {scores.asked} blind tasks are answered and {still} is still too close "
            f"to its threshold: {_confirmed(scores)}. Next: improve the batch, judge it anew."
        )
    first = failed[0]
    most = "" if first.upper is None else _up(first.upper)
    if first.name == "acceptance":
        weak = (
            f"; worst label {_short(worst.label)!r} ({worst.correct:g} of {worst.n})"
            if worst
            else ""
        )
        return (
            f"HOLD: at most {most} of the batch is right ({_percent(first.threshold)} asked): "
            f"{_confirmed(scores)}{weak}. Next: do not train on it; correct or regenerate it."
        )
    if first.name == "gold":
        return (
            f"HOLD: people answer gold right at most {most} of the time "
            f"({_percent(first.threshold)} asked, {first.n} answers). Next: go through the "
            "guidelines with the annotators, then judge a new batch."
        )
    return (
        f"HOLD: people agree too little with each other (alpha at most {first.upper:.2f}, "
        f"{first.threshold:.2f} asked, {first.n} tasks). Next: sharpen the guidelines, then "
        "judge a new batch."
    )


def _open(criteria: Sequence[Criterion], scores: Scores, labels_left: int | None) -> str:
    counted = len(scores.counted)
    waiting = f" ({scores.waiting} wait for an earlier one)" if scores.waiting else ""
    # With hardly an answer, only what is missing besides answers is worth a word.
    telling = criteria if counted >= 2 else [c for c in criteria if c.name == "gold"]
    reasons = [c.reason for c in telling if c.state is State.MORE and c.reason]
    if scores.waiting and scores.set_aside:
        reasons.append(f"{len(scores.set_aside)} cannot be read (assay status says why)")
    why = "; ".join(reasons)
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


def _confirmed(scores: Scores) -> str:
    return f"people confirmed {_sum(scores):g} of {len(scores.counted)} blind candidates"


def _sum(scores: Scores) -> float:
    return round(sum(scored.score for scored in scores.counted), 2)


def _named(criteria: Sequence[Criterion], name: str) -> Criterion | None:
    return next((c for c in criteria if c.name == name), None)


def _short(label: str) -> str:
    return label if len(label) <= 40 else f"{label[:39]}…"


def _percent(share: float) -> str:
    return f"{share * 100:g}%"


def _down(share: float) -> str:
    """Rounded so that it never promises more than is known."""
    return f"{math.floor(share * 1000 + 1e-9) / 10:g}%"


def _up(share: float) -> str:
    return f"{math.ceil(share * 1000 - 1e-9) / 10:g}%"
