"""The verdict on a batch, with all that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sync.gating.candidates.anchoring import Anchoring
from sync.gating.candidates.confusions import Confusion
from sync.gating.candidates.labels import LabelFigure
from sync.gating.candidates.regression import Regression
from sync.gating.stored import decode, encode


class State(StrEnum):
    """What is decided."""

    PASS = "PASS"  # noqa: S105 - no password
    HOLD = "HOLD"
    MORE = "MORE"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A label or a slice of the batch, held against the threshold of its criterion."""

    #: The control of a label, or the task-data field of a slice.
    of: str
    #: The label, or the field's value as text.
    name: str
    state: State
    estimate: float | None
    lower: float | None
    #: With the correction for the number of parts that are judged.
    upper: float | None
    #: Its tasks that count.
    n: int
    #: Its tasks in the frozen batch; None where that was not kept.
    population: int | None
    #: False where too few of its tasks can be blind to show anything; such a part decides nothing.
    judged: bool = True
    #: Blind tasks in draw order that would probably settle it; None where it is not open.
    needed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing that a batch must show."""

    #: "acceptance", "gold", "agreement", "labels", or "slice " and the field.
    name: str
    state: State
    threshold: float
    #: None where the statistic is not defined; `reason` says why.
    estimate: float | None = None
    #: Anytime-valid bounds, one-sided each; None where they are not defined.
    lower: float | None = None
    upper: float | None = None
    #: Tasks (agreement, acceptance) or answers (gold) that it rests on.
    n: int = 0
    reason: str = ""
    #: Its labels or slices, worst first; the criterion's own numbers are those of the first.
    parts: tuple[Part, ...] = ()

    @property
    def hopeless(self) -> bool:
        """Whether all its parts are too rare to be judged, whatever people answer."""
        return bool(self.parts) and not any(part.judged for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class AnnotatorGold:
    """One person against gold."""

    annotator: int
    n: int
    #: Answers that equal the gold answer.
    passed: int
    lower: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class WorstLabel:
    """The label whose candidates people confirm least often."""

    label: str
    #: Sum over its tasks of the share of its proposals that is confirmed.
    correct: float
    #: Tasks whose candidate has it.
    n: int


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """PASS, HOLD or MORE, and why."""

    batch: str
    state: State
    #: One plain sentence for the lead; begins with the state and a colon.
    sentence: str
    criteria: tuple[Criterion, ...]
    #: Annotations that would probably settle the batch; None where that cannot be foreseen.
    labels_left: int | None
    #: Length of the queue that they need; None where the present one is enough.
    extend_to: int | None
    #: Blind tasks that count, and blind tasks in the queue so far.
    blind_answered: int
    blind_asked: int
    #: Sum of the scores of the blind tasks that count.
    accepted: float
    #: Blind tasks that are answered but wait for one before them.
    waiting: int
    shown_answered: int
    skips: int
    edits: int
    deleted: int
    policy_digest: str
    annotators: tuple[AnnotatorGold, ...] = ()
    #: Blind tasks on which people and candidate differ, worst first.
    disagreements: tuple[int, ...] = ()
    worst_label: WorstLabel | None = None
    #: Annotations that could not be read, and why.
    set_aside: tuple[tuple[int, str], ...] = ()
    #: Precision and recall of each label on the blind tasks that count, without bounds; the most
    #: frequent ones.
    labels: tuple[LabelFigure, ...] = ()
    #: Which labels people give in place of the candidates', worst first; the most frequent ones.
    confusions: tuple[Confusion, ...] = ()
    #: Beside the last batch of the same generator that passed.
    regression: Regression | None = None
    #: What showing candidates did in this batch; `assay status` pools batches.
    anchoring: Anchoring | None = None

    def criterion(self, name: str) -> Criterion | None:
        """The criterion of that name, if the policy has it."""
        return next((c for c in self.criteria if c.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `from_dict` gives it back."""
        found: dict[str, Any] = encode(self)
        return found

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Verdict:
        """A verdict from what `to_dict` gave, in this version or an older one."""
        return decode(cls, values)
