"""The gate: from evidence and policy to the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from label_configs import LabelConfig
from sync.gating import criteria as judge
from sync.gating.agreement import agreement
from sync.gating.candidates import criteria as parts
from sync.gating.candidates.anchoring import anchoring, arms
from sync.gating.candidates.confusions import confused_labels
from sync.gating.candidates.labels import of_tally
from sync.gating.candidates.regression import Earlier, Regression, unpaired
from sync.gating.candidates.tally import Key, Tally, labelled, tally_of
from sync.gating.forecast import forecast
from sync.gating.policy import GatePolicy, digest
from sync.gating.scores import Reader, Scores, blind_scores
from sync.gating.sentence import sentence
from sync.gating.verdict import Criterion, State, Verdict, WorstLabel
from sync.records import Evidence, Role

#: A label is called the worst only with this many candidates.
_FEWEST = 3
#: Labels and confusions that a verdict keeps.
_KEPT = 50


def gate(
    evidence: Evidence,
    policy: GatePolicy,
    config: LabelConfig,
    earlier: Earlier | None = None,
    reader: Reader | None = None,
) -> Verdict:
    """Judge a batch.

    Every bound holds at all looks at once, so this may be called after every answer. Each
    criterion has its own confidence: a batch passes wrongly only if the bound of a criterion
    that it fails is wrong, so the chance of it is at most 1 - confidence for each.

    Args:
        evidence: the frozen batch with the answers so far.
        policy: the policy of the freeze.
        config: the project's label config.
        earlier: the last batch of the same generator that passed, for comparison.
        reader: a new one of the config, which `earlier_batch` may use after it.
    """
    overlap = policy.gate.min_overlap
    reader = reader or Reader(config)
    scores = blind_scores(evidence, config, overlap, reader)
    gold, unreadable = judge.gold_answers(evidence, config, overlap)
    labels = labelled([scored.judged for scored in scores.counted], config)
    counted = tally_of(labels)
    criteria = _criteria(evidence, scores, counted, gold, policy, config)
    state = _state(criteria, evidence, scores)
    ahead = forecast(evidence, scores, criteria, gold, policy) if state is State.MORE else None
    worst = _worst_label({k: t for k, t in counted.items() if config.weight(k[0]) > 0})
    labels_left = ahead.labels if ahead else 0
    answers = [answer for task in evidence.sample for answer in task.answers]
    return Verdict(
        batch=evidence.batch,
        state=state,
        sentence=sentence(state, criteria, scores, worst, labels_left),
        criteria=tuple(criteria),
        labels_left=labels_left,
        extend_to=ahead.extend_to if ahead else None,
        blind_answered=len(scores.counted),
        blind_asked=scores.asked,
        accepted=round(sum(scored.score for scored in scores.counted), 6),
        waiting=scores.waiting,
        shown_answered=_shown(evidence),
        skips=sum(answer.result is None for answer in answers),
        edits=sum(answer.edits > 0 for answer in answers),
        deleted=sum(answer.deleted for answer in answers),
        policy_digest=digest(policy),
        annotators=judge.per_annotator(gold, policy),
        disagreements=_disagreements(scores),
        worst_label=worst,
        set_aside=scores.set_aside + unreadable,
        labels=of_tally(counted, config, confidence=None)[:_KEPT],
        confusions=confused_labels([s.task.task_id for s in scores.counted], labels)[:_KEPT],
        regression=_regression(evidence, scores, policy, earlier),
        anchoring=anchoring(arms(evidence, config, overlap, reader), policy.gate.confidence),
    )


def earlier_batch(evidence: Evidence, policy: GatePolicy, reader: Reader) -> Earlier:
    """What a later batch of the same generator is compared with, once this one has passed."""
    counted = blind_scores(evidence, reader.config, policy.gate.min_overlap, reader).counted
    return Earlier(
        batch=evidence.batch,
        scores=tuple(scored.score for scored in counted),
        population=evidence.population,
    )


def _regression(
    evidence: Evidence, scores: Scores, policy: GatePolicy, earlier: Earlier | None
) -> Regression | None:
    if earlier is None:
        return None
    x = [scored.score for scored in scores.counted]
    return unpaired(earlier, x, evidence.population, policy.gate.confidence)


def _criteria(
    evidence: Evidence,
    scores: Scores,
    counted: Mapping[Key, Tally],
    gold: Sequence[judge.GoldAnswer],
    policy: GatePolicy,
    config: LabelConfig,
) -> list[Criterion]:
    people = judge.gold(evidence, gold, policy)
    if policy.gate.risk == "low":
        return [people]
    found = [judge.acceptance(scores, evidence.population, policy), people]
    if policy.gate.agreement.coefficient != "none":
        tasks = [scored.judged for scored in scores.counted]
        found.append(agreement(tasks, config, policy))
    precision, confidence = policy.gate.labels.min_precision, policy.gate.confidence
    if precision is not None:
        found.append(parts.labels(evidence, counted, config, precision, confidence))
    return found + parts.slices(evidence, scores, policy)


def _state(criteria: Sequence[Criterion], evidence: Evidence, scores: Scores) -> State:
    states = [criterion.state for criterion in criteria]
    if State.HOLD in states:
        return State.HOLD
    if all(state is State.PASS for state in states):
        return State.PASS
    if any(criterion.hopeless for criterion in criteria):
        return State.HOLD
    everything = sum(task.role is Role.BLIND for task in evidence.sample)
    settled_by_blind = [c for c in criteria if c.name != "gold"]
    used_up = len(scores.counted) == everything
    if used_up and any(c.state is State.MORE for c in settled_by_blind):
        return State.HOLD
    return State.MORE


def _shown(evidence: Evidence) -> int:
    """Shown tasks whose overlap is complete."""
    return sum(
        task.role is Role.SHOWN and len(task.answers) >= evidence.overlap
        for task in evidence.sample
    )


def _disagreements(scores: Scores) -> tuple[int, ...]:
    """Blind tasks on which people and candidate differ, worst first, then in draw order."""
    differing = [scored for scored in scores.counted if scored.score < 1.0]
    return tuple(s.task.task_id for s in sorted(differing, key=lambda s: s.score))


def _worst_label(counted: Mapping[Key, Tally]) -> WorstLabel | None:
    """The label of candidates that people confirm least often, in tasks."""
    known = {k: t for k, t in counted.items() if len(t.proposing) >= _FEWEST}
    if not known:
        return None
    (_, label), worst = min(known.items(), key=lambda item: (_share(item[1]), item[0]))
    if worst.confirmed == worst.proposed:
        return None
    right = round(sum(worst.confirmed_shares), 2)
    return WorstLabel(label=label, correct=right, n=len(worst.proposing))


def _share(counted: Tally) -> float:
    return sum(counted.confirmed_shares) / len(counted.proposing)
