"""How good the candidates of an export are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from label_configs import LabelConfig
from sync.gating import criteria
from sync.gating.candidates import Confusion, LabelFigure
from sync.gating.candidates.confusions import confused
from sync.gating.candidates.labels import figures
from sync.gating.candidates.strata import labels_of
from sync.gating.candidates.tally import Key
from sync.gating.policy import GatePolicy
from sync.gating.report.blind import Blind
from sync.gating.report.reading import ReadItem
from sync.gating.verdict import Criterion


@dataclass(frozen=True, kw_only=True)
class CandidateReport:
    """How good candidates are, by the answers that show no sign of them."""

    #: Tasks with a candidate, and how many of them have a blind answer.
    population: int
    items: int
    #: Mean score of the latter, in [0, 1]; None where there is none.
    acceptance: float | None
    #: One-sided bounds each for the mean of all tasks with a candidate.
    lower: float | None
    upper: float | None
    #: Sum of the scores.
    confirmed: float
    #: Answers to tasks with a candidate with and without signs of it, skips included.
    shown: int
    blind: int
    #: Those of the answers without signs that are skips; each confirms nothing.
    skips: int
    labels: tuple[LabelFigure, ...]
    confusions: tuple[Confusion, ...]


def acceptance(blind: Blind, policy: GatePolicy) -> Criterion:
    """The gate's criterion on the tasks that have a blind answer."""
    return criteria.acceptance(blind.scores, blind.evidence.population, policy)


def candidate_report(
    blind: Blind, accepted: Criterion, config: LabelConfig, confidence: float
) -> CandidateReport:
    """Acceptance, the labels and the confusions.

    Args:
        blind: the blind part of the export.
        accepted: the acceptance.
        config: the label config.
        confidence: of each one-sided bound, in (0, 1).
    """
    tasks = [scored.judged for scored in blind.scores.counted]
    return CandidateReport(
        population=blind.evidence.population,
        items=len(tasks),
        acceptance=accepted.estimate,
        lower=accepted.lower,
        upper=accepted.upper,
        confirmed=round(sum(scored.score for scored in blind.scores.counted), 6),
        shown=blind.shown,
        blind=blind.blind,
        skips=sum(values is None for task in tasks for values in task.answers),
        labels=figures(
            tasks, config, confidence=confidence, populations=_populations(blind.items, config)
        ),
        confusions=confused(tasks, config),
    )


def _populations(items: Sequence[ReadItem], config: LabelConfig) -> dict[Key, int]:
    """The tasks whose candidate has each label."""
    found: Counter[Key] = Counter()
    for read in items:
        if read.candidate is not None:
            found.update(labels_of(config, read.candidate))
    return dict(found)
