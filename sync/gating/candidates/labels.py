"""Precision of each label that candidates propose, recall of each that people give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from label_configs import LabelConfig
from sync.gating.bounds import anytime_bounds
from sync.gating.candidates.tally import Key, Tally, tally
from sync.gating.judged import Judged, judged
from sync.records import Item


@dataclass(frozen=True, kw_only=True)
class LabelFigure:
    """One label of one control; figures are None where nothing was counted."""

    control: str
    label: str
    #: Tasks whose candidate has the label, and that people judged.
    tasks: int
    #: Over all answers: proposals, those that people confirm, and labels that people give.
    proposed: int
    confirmed: int
    given: int
    #: Mean over tasks of the share of the task's proposals that is confirmed.
    precision: float | None
    #: One-sided bounds each, valid at all times.
    precision_lower: float | None
    precision_upper: float | None
    #: Mean over the tasks where people give the label of the share that the candidate has.
    recall: float | None
    recall_lower: float | None
    recall_upper: float | None


def label_figures(
    items: Sequence[Item],
    config: LabelConfig,
    *,
    confidence: float | None = 0.95,
    populations: Mapping[Key, int] | None = None,
) -> tuple[LabelFigure, ...]:
    """Figures of every label, by control in the config's order, most frequent first.

    Args:
        items: in draw order; those without a candidate or an answer are left out.
        config: the label config.
        confidence: of each one-sided bound, in (0, 1); None leaves the bounds out.
        populations: tasks of the whole batch whose candidate has the label, by control and
            label; a label that is missing counts as drawn from an endless stream.
    """
    return figures(judged(items, config), config, confidence=confidence, populations=populations)


def figures(
    tasks: Sequence[Judged],
    config: LabelConfig,
    *,
    confidence: float | None = 0.95,
    populations: Mapping[Key, int] | None = None,
) -> tuple[LabelFigure, ...]:
    """As `label_figures`, of what is read already.

    With one label a task, precision and recall are those of the confusion matrix. With several
    (regions, multiple choice) a task counts once, with its share, since its labels stand and fall
    together. For precision the tasks with the label are a random sample of those in the batch,
    so its bounds hold at all times at once. How many tasks have the label in truth is not known,
    so recall is bounded as in an endless stream. A sample without replacement is negatively
    associated (Joag-Dev & Proschan, "Negative association of random variables", 1983), so the
    expected wealth is no greater than with replacement: these bounds hold at each single look.
    """
    return of_tally(tally(tasks, config), config, confidence=confidence, populations=populations)


def of_tally(
    counted: Mapping[Key, Tally],
    config: LabelConfig,
    *,
    confidence: float | None = 0.95,
    populations: Mapping[Key, int] | None = None,
) -> tuple[LabelFigure, ...]:
    """As `figures`, of what is counted already."""
    order = {control.name: place for place, control in enumerate(config.controls)}
    sizes = populations or {}
    found = [_figure(key, own, sizes.get(key), confidence) for key, own in counted.items()]
    return tuple(sorted(found, key=lambda f: (order[f.control], -f.proposed, -f.given, f.label)))


def _figure(
    key: Key, counted: Tally, population: int | None, confidence: float | None
) -> LabelFigure:
    precision, low, high = _bounded(counted.confirmed_shares, population, confidence)
    recall, recall_low, recall_high = _bounded(counted.found_shares, None, confidence)
    return LabelFigure(
        control=key[0],
        label=key[1],
        tasks=len(counted.proposing),
        proposed=counted.proposed,
        confirmed=counted.confirmed,
        given=counted.given,
        precision=precision,
        precision_lower=low,
        precision_upper=high,
        recall=recall,
        recall_lower=recall_low,
        recall_upper=recall_high,
    )


def _bounded(
    shares: Sequence[float], population: int | None, confidence: float | None
) -> tuple[float | None, float | None, float | None]:
    if not shares:
        return None, None, None
    mean = sum(shares) / len(shares)
    if confidence is None:
        return mean, None, None
    lower, upper = anytime_bounds(shares, population, confidence)
    return mean, float(lower[-1]), float(upper[-1])
