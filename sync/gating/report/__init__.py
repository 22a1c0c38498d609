"""From items to a report: pure, like the rest of the gate."""

from sync.gating.report.report import Report, report

__all__ = ["Report", "report"]
