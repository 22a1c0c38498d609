"""Running for ever: one worker a project, a clean stop, patience with what is down."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sync.errors import AssayError, ConfigurationError, Retriable
from sync.labelstudio import LabelStudio
from sync.settings import Settings
from sync.store import Store
from sync.worker.lease import Lease
from sync.worker.once import Clock, Pass, one_pass, utc_now

#: Longest pause after repeated failures, seconds.
LONGEST_PAUSE = 60.0


def run(
    server: LabelStudio,
    store: Store,
    settings: Settings,
    project_id: int,
    stop: threading.Event,
    *,
    now: Clock = utc_now,
    report: Callable[[Pass], object] = lambda outcome: None,
    waiting: Callable[[str], object] = lambda reason: None,
) -> None:
    """Pass after pass until `stop` is set; a failed pass is tried again, ever more slowly.

    Args:
        server: where the project is.
        store: Assay's memory.
        settings: the pause between passes and the names of fields.
        project_id: a connected project.
        stop: set it to end after the step at hand.
        now: the clock.
        report: told the outcome of each pass.
        waiting: told why nothing is done now.

    Raises:
        ConfigurationError: trying again cannot help.
    """
    with Lease(store, project_id, now) as lease:
        failures = 0
        while not stop.is_set():
            if not lease.take():
                waiting("another worker holds this project; waiting for it to end")
                stop.wait(settings.poll_seconds)
                continue
            try:
                outcome = one_pass(server, store, settings, project_id, now=now)
            except ConfigurationError:
                raise
            except AssayError as error:
                failures += 1
                waiting(_why(error))
            else:
                failures = 0
                report(outcome)
            _pause(store, settings, project_id, stop, failures)


def _why(error: AssayError) -> str:
    kind = "will try again" if isinstance(error, Retriable) else "cannot go on; will look again"
    return f"{error} ({kind})"


def _pause(
    store: Store, settings: Settings, project_id: int, stop: threading.Event, failures: int
) -> None:
    """Wait for the next pass, or for Label Studio's hint that something changed."""
    if failures:
        stop.wait(min(settings.poll_seconds * 2 ** min(failures, 10), LONGEST_PAUSE))
        return
    hinted = _hint(store, project_id)
    left = settings.poll_seconds
    while left > 0 and not stop.wait(min(left, 0.5)):
        left -= 0.5
        if _hint(store, project_id) != hinted:
            return


def _hint(store: Store, project_id: int) -> object:
    project = store.project(project_id)
    return project.hinted_at if project else None
