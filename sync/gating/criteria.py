"""The criteria of a policy, each with its bounds and its state."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from label_configs import LabelConfig
from sync.gating.bounds import last_bounds
from sync.gating.judged import Values
from sync.gating.outlook import to_pass_at_best
from sync.gating.policy import GatePolicy
from sync.gating.scores import Reader, Scores
from sync.gating.similarity import similarity
from sync.gating.verdict import AnnotatorGold, Criterion, State
from sync.records import Answer, Evidence, GoldTask, Role

#: Digits of a mean that mean something; sums are off by less.
_DIGITS = 12


def state_of(lower: float | None, upper: float | None, threshold: float) -> State:
    """PASS where the lower bound reaches the threshold, HOLD where the upper one lies below."""
    if lower is not None and lower >= threshold:
        return State.PASS
    if upper is not None and upper < threshold:
        return State.HOLD
    return State.MORE


def batch_bounds(
    scores: Sequence[float], population: int | None, confidence: float
) -> tuple[float, float]:
    """The bounds after the last score; where the whole batch is seen, its mean is known.

    A running bound that was wrong in an unlucky order would stay so for ever otherwise.

    Args:
        scores: at least one, in draw order, each in [0, 1].
        population: see `last_bounds`.
        confidence: of each one-sided bound, in (0, 1).
    """
    if len(scores) == population:
        # Sums of thirds must not fall short of a threshold that they reach.
        mean = round(math.fsum(scores) / len(scores), _DIGITS)
        return mean, mean
    return last_bounds(scores, population, confidence)


def acceptance(scores: Scores, population: int, policy: GatePolicy) -> Criterion:
    """Candidates against blind answers, for the finite batch."""
    least = policy.gate.acceptance.min
    x = [scored.score for scored in scores.counted]
    if not x:
        reason = "no blind task is answered yet"
        return Criterion(name="acceptance", state=State.MORE, threshold=least, reason=reason)
    low, high = batch_bounds(x, population, policy.gate.confidence)
    return Criterion(
        name="acceptance",
        state=state_of(low, high, least),
        threshold=least,
        estimate=sum(x) / len(x),
        lower=low,
        upper=high,
        n=len(x),
    )


GoldAnswer = tuple[Answer, int, float]


def gold_answers(
    evidence: Evidence, config: LabelConfig, min_overlap: float = 0.0
) -> tuple[list[GoldAnswer], tuple[tuple[int, str], ...]]:
    """Answers on gold, and those that cannot be read with the reason.

    Each answer stands with its gold task's id and its score in [0, 1], in the order of
    submission. They are those of the people who answered blind tasks of this batch: these are
    its judges. Before anyone did, they are those of everybody.
    """
    blind = [task for task in evidence.sample if task.role is Role.BLIND]
    judges = {answer.annotator for task in blind for answer in task.answers}
    reader = Reader(config)
    found: list[GoldAnswer] = []
    for task in evidence.gold:
        used = [a for a in task.answers if not judges or a.annotator in judges]
        known = reader.read(task.result, task.data or None, task.task_id) if used else None
        if known is None:
            continue
        for answer in used:
            score = _gold_score(task, known, answer, reader, min_overlap)
            if score is not None:
                found.append((answer, task.task_id, score))
    found.sort(key=lambda item: (item[0].submitted_at, item[0].annotation_id))
    return found, tuple(reader.bad.items())


def _gold_score(
    task: GoldTask, known: Values, answer: Answer, reader: Reader, min_overlap: float
) -> float | None:
    """None where the answer cannot be read."""
    if answer.result is None:
        return 0.0
    given = reader.read(answer.result, task.data or None, task.task_id, answer.annotation_id)
    return None if given is None else similarity(reader.config, known, given, min_overlap)


def gold(evidence: Evidence, answers: Sequence[GoldAnswer], policy: GatePolicy) -> Criterion:
    """People against gold, as an endless stream of answers."""
    least = policy.gate.gold.min
    x = [score for _, _, score in answers]
    tasks = len({task_id for _, task_id, _ in answers})
    if not x:
        reason = _gold_lacks(evidence, x, policy) or "no gold task is answered yet"
        return Criterion(name="gold", state=State.MORE, threshold=least, reason=reason)
    low, high = last_bounds(x, None, policy.gate.confidence)
    state = state_of(low, high, least)
    reason = ""
    if state is State.PASS and tasks < policy.gate.gold.min_tasks:
        state = State.MORE
        reason = f"{tasks} gold tasks are answered, {policy.gate.gold.min_tasks} are asked for"
    if state is State.MORE:
        reason = _gold_lacks(evidence, x, policy) or reason
    return Criterion(
        name="gold",
        state=state,
        threshold=least,
        estimate=sum(x) / len(x),
        lower=low,
        upper=high,
        n=len(x),
        reason=reason,
    )


def open_answers(evidence: Evidence) -> int:
    """Answers on planted gold that are still to come."""
    planted = (task for task in evidence.gold if not task.deleted)
    return sum(max(evidence.overlap - len(task.answers), 0) for task in planted)


def _gold_lacks(evidence: Evidence, x: Sequence[float], policy: GatePolicy) -> str:
    """Why the planted gold cannot suffice, were all the rest answered right; "" where it can."""
    usable = sum(bool(task.answers) or not task.deleted for task in evidence.gold)
    return _lacks(usable, open_answers(evidence), evidence.overlap, x, policy)


def gold_lacks(tasks: int, policy: GatePolicy) -> str:
    """Why so many gold tasks that nobody has answered yet cannot suffice; "" where they can."""
    overlap = policy.sample.overlap
    return _lacks(tasks, tasks * overlap, overlap, (), policy)


def _lacks(usable: int, to_come: int, overlap: int, x: Sequence[float], policy: GatePolicy) -> str:
    least = policy.gate.gold.min
    at_best = to_pass_at_best(x, least, policy.gate.confidence)
    if at_best is None:
        return f"gold can never show {least:.0%}: lower gate.gold.min"
    more = max(-(-(at_best - to_come) // overlap), policy.gate.gold.min_tasks - usable)
    if more <= 0:
        return ""
    if not usable:
        return f"no gold is planted: run assay gold add with {more} tasks or more"
    return (
        f"{usable} gold tasks are too few to show {least:.0%}, whatever is answered: "
        f"add {more} or more (assay gold add)"
    )


def per_annotator(answers: Sequence[GoldAnswer], policy: GatePolicy) -> tuple[AnnotatorGold, ...]:
    """Each person against gold, with bounds of their own."""
    people: defaultdict[int, list[float]] = defaultdict(list)
    for answer, _, score in answers:
        people[answer.annotator].append(score)
    found = []
    for annotator, x in sorted(people.items()):
        lower, upper = last_bounds(x, None, policy.gate.confidence)
        found.append(
            AnnotatorGold(
                annotator=annotator,
                n=len(x),
                passed=sum(score == 1.0 for score in x),
                lower=lower,
                upper=upper,
            )
        )
    return tuple(found)
