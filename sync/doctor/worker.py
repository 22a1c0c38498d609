"""Looks at the worker: whether one passes, and who."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sync.doctor.finding import Finding, Warn, look
from sync.errors import Fatal
from sync.status import Health, ProjectStatus


def passes(found: Sequence[ProjectStatus]) -> Iterator[Finding]:
    """How the worker does with each connected project, as the store tells it."""
    for one in found:
        yield look(f"worker of project {one.project}", partial(_worker, one))


def _worker(one: ProjectStatus) -> str:
    """Say who works on it.

    Raises:
        Fatal: it fails, and trying again cannot help.
        Warn: it fails for now, or there is none.
    """
    if one.error and one.health is Health.FAILING:
        text = f"the last pass failed: {one.error.text.rstrip('.')}; {one.error.remedy}"
        raise (Warn if one.error.kind == "retriable" else Fatal)(text)
    if one.advice:
        raise Warn(one.advice)
    if one.lease and one.lease.held:
        return f"{_last(one)}; held by {one.lease.holder}"
    return _last(one)


def _last(one: ProjectStatus) -> str:
    if one.health is Health.WORKING:
        return "a pass is under way"
    ok_at = one.last_pass.ok_at if one.last_pass else None
    if one.last_pass is None or ok_at is None:
        return "begins"
    return f"last pass at {ok_at:%Y-%m-%d %H:%M:%S} UTC by {one.last_pass.holder or 'nobody'}"
