"""Everything that the answers on a set of items tell: labels, people, candidates, verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from label_configs import LabelConfig
from sync.gating.coefficients import Coefficient
from sync.gating.people import AnnotatorReport, SuspectGold
from sync.gating.people.annotators import reports
from sync.gating.people.suspect_gold import suspects
from sync.gating.policy import GatePolicy, digest
from sync.gating.report.blind import blind_part
from sync.gating.report.controls import ControlReport, control_report
from sync.gating.report.decision import Decision, decide
from sync.gating.report.judging import CandidateReport, acceptance, candidate_report
from sync.gating.report.order import by_lot
from sync.gating.report.reading import Unread, read_items
from sync.gating.report.sentence import sentence
from sync.records import Item

#: Told what is done now.
Step = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an export shows."""

    controls: tuple[ControlReport, ...]
    annotators: tuple[AnnotatorReport, ...]
    candidates: CandidateReport
    suspect_gold: tuple[SuspectGold, ...]
    decision: Decision
    #: One plain sentence; begins with the state and a colon.
    sentence: str
    policy_digest: str
    set_aside: tuple[Unread, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        decision = asdict(self.decision)
        return {
            "controls": [_control(control) for control in self.controls],
            "annotators": [asdict(person) for person in self.annotators],
            "candidates": asdict(self.candidates),
            "suspect_gold": [asdict(suspect) for suspect in self.suspect_gold],
            "verdict": {
                "state": decision["state"],
                "sentence": self.sentence,
                "criteria": decision["criteria"],
                "labels_left": decision["labels_left"],
                "policy_digest": self.policy_digest,
            },
            "set_aside": [asdict(unread) for unread in self.set_aside],
        }


def report(
    items: Sequence[Item],
    config: LabelConfig,
    policy: GatePolicy,
    *,
    shown: Collection[int] = frozenset(),
    step: Step = lambda what: None,
) -> Report:
    """Report on items.

    Args:
        items: tasks with answers, candidates and gold, as far as they are known.
        config: the label config.
        policy: thresholds and confidence.
        shown: annotations that were made from a prediction, by their ids.
        step: told what is done now.

    Raises:
        ConfigurationError: a field of the policy's slices has too many values.
        Fatal: the label config has a control whose values cannot be compared.
    """
    step("reading answers")
    read, unread = read_items(items, config)
    step("agreement")
    controls = tuple(control_report(c, read, policy.gate.confidence) for c in config.controls)
    step("people")
    answers = by_lot(read, config)
    people = reports(answers, policy)
    step("gold")
    suspect = suspects(answers, [one.item.task_id for one in read], policy)
    step("candidates")
    blind = blind_part(read, config, policy, shown)
    accepted = acceptance(blind, policy)
    candidates = candidate_report(blind, accepted, config, policy.gate.confidence)
    unseen = by_lot(blind.items, config) if blind.shown else answers
    decision = decide(blind, unseen, accepted, policy)
    return Report(
        controls=controls,
        annotators=people,
        candidates=candidates,
        suspect_gold=suspect,
        decision=decision,
        sentence=sentence(decision, candidates),
        policy_digest=digest(policy),
        set_aside=unread,
    )


def _control(control: ControlReport) -> dict[str, Any]:
    return {
        "name": control.name,
        "tag": control.tag,
        "scale": control.scale,
        "answers": control.answers,
        "agreement": {name: _figure(found) for name, found in control.agreement.items()},
        "labels": [
            {"label": label, "krippendorff_alpha": _figure(found)}
            for label, found in control.labels.items()
        ],
        "pairs": [
            {"annotators": list(pair), "cohen_kappa": _figure(found)}
            for pair, found in control.pairs.items()
        ],
        **{name: asdict(measure) for name, measure in control.measures.items()},
    }


def _figure(found: Coefficient) -> dict[str, Any]:
    return {
        "value": found.value,
        "lower": found.lower,
        "upper": found.upper,
        "items": found.items,
        "reason": found.reason,
    }
