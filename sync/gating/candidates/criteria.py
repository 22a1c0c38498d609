"""The criteria on labels and on slices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from label_configs import LabelConfig
from sync.gating.candidates.parts import Stratum, count_judged, judge_parts
from sync.gating.candidates.strata import labels_of, slice_of
from sync.gating.candidates.tally import Key, Tally
from sync.gating.policy import GatePolicy
from sync.gating.scores import Reader, Scores
from sync.gating.verdict import Criterion, Part, State
from sync.gating.wording import short
from sync.records import Evidence, Role, SampledTask

#: Parts that a reason names.
_NAMED = 3


def labels(
    evidence: Evidence,
    counted: Mapping[Key, Tally],
    config: LabelConfig,
    threshold: float,
    confidence: float,
) -> Criterion:
    """The precision of every label that the frozen candidates propose in a control that counts.

    Args:
        evidence: the batch.
        counted: what became of each label on the blind tasks that count.
        config: the label config.
        threshold: least precision, in [0, 1].
        confidence: of each lower bound, and of all upper bounds together.
    """
    reader = Reader(config)
    places: defaultdict[Key, list[int]] = defaultdict(list)
    for place, task in enumerate(_blind(evidence)):
        for key in labels_of(config, reader.candidate(task) or {}):
            places[key].append(place)
    sizes = evidence.strata.labels if evidence.strata else {}
    keys = {(control, label) for control, found in sizes.items() for label in found} | places.keys()
    keys = {key for key in keys if config.weight(key[0]) > 0}
    strata = [
        Stratum(
            of=control,
            name=label,
            scores=tuple(counted[control, label].confirmed_shares)
            if (control, label) in counted
            else (),
            population=sizes.get(control, {}).get(label),
            places=tuple(places[control, label]),
        )
        for control, label in sorted(keys)
    ]
    return _criterion("labels", "label", judge_parts(strata, threshold, confidence), threshold)


def slices(evidence: Evidence, scores: Scores, policy: GatePolicy) -> list[Criterion]:
    """The acceptance of every slice of every field that the policy names; one criterion a field.

    All slices of all fields share the chance of a wrong HOLD. Too many values of a field are
    refused at freeze; a batch that was frozen before that was so keeps its policy, and most of
    its slices are too rare to be judged.
    """
    confidence = policy.gate.confidence
    strata = {part.field: _slices(evidence, scores, part.field) for part in policy.gate.slice}
    tested = sum(
        count_judged(strata[part.field], part.min, confidence) for part in policy.gate.slice
    )
    return [
        _criterion(
            f"slice {part.field}",
            "slice",
            judge_parts(strata[part.field], part.min, confidence, tested),
            part.min,
        )
        for part in policy.gate.slice
    ]


def _slices(evidence: Evidence, scores: Scores, field: str) -> list[Stratum]:
    frozen = evidence.strata
    own = frozen.of_task if frozen else {}

    def value(task: SampledTask) -> str:
        kept = own.get(task.task_id, {}).get(field)
        return slice_of(task.data, field) if kept is None else kept

    found: defaultdict[str, list[float]] = defaultdict(list)
    for scored in scores.counted:
        found[value(scored.task)].append(scored.score)
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, task in enumerate(_blind(evidence)):
        places[value(task)].append(place)
    sizes = frozen.slices.get(field, {}) if frozen else {}
    names = sorted({*sizes, *places})
    return [
        Stratum(
            of=field,
            name=name,
            scores=tuple(found[name]),
            population=sizes.get(name),
            places=tuple(places[name]),
        )
        for name in names
    ]


def _blind(evidence: Evidence) -> Iterable[SampledTask]:
    return (task for task in evidence.sample if task.role is Role.BLIND)


def _criterion(name: str, kind: str, parts: Sequence[Part], threshold: float) -> Criterion:
    """All parts as one: the worst that is judged decides."""
    judged = [part for part in parts if part.judged]
    if not judged:
        reason = f"no {kind} has enough blind tasks to be judged"
        return Criterion(
            name=name, state=State.MORE, threshold=threshold, reason=reason, parts=tuple(parts)
        )
    worst = judged[0]
    return Criterion(
        name=name,
        state=worst.state,
        threshold=threshold,
        estimate=worst.estimate,
        lower=worst.lower,
        upper=worst.upper,
        n=worst.n,
        reason=_reason(kind, judged, [part for part in parts if not part.judged]),
        parts=tuple(parts),
    )


def _reason(kind: str, judged: Sequence[Part], rare: Sequence[Part]) -> str:
    still = [part for part in judged if part.state is State.MORE]
    found = []
    if still:
        found.append(f"{len(still)} of {len(judged)} {kind}s {_are(still)} open ({_names(still)})")
    if rare:
        found.append(f"{len(rare)} {_are(rare)} too rare to be judged ({_names(rare)})")
    return "; ".join(found)


def _are(parts: Sequence[Part]) -> str:
    return "is" if len(parts) == 1 else "are"


def _names(parts: Sequence[Part]) -> str:
    named = [repr(short(part.name)) for part in parts[:_NAMED]]
    return ", ".join([*named, "…"] if len(parts) > _NAMED else named)
