"""A generator may fail in any way; it costs only the tasks of that request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses

import label_configs
from sync.errors import ConfigurationError
from sync.freeze.candidates import candidates
from sync.generator import CHUNK, Generator, Proposal
from sync.records import Project, Task

URL = "http://generator.test"
CONFIG = label_configs.parse(label_configs.load("text_classification"))
PROJECT = Project(project_id=1, title="t", label_config=CONFIG.xml, model_version="assay-1")
GOOD = label_configs.write(CONFIG, {"label": frozenset({"other"})})


@pytest.fixture
def generator() -> Iterator[Generator]:
    with Generator(URL, "user", "password") as opened:
        yield opened


def tasks(count: int) -> list[Task]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Task(task_id=i, data={"text": str(i)}, data_hash="h", batch="b", updated_at=now)
        for i in range(count)
    ]


@responses.activate
def test_only_id_and_data_are_sent(generator: Generator) -> None:
    """The request is the ordinary one, with basic auth and nothing of people's answers."""
    responses.post(f"{URL}/predict", json={"results": [{"result": GOOD}]})
    generator.propose(PROJECT, "1.5", tasks(1))
    request = responses.calls[0].request
    assert request.headers["Authorization"].startswith("Basic ")
    assert b'"tasks": [{"id": 0, "data": {"text": "0"}}]' in bytes(request.body or b"")


@responses.activate
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ({"status": 500}, "answered 500"),
        ({"body": "<html>"}, "JSON"),
        ({"json": []}, "no list of results"),
        ({"json": {"results": None}}, "no list of results"),
        ({"json": {"results": [{}]}}, "1 results for 2 tasks"),
        ({"body": requests.Timeout()}, "timed out"),
        ({"body": requests.ConnectionError()}, "connection failed"),
    ],
)
def test_a_failed_request_is_told(generator: Generator, reply: dict[str, Any], reason: str) -> None:
    """Each task of it has no candidate, and the reason."""
    responses.post(f"{URL}/predict", **reply)
    found = generator.propose(PROJECT, "1.5", tasks(2))
    assert [proposal.answer for proposal in found] == [None, None]
    assert all(reason in proposal.reason for proposal in found)


@responses.activate
def test_one_failed_request_leaves_the_others(generator: Generator) -> None:
    """The next request's tasks have their candidates."""
    responses.post(f"{URL}/predict", status=503)
    responses.post(f"{URL}/predict", json={"results": [{"result": GOOD}] * 3})
    found = generator.propose(PROJECT, "1.5", tasks(CHUNK + 3))
    assert sum(proposal.answer is not None for proposal in found) == 3
    assert [bool(p.answer) for p in found[CHUNK:]] == [True] * 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"result": [{"from_name": "label"}]}, "points to None"),
        ({"result": "other"}, "not a list"),
        ({"result": [*GOOD, *GOOD]}, "answered twice"),
        ({"result": []}, "holds no label"),
    ],
)
def test_an_answer_that_cannot_be_judged_is_no_candidate(
    answer: dict[str, Any], reason: str
) -> None:
    """It is kept out with its reason."""
    (made,) = candidates(tasks(1), [Proposal(answer=answer)], "b", "v", CONFIG)
    assert made.result is None
    assert reason in made.reason


@pytest.mark.parametrize("score", ["high", True, -1, 2, None, float("nan")])
def test_a_strange_score_is_dropped(score: object) -> None:
    """Label Studio refuses a whole import for one of these."""
    answer = {"result": GOOD, "score": score, "model_version": "theirs-3"}
    (made,) = candidates(tasks(1), [Proposal(answer=answer)], "b", "v", CONFIG)
    assert (made.result, made.score, made.generator_version) == (GOOD, None, "theirs-3")


@responses.activate
def test_a_missing_generator_is_named(generator: Generator) -> None:
    """Freeze refuses before anything is written."""
    responses.get(f"{URL}/health", body=requests.ConnectionError())
    with pytest.raises(ConfigurationError, match="does not answer"):
        generator.check()
