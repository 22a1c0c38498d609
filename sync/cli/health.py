"""assay health."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from sync.cli.root import App, with_app

if TYPE_CHECKING:
    from sync.store import Store

#: Seconds without a pass that are still health: pauses after failures get that long, and a pass
#: that waits for Label Studio longer than it is patient has ended by then.
_PATIENCE = 180.0
#: Seconds that the backend has for an answer.
_ANSWER = 5.0


@click.command()
@click.argument("part", type=click.Choice(["worker", "backend"]), default="worker")
@with_app
def health(app: App, part: str) -> None:
    """Say whether the worker, or the backend, is alive: exit with 0 if so, else with 1.

    For the health checks of containers and process managers. A worker whose passes fail is alive,
    since starting it again mends nothing: assay status says why they fail.
    """
    from sync.clock import utc_now

    if part == "backend":
        alive, told = _backend(app.settings.backend_url)
    else:
        alive, told = worker(app.store, utc_now(), app.settings.poll_seconds)
    click.echo(told)
    sys.exit(0 if alive else 1)


def worker(store: Store, now: datetime, poll_seconds: float) -> tuple[bool, str]:
    """Whether any worker is alive, and a sentence; `poll_seconds`: its pause between passes."""
    connected = {project.project_id for project in store.projects()}
    if not connected:
        return True, "no project is connected: run assay connect"
    states = [state for k, state in store.passes().items() if k in connected]
    held = store.held(now)
    if any(
        s.started_at and s.project_id in held and not _over(s.started_at, s.ended_at)
        for s in states
    ):
        return True, "a pass is under way"
    ended = max((s.ended_at for s in states if s.ended_at), default=None)
    if ended is None:
        return False, "no pass has ended yet: wait, or start assay run"
    limit, ago = timedelta(seconds=_PATIENCE + 3 * poll_seconds), now - ended
    told = f"the last pass ended {ago.total_seconds():.0f} s ago"
    if ago <= limit:
        return True, told
    return False, f"{told}, more than {limit.total_seconds():.0f} s: start assay run again"


def _over(started: datetime, ended: datetime | None) -> bool:
    return ended is not None and ended >= started


def _backend(url: str) -> tuple[bool, str]:
    import requests

    try:
        answer = requests.get(f"{url}/health", timeout=_ANSWER)
    except requests.RequestException as error:
        return False, f"the backend at {url} does not answer: {type(error).__name__}"
    if answer.status_code != 200:
        return False, f"the backend at {url} answers {answer.status_code}"
    return True, f"the backend at {url} answers"
