"""What each kind of job runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from sync.errors import Fatal
from sync.store.jobs import Job

Command = Callable[[Job], list[str]]

_MODULE = (sys.executable, "-m")
_CLI = (*_MODULE, "sync.cli.child")


def _train(job: Job) -> list[str]:
    return [*_MODULE, "backend.training", str(job.project_id), "--leashed"]


def _prefill(job: Job) -> list[str]:
    project = f"--project={job.project_id}"
    return [*_CLI, "prefill", project, *_options(job, ("batch", "where"))]


def _audit(job: Job) -> list[str]:
    known = ("gold", "config", "policy", "model-version")
    as_json = ["--json"] if job.arguments.get("json") else []
    # After the two dashes a name is a name, whatever it begins with.
    return [*_CLI, "audit", *_options(job, known), *as_json, "--", str(job.arguments["export"])]


def _options(job: Job, known: tuple[str, ...]) -> list[str]:
    given = ((name, job.arguments.get(name)) for name in known)
    return [f"--{name}={value}" for name, value in given if value is not None]


#: Kind of job to the command that does it, in a process that obeys `sync.jobs.leash`.
COMMANDS: Mapping[str, Command] = {"train": _train, "prefill": _prefill, "audit": _audit}


def command(job: Job, commands: Mapping[str, Command]) -> list[str]:
    """What to run for a job.

    Raises:
        Fatal: there is no such kind; a newer Assay queued it.
    """
    if job.kind not in commands:
        known = ", ".join(sorted(commands))
        raise Fatal(
            f"the worker knows no job of kind {job.kind!r} (known: {known}): install the Assay "
            "that queued it"
        )
    return commands[job.kind](job)
