"""The decision on an export as one plain sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sync.gating.report.decision import Decision
from sync.gating.report.judging import CandidateReport
from sync.gating.verdict import Criterion, State
from sync.gating.wording import short

#: Criteria on people.
_PEOPLE = ("gold", "agreement")
_LOOK = "This is a look, since an export cannot show who saw a prediction"


def sentence(decision: Decision, candidates: CandidateReport) -> str:
    """What the export shows, from which counts, what it cannot show, and what to do next."""
    if decision.state is State.HOLD:
        what, ahead = _held([c for c in decision.criteria if c.state is State.HOLD], candidates)
    elif decision.state is State.PASS:
        what = _passed(decision.criteria, candidates)
        ahead = "freeze a batch (assay freeze), for a decision that holds"
    else:
        what, ahead = _open(decision, candidates)
    look = f" {_LOOK}." if candidates.population else ""
    return f"{what}.{look} Next: {ahead}."


def _held(failed: Sequence[Criterion], candidates: CandidateReport) -> tuple[str, str]:
    # What people say of predictions is worth what they are.
    first = min(failed, key=lambda c: c.name not in _PEOPLE)
    most, asked = "" if first.upper is None else up(first.upper), percent(first.threshold)
    if first.name == "acceptance":
        what = f"at most {most} of the predictions are confirmed ({asked} asked)"
        return f"HOLD: {what}: {_confirmed(candidates)}", "do not train on them"
    if first.parts:
        part = first.parts[0]
        which = short(part.name if first.name == "labels" else f"{part.of} = {part.name}")
        what = f"at most {most} of the predictions of {which!r} are confirmed ({asked} asked"
        return f"HOLD: {what}, {part.n} tasks)", "do not train on these"
    if first.name == "gold":
        what = f"people answer gold right at most {most} of the time ({asked} asked"
        doubt = _doubt(failed)
        return (
            f"HOLD: {what}, {first.n:,} answers){doubt}",
            "go through the guidelines with them, and see who has a flag",
        )
    what = f"people agree too little with each other (alpha at most {first.upper:.2f}"
    return (
        f"HOLD: {what}, {first.threshold:.2f} asked, {first.n:,} tasks){_doubt(failed)}",
        "sharpen the guidelines, and see who has a flag",
    )


def _doubt(failed: Sequence[Criterion]) -> str:
    """Said where predictions fail too, by the same people."""
    if any(c.name not in _PEOPLE for c in failed):
        return ", so that they do not confirm the predictions says little of these"
    return ""


def _passed(criteria: Sequence[Criterion], candidates: CandidateReport) -> str:
    accepted = next((c for c in criteria if c.name == "acceptance"), None)
    if accepted is None or accepted.lower is None:
        return "PASS: people answer gold well enough"
    return (
        f"PASS: at least {down(accepted.lower)} of the predictions are confirmed "
        f"({percent(accepted.threshold)} asked): {_confirmed(candidates)}"
    )


def _open(decision: Decision, candidates: CandidateReport) -> tuple[str, str]:
    still = [c for c in decision.criteria if c.state is State.MORE]
    reasons = "; ".join(f"{c.name}: {c.reason or _between(c)}" for c in still)
    counted = f"; {_confirmed(candidates)}" if candidates.items else ""
    if candidates.shown:
        reasons += "; answers that were made from a prediction do not count for this"
    left = decision.labels_left
    names = {c.name for c in still}
    ahead = "have more tasks answered by two people or more"
    if "gold" in names:
        ahead = "mark known answers as ground truth or give --gold, until there are enough"
    if left:
        ahead = f"answer about {left:,} tasks more without showing their predictions"
    elif not candidates.population:
        ahead = "export the predictions too, if there are any (assay audit --help says how)"
    return f"MORE: it cannot be decided yet ({reasons}){counted}", ahead


def _between(criterion: Criterion) -> str:
    if criterion.lower is None or criterion.upper is None:
        return "not known"
    return (
        f"{criterion.threshold:g} lies between the bounds {criterion.lower:.3f} and "
        f"{criterion.upper:.3f}"
    )


def _confirmed(candidates: CandidateReport) -> str:
    skips = f" ({candidates.skips:,} of {candidates.blind:,} answers are skips)"
    skips = skips if candidates.skips else ""
    return (
        f"people who show no sign of having seen them confirm {round(candidates.confirmed, 1):g} "
        f"of {candidates.items}{skips}"
    )


def percent(share: float) -> str:
    """0.9 as 90%."""
    return f"{share * 100:g}%"


def down(share: float) -> str:
    """Rounded so that it never promises more than is known."""
    return f"{math.floor(share * 1000 + 1e-9) / 10:g}%"


def up(share: float) -> str:
    """Rounded upwards, for the same reason."""
    return f"{math.ceil(share * 1000 - 1e-9) / 10:g}%"
