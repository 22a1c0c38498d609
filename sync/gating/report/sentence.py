"""The decision on an export as one plain sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sync.gating.report.decision import Decision
from sync.gating.report.judging import CandidateReport
from sync.gating.verdict import Criterion, State

_LOOK = "An export cannot show who saw a prediction: freeze a batch for a decision that holds"
#: Characters of a label that a sentence quotes.
_QUOTED = 40


def sentence(decision: Decision, candidates: CandidateReport) -> str:
    """What the export shows, from which counts, and what it cannot show."""
    if decision.state is State.HOLD:
        what = _held([c for c in decision.criteria if c.state is State.HOLD], candidates)
    elif decision.state is State.PASS:
        what = _passed(decision.criteria, candidates)
    else:
        what = _open(decision, candidates)
    if not candidates.population:
        return f"{what}."
    return f"{what}. {_LOOK}."


def _held(failed: Sequence[Criterion], candidates: CandidateReport) -> str:
    first = failed[0]
    most = "" if first.upper is None else up(first.upper)
    if first.name == "acceptance":
        return (
            f"HOLD: at most {most} of the predictions are right ({percent(first.threshold)} "
            f"asked): {_confirmed(candidates)}"
        )
    if first.name == "gold":
        return (
            f"HOLD: people answer gold right at most {most} of the time "
            f"({percent(first.threshold)} asked, {first.n} answers)"
        )
    if first.parts:
        part = first.parts[0]
        what = part.name if first.name == "labels" else f"{part.of} = {part.name}"
        return (
            f"HOLD: at most {most} of the predictions of {short(what)!r} are right "
            f"({percent(first.threshold)} asked, {part.n} tasks)"
        )
    return (
        f"HOLD: people agree too little with each other (alpha at most {first.upper:.2f}, "
        f"{first.threshold:.2f} asked, {first.n} tasks)"
    )


def _passed(criteria: Sequence[Criterion], candidates: CandidateReport) -> str:
    accepted = next((c for c in criteria if c.name == "acceptance"), None)
    if accepted is None or accepted.lower is None:
        return "PASS: people answer gold well enough"
    return (
        f"PASS: at least {down(accepted.lower)} of the predictions are right "
        f"({percent(accepted.threshold)} asked): {_confirmed(candidates)}"
    )


def _open(decision: Decision, candidates: CandidateReport) -> str:
    still = [c for c in decision.criteria if c.state is State.MORE]
    reasons = "; ".join(f"{c.name}: {c.reason or _between(c)}" for c in still)
    left = decision.labels_left
    ahead = f"; about {left} more answers should settle the acceptance" if left else ""
    counted = f"; {_confirmed(candidates)}" if candidates.items else ""
    return f"MORE: it cannot be decided yet ({reasons}){counted}{ahead}"


def _between(criterion: Criterion) -> str:
    if criterion.lower is None or criterion.upper is None:
        return "not known"
    return (
        f"{criterion.threshold:g} lies between the bounds {criterion.lower:.3f} and "
        f"{criterion.upper:.3f}"
    )


def _confirmed(candidates: CandidateReport) -> str:
    return (
        f"people who show no sign of having seen them confirm {round(candidates.confirmed, 1):g} "
        f"of {candidates.items}"
    )


def short(name: str) -> str:
    """A label that fits into a sentence."""
    return name if len(name) <= _QUOTED else f"{name[: _QUOTED - 1]}…"


def percent(share: float) -> str:
    """0.9 as 90%."""
    return f"{share * 100:g}%"


def down(share: float) -> str:
    """Rounded so that it never promises more than is known."""
    return f"{math.floor(share * 1000 + 1e-9) / 10:g}%"


def up(share: float) -> str:
    """Rounded upwards, for the same reason."""
    return f"{math.ceil(share * 1000 - 1e-9) / 10:g}%"
