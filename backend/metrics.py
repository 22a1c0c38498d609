"""What `/metrics` counts."""

from __future__ import annotations

import logging

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

_log = logging.getLogger(__name__)

#: Seconds from which on an answer is worth a line of the log: an annotator notices them.
SLOW = 2.0


class Metrics:
    """Counts and times of one app, in a registry of their own."""

    def __init__(self) -> None:
        """All start at zero."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "assay_requests",
            "Requests by route and status",
            ["route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "assay_request_seconds",
            "Seconds to answer by route",
            ["route"],
            registry=self.registry,
        )
        self.predictions = Counter(
            "assay_predictions",
            "Tasks answered, by where the answer came from",
            ["source"],
            registry=self.registry,
        )
        self.trainings = Counter(
            "assay_trainings_requested", "Trainings asked for", registry=self.registry
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request; refused, failed and slow ones have a line in the log."""
        self.requests.labels(route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)
        if status >= 400 or seconds >= SLOW:
            note(route, status, seconds)


def note(route: str, status: int, seconds: float) -> None:
    """A line of the log about a request, without anything that it carried."""
    level = logging.WARNING if status >= 500 or seconds >= SLOW else logging.INFO
    told = {"route": route, "status": status, "seconds": round(seconds, 3)}
    _log.log(level, "request", extra=told)
