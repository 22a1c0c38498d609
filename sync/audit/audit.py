"""An audit: an export in, everything that it tells out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import label_configs
from label_configs import LabelConfig
from sync.audit.export import Export, assemble
from sync.audit.infer import infer
from sync.audit.reader import Progress, read_tasks
from sync.audit.tasks import SetAside
from sync.errors import ConfigurationError
from sync.gating.policy import GatePolicy
from sync.gating.report import Report, report
from sync.records import GoldItem, Json


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an export tells, and under which label config."""

    export: Export
    config: LabelConfig
    #: Whether the label config was inferred from the export.
    inferred: bool
    report: Report

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """All that could not be read, and why."""
        unread = (
            SetAside(task=one.task, annotation=one.annotation, reason=one.reason)
            for one in self.report.set_aside
        )
        return (*self.export.set_aside, *unread)

    def person(self, annotator: int) -> int | str:
        """What the export calls a person."""
        return self.export.people.get(annotator, annotator)

    def to_dict(self) -> Json:
        """JSON-ready, with people as the export calls them."""
        found = self.report.to_dict()
        for row in found["annotators"]:
            row["email"] = self.export.emails.get(row["annotator"])
            row["annotator"] = self.person(row["annotator"])
        for pair in (pair for control in found["controls"] for pair in control["pairs"]):
            pair["annotators"] = [self.person(number) for number in pair["annotators"]]
        for suspect in found["suspect_gold"]:
            suspect["against"] = [self.person(number) for number in suspect["against"]]
        return {
            "export": self._counts(),
            "config": {"inferred": self.inferred, "xml": self.config.xml},
            **found,
            "set_aside": [asdict(aside) for aside in self.set_aside],
        }

    def _counts(self) -> Json:
        export = self.export
        answers = [answer for item in export.items for answer in item.answers]
        return {
            "tasks": len(export.items),
            "answers": len(answers),
            "skips": sum(answer.result is None for answer in answers),
            "shown": len(export.shown),
            "repeats": export.repeats,
            "gold": sum(item.gold is not None for item in export.items),
            "unmatched_gold": export.unmatched_gold,
            "predictions": sum(item.candidate is not None for item in export.items),
            "predictions_without_results": export.without_results,
            "model_version": export.version,
            "model_versions": dict(export.versions),
        }


def audit(
    path: Path,
    policy: GatePolicy,
    *,
    gold: Sequence[GoldItem] = (),
    xml: str | None = None,
    model_version: str | None = None,
    progress: Progress | None = None,
    step: Callable[[str], None] = lambda what: None,
) -> Audit:
    """Audit Label Studio's JSON export.

    Args:
        path: the export.
        policy: thresholds and confidence.
        gold: known answers besides those that the export marks as ground truth.
        xml: the label config; None infers it from the export.
        model_version: the predictions to judge; None takes the newest version.
        progress: told the bytes that are read so far and those of the file.
        step: told what is done now.

    Raises:
        ConfigurationError: a file is not of the form that is asked for.
        Fatal: the label config has a control whose values cannot be compared.
    """
    export = assemble(read_tasks(path, progress), gold, model_version)
    step("label config")
    config = label_configs.parse(infer(export.items) if xml is None else xml)
    found = report(export.items, config, policy, shown=export.shown, step=step)
    _check_fit(export, found)
    return Audit(export=export, config=config, inferred=xml is None, report=found)


def _check_fit(export: Export, found: Report) -> None:
    """Refuse a label config by which hardly anything can be read.

    Raises:
        ConfigurationError: more than half of the answers or predictions are set aside.
    """
    given = sum(answer.result is not None for item in export.items for answer in item.answers)
    proposed = sum(item.candidate is not None for item in export.items)
    answers = [unread for unread in found.set_aside if unread.annotation is not None]
    candidates = [unread for unread in found.set_aside if unread.candidate]
    for what, unread, all_of in (
        ("answers", answers, given),
        ("predictions", candidates, proposed),
    ):
        if 2 * len(unread) > all_of:
            raise ConfigurationError(
                f"{len(unread):,} of {all_of:,} {what} do not fit the label config, the first in "
                f"task {unread[0].task} ({unread[0].reason}): give the project's own with --config "
                "(Settings › Labeling Interface › Code)"
            )
