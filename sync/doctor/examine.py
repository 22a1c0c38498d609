"""All the looks, in the order in which what they look at is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sync.connect import trial
from sync.doctor import here, projects, there, worker
from sync.doctor.finding import Finding, State, look
from sync.errors import Fatal
from sync.labelstudio import LabelStudio
from sync.records import Json, Project
from sync.settings import Settings
from sync.status import status
from sync.store import Store


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What is looked at; each is made when it is first asked for, and may fail then."""

    settings: Callable[[], Settings]
    store: Callable[[], Store]
    server: Callable[[], LabelStudio]
    #: What the backend says at /versions, asked from here.
    backend: Callable[[], Json]
    #: What is wrong with the engine of a project; "" where nothing is.
    engine: Callable[[Project], str]
    now: Callable[[], datetime]


def examine(parts: Parts) -> Iterator[Finding]:
    """Look at everything that Assay needs.

    A temporary project tries what Label Studio permits, and is removed again.
    """
    settings = look("settings", lambda: here.settings(parts.settings()))
    yield settings
    if settings.state is State.WRONG:
        return
    yield look("policy", lambda: here.policy(parts.settings()))
    opened = look("store", lambda: here.store(parts.store()))
    yield opened
    there_is_one = opened.state is not State.WRONG
    connected = parts.store().projects() if there_is_one else []
    file = parts.store().file if there_is_one else None
    if there_is_one:
        yield look("store's clock", lambda: here.store_clock(parts.store(), parts.now))
    yield look("disk", partial(here.disk, parts.settings(), file))
    if parts.settings().redis_url.get_secret_value():
        yield look("Redis", lambda: here.redis(parts.settings()))
    ours = look("backend", partial(there.backend, parts.settings(), parts.backend, connected))
    yield ours
    yield from _label_studio(parts, connected)
    # What is wrong with our own backend is told once.
    told = ours.state is State.WRONG and not parts.settings().generator_url
    for project in [] if told else connected:
        name = f"candidates of project {project.project_id}"
        yield look(name, partial(_engine, parts, project))
    if connected:
        poll = parts.settings().poll_seconds
        yield from worker.passes(status(parts.store(), connected, parts.now(), poll))


def _engine(parts: Parts, project: Project) -> str:
    problem = parts.engine(project)
    if problem:
        raise Fatal(f"{problem.rstrip('.')}: mend the table engine of {parts.settings().config}")
    return "ready"


def _label_studio(parts: Parts, connected: list[Project]) -> Iterator[Finding]:
    reached = look("Label Studio", lambda: there.version(parts.server()))
    yield reached
    if reached.state is State.WRONG:
        return
    yield look("Label Studio's clock", lambda: there.clock(parts.server(), parts.now))
    key = look("API key", lambda: there.account(parts.settings(), parts.server(), parts.now()))
    yield key
    if key.state is State.WRONG:
        return
    yield look("backend and webhooks", lambda: trial(parts.settings(), parts.server()))
    for project in connected:
        yield from projects.project(parts.settings(), parts.server(), project)
