"""The engine `upstream` in front of a backend of a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.engines import Abstention, Answer, Proposal, Surroundings
from backend.engines.upstream import Options, UpstreamEngine, UpstreamModel
from sync.records import Json
from tests.upstreams import CONFIG, Upstream


def tasks(numbers: Sequence[int]) -> list[Json]:
    return [{"id": i, "data": {"text": f"text {i}"}} for i in numbers]


def around(there: Upstream, folder: Path | None = None, **options: Any) -> Surroundings:
    return Surroundings(options=Options(url=there.url, **options), folder=folder, project_id=7)


def model(there: Upstream, folder: Path | None = None, **options: Any) -> UpstreamModel:
    """A model of a process that has just begun."""
    return UpstreamEngine().model(None, CONFIG, around(there, folder, **options))


def proposed(answers: Sequence[Answer]) -> list[int]:
    return [i for i, answer in enumerate(answers) if isinstance(answer, Proposal)]


def reasons(answers: Sequence[Answer]) -> set[str]:
    return {answer.reason for answer in answers if isinstance(answer, Abstention)}
