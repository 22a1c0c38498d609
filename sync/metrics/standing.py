"""How things stand in the store, whichever worker brought them there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sync.errors import describe
from sync.records import PassState
from sync.store import Store

_log = logging.getLogger(__name__)

Value = Callable[[PassState], float | None]


def _moment(when: datetime | None) -> float | None:
    return None if when is None else when.timestamp()


#: Name of a gauge of each connected project, what it says, and its value.
_OF_PROJECT: dict[str, tuple[str, Value]] = {
    "lag_seconds": (
        "Seconds from the newest change in Label Studio to when it was read",
        lambda state: state.lag,
    ),
    "last_pass_timestamp_seconds": ("When the last pass ended", lambda s: _moment(s.ended_at)),
    "last_good_pass_timestamp_seconds": (
        "When the last pass that went through ended",
        lambda state: _moment(state.ok_at),
    ),
    "last_pass_seconds": ("Seconds that the last pass took", lambda state: state.seconds),
    "failures": ("Passes that failed since one went through", lambda state: state.failures),
}
#: The same of what is counted by two labels: its name, what it says, and the labels.
_COUNTED = {
    "verdicts": ("Batches by the state of their newest verdict", ("project", "state")),
    "set_aside": ("Items that could not be used", ("project", "kind")),
    "jobs": ("Jobs in the store by state", ("kind", "state")),
}


class Standing(Collector):
    """Gauges that are read from the store when somebody looks."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Nothing is read before the first look."""
        self._store, self._now = store, now

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: what there is shows when it is asked for."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges as they stand; only `assay_store_up` where the store does not answer."""
        try:
            found = self._found()
        except Exception as error:
            # Whatever it is: a scrape that fails hides the counters as well.
            _log.warning("the store does not answer a look at the metrics: %s", describe(error))
            found = []
        up = GaugeMetricFamily("assay_store_up", "1 while the store answers")
        up.add_metric([], bool(found))
        yield from (up, *found)

    def _found(self) -> list[GaugeMetricFamily]:
        connected = {project.project_id for project in self._store.projects()}
        passes = {k: state for k, state in self._store.passes().items() if k in connected}
        return [
            _gauge("projects", "Connected projects", len(connected)),
            _gauge("leases", "Projects that any worker holds", len(self._store.held(self._now()))),
            *(_of_projects(name, passes) for name in _OF_PROJECT),
            _counted("verdicts", _known(self._store.verdict_figures(), connected)),
            _counted("set_aside", _known(self._store.aside_figures(), connected)),
            _counted("jobs", self._store.job_figures()),
        ]


def _known(figures: dict[tuple[int, str], int], connected: set[int]) -> dict[tuple[int, str], int]:
    return {key: number for key, number in figures.items() if key[0] in connected}


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"assay_{name}", what, value=value)


def _of_projects(name: str, passes: dict[int, PassState]) -> GaugeMetricFamily:
    what, value_of = _OF_PROJECT[name]
    family = GaugeMetricFamily(f"assay_project_{name}", what, labels=["project"])
    for project_id, state in passes.items():
        value = value_of(state)
        if value is not None:
            family.add_metric([str(project_id)], value)
    return family


def _counted(
    name: str, figures: dict[tuple[int, str], int] | dict[tuple[str, str], int]
) -> GaugeMetricFamily:
    what, labels = _COUNTED[name]
    family = GaugeMetricFamily(f"assay_{name}", what, labels=labels)
    for key, number in figures.items():
        family.add_metric([str(one) for one in key], number)
    return family
