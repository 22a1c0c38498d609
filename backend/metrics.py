"""What `/metrics` counts."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram


class Metrics:
    """Counts and times of one app, in a registry of their own."""

    def __init__(self) -> None:
        """All start at zero."""
        self.registry = CollectorRegistry()
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
