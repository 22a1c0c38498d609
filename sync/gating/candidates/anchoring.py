"""Anchoring: how much more often people agree with a candidate that they see."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from label_configs import LabelConfig
from sync.gating.candidates.intervals import FEWEST, difference, median_ratio
from sync.gating.scores import Reader
from sync.records import Evidence, Role, SampledTask

#: Tasks an arm with which a rise from 85% to 95% is found at 80% power and 95% confidence:
#: (z_0.975 + z_0.8)² (0.85 · 0.15 + 0.95 · 0.05) / 0.1² (Fleiss, "Statistical Methods for Rates
#: and Proportions", the unpooled approximation). With fewer, no effect is claimed or denied.
NEEDED = 138

_SAME = 1 - 1e-9


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A task on which people answered, its candidate shown to them or withheld."""

    #: Share of its answers that equal the candidate, in [0, 1].
    same: float
    #: Median of the seconds that its answers took; None where none was measured.
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Arms:
    """The tasks of both kinds, of one generator."""

    generator: str
    blind: tuple[Seen, ...]
    shown: tuple[Seen, ...]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its two-sided interval, which holds at one look."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class Anchoring:
    """What showing the candidates did to the answers and to the time they took."""

    #: Its address; empty where several are pooled.
    generator: str
    #: Tasks answered in each arm.
    blind: int
    shown: int
    #: Share of answers that equal the candidate; None where no task of the arm is answered.
    blind_same: float | None
    shown_same: float | None
    #: P(answer = candidate | shown) - P(answer = candidate | blind); None where an arm is empty.
    effect: Interval | None
    #: Median time of a shown task by that of a blind one; None with too few times.
    time_ratio: Interval | None
    #: False below the power that `NEEDED` states: then nothing is to be concluded.
    enough: bool
    sentence: str


def arms(
    evidence: Evidence,
    config: LabelConfig,
    min_overlap: float = 0.0,
    reader: Reader | None = None,
) -> Arms:
    """The validation tasks of a batch that are answered, blind ones and shown ones apart.

    The draw made each blind or shown by chance, so the two differ in nothing else. Skips are no
    answers, and a task that was deleted or changed is left out.

    Args:
        evidence: the batch with the answers so far.
        config: the label config.
        min_overlap: of regions that count as found; see `similarity`.
        reader: one that others use too, so that nothing is read twice.
    """
    reader = reader or Reader(config)
    found: dict[Role, list[Seen]] = {Role.BLIND: [], Role.SHOWN: []}
    for task in evidence.sample:
        seen = None if task.deleted or not task.answers else _seen(task, reader, min_overlap)
        if seen is not None:
            found[task.role].append(seen)
    return Arms(
        generator=evidence.generator,
        blind=tuple(found[Role.BLIND]),
        shown=tuple(found[Role.SHOWN]),
    )


def _seen(task: SampledTask, reader: Reader, min_overlap: float) -> Seen | None:
    given = [(answer, values) for answer, values in reader.answers(task) if values is not None]
    if reader.candidate(task) is None or not given:
        return None
    same = [reader.similarity(task, a, values, min_overlap) >= _SAME for a, values in given]
    seconds = [a.lead_time for a, _ in given if a.lead_time is not None and a.lead_time > 0]
    return Seen(same=sum(same) / len(same), seconds=statistics.median(seconds) if seconds else None)


def pooled(batches: Iterable[Arms], confidence: float = 0.95) -> tuple[Anchoring, ...]:
    """Anchoring of each generator over all its batches, in the order of their first ones."""
    together: dict[str, Arms] = {}
    for found in batches:
        before = together.get(found.generator)
        together[found.generator] = found if before is None else _joined(before, found)
    return tuple(anchoring(found, confidence) for found in together.values())


def _joined(a: Arms, b: Arms) -> Arms:
    return Arms(generator=a.generator, blind=a.blind + b.blind, shown=a.shown + b.shown)


def anchoring(found: Arms, confidence: float = 0.95) -> Anchoring:
    """The effect of showing candidates, with an interval for a report.

    Tasks count, not answers, since two answers to a task are not independent. The interval is
    that of a single look; it is no bound of the gate.

    Args:
        found: answered tasks of both kinds.
        confidence: of each two-sided interval, in (0, 1).
    """
    blind, shown = _share(found.blind), _share(found.shown)
    effect = None
    if blind is not None and shown is not None:
        values = difference(shown, len(found.shown), blind, len(found.blind), confidence)
        effect = Interval(value=values[0], lower=values[1], upper=values[2])
    enough = _arm_size(len(found.blind), len(found.shown)) >= NEEDED
    ratio = _time_ratio(found, confidence)
    return Anchoring(
        generator=found.generator,
        blind=len(found.blind),
        shown=len(found.shown),
        blind_same=blind,
        shown_same=shown,
        effect=effect,
        time_ratio=ratio,
        enough=enough,
        sentence=_sentence(found, effect, ratio, enough),
    )


def _share(tasks: Sequence[Seen]) -> float | None:
    return sum(task.same for task in tasks) / len(tasks) if tasks else None


def _arm_size(a: int, b: int) -> float:
    """The size of two equal arms that tell as much: the harmonic mean."""
    return 2 * a * b / (a + b) if a and b else 0.0


def _time_ratio(found: Arms, confidence: float) -> Interval | None:
    shown = [task.seconds for task in found.shown if task.seconds is not None]
    blind = [task.seconds for task in found.blind if task.seconds is not None]
    if min(len(shown), len(blind)) < FEWEST:
        return None
    value, lower, upper = median_ratio(shown, blind, confidence)
    return Interval(value=value, lower=lower, upper=upper)


def _sentence(found: Arms, effect: Interval | None, time: Interval | None, enough: bool) -> str:
    if effect is None or not enough:
        return (
            f"anchoring: too few to tell ({len(found.blind)} blind and {len(found.shown)} shown "
            f"tasks answered; about {NEEDED} of each are needed)"
        )
    between = f"({effect.lower * 100:+.0f} to {effect.upper * 100:+.0f})"
    if effect.lower > 0:
        what = f"people agree with a candidate {effect.value * 100:.0f} points more often when "
        what += f"they see it {between}"
    elif effect.upper < 0:
        what = f"people agree with a candidate {-effect.value * 100:.0f} points less often when "
        what += f"they see it {between}"
    else:
        what = f"no effect of seeing a candidate is found {between} points"
    return f"anchoring: {what}{_time(time)}"


def _time(ratio: Interval | None) -> str:
    if ratio is None:
        return ""
    between = f"({ratio.lower * 100:.0f}% to {ratio.upper * 100:.0f}%)"
    return f"; a shown task takes {ratio.value * 100:.0f}% of a blind one's time {between}"
