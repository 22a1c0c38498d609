"""What a worker counts while it works."""

from __future__ import annotations

import re
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

#: Seconds: a look that finds nothing, a page of tasks, a whole pull.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
#: A part of a path that names a route; others are ids.
_WORD = re.compile(r"[a-z][a-z_-]*")
#: Parts of a path that are told apart.
_DEPTH = 6
#: Routes that are told apart; Assay asks for about forty.
_MOST_ROUTES = 100


def route(path: str) -> str:
    """The route that a path belongs to: each id in it becomes `{id}`."""
    parts = path.partition("?")[0].strip("/").split("/")[:_DEPTH]
    return "/" + "/".join(part if _WORD.fullmatch(part) else "{id}" for part in parts)


class Counted:
    """Counts and times of one process, in a registry of their own.

    Labels are routes, projects, kinds and states: as many as there are projects, and never what
    people wrote.
    """

    def __init__(self) -> None:
        """All start at zero."""
        self.registry = CollectorRegistry()
        self._routes: set[str] = set()
        ProcessCollector(registry=self.registry)
        Info("assay", "The version that runs", registry=self.registry).info(
            {"version": version("label-studio-assay")}
        )
        self._requests = self._counter(
            "label_studio_requests", "Requests to Label Studio", "method", "route", "status"
        )
        self._seconds = Histogram(
            "assay_label_studio_seconds",
            "Seconds that Label Studio took to answer, by route",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._passes = self._counter("passes", "Passes by how they ended", "project", "outcome")
        self._pass_seconds = Histogram(
            "assay_pass_seconds", "Seconds of a pass", buckets=_SECONDS, registry=self.registry
        )
        self._changed = self._counter("changed_tasks", "Tasks that were read anew", "project")
        self._deleted = self._counter("deleted_tasks", "Tasks found deleted", "project")
        self._pushes = self._counter("pushes", "Passes that wrote to the project", "project")
        self._errors = self._counter("errors", "Errors by what to do about them", "kind")
        self._waiting = Gauge(
            "assay_projects_waiting",
            "Projects whose pass is due and waits for its turn",
            registry=self.registry,
        )

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"assay_{name}", what, labels, registry=self.registry)

    def requested(self, method: str, path: str, status: int, seconds: float) -> None:
        """A request to Label Studio was answered, or was not: then `status` is 0."""
        at = route(path)
        if at not in self._routes and len(self._routes) >= _MOST_ROUTES:
            at = "other"
        self._routes.add(at)
        self._requests.labels(method, at, str(status or "none")).inc()
        self._seconds.labels(at).observe(seconds)

    def passed(
        self, project_id: int, seconds: float, *, tasks: int, deleted: int, pushed: bool
    ) -> None:
        """A pass went through."""
        project = str(project_id)
        self._passes.labels(project, "ok").inc()
        self._pass_seconds.observe(seconds)
        self._changed.labels(project).inc(tasks)
        self._deleted.labels(project).inc(deleted)
        self._pushes.labels(project).inc(pushed)

    def idle(self, project_id: int) -> None:
        """A look at a project found that nothing had changed."""
        self._passes.labels(str(project_id), "idle").inc()

    def failed(self, project_id: int, kind: str) -> None:
        """A pass failed; `kind` says what to do about it."""
        self._passes.labels(str(project_id), kind).inc()
        self._errors.labels(kind).inc()

    def queued(self, waiting: int) -> None:
        """So many projects wait for their turn now."""
        self._waiting.set(waiting)
