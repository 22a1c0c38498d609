"""Endpoints that are busy, broken, wrong or hostile."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

import pytest

from backend.engines import Abstention, Answer, Proposal
from backend.llm.endpoint import LARGEST
from tests.backend.llm.conftest import Make, Set
from tests.backend.llm.endpoint import Json, Response, completion, replied

RED = completion(json.dumps({"c": "red"}))
HTML = (200, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>")
#: Less than it says.
CUT = (200, {"Content-Length": "5000"}, RED[2][:50])
GONE: Response = (0, {}, b"")


def turns(*responses: Response) -> tuple[Response, ...]:
    """Responses one after the other, of which the last goes on for ever."""
    return responses


def asked(made: Make, responses: tuple[Response, ...], **options: object) -> tuple[Answer, Set]:
    left = list(responses)
    used = made(lambda request: left.pop(0) if len(left) > 1 else left[0], **options)
    return used.texts("a red thing")[0], used


@pytest.mark.parametrize(
    "first",
    [
        replied({"error": {}}, 429, Retry_After="0"),
        replied({"error": {}}, 429, Retry_After="Sat, 01 Jan 2000 00:00:00 GMT"),
        replied({"error": {}}, 429, Retry_After="soon"),
        replied({}, 500),
        replied({}, 502),
        replied({}, 503),
        replied({}, 529),
        HTML,
        CUT,
        GONE,
    ],
)
def test_what_may_work_later_is_tried_again(made: Make, first: Response) -> None:
    """Busy, failing and broken answers cost another request and nothing else."""
    found, used = asked(made, turns(first, first, RED))
    assert isinstance(found, Proposal)
    assert len(used.endpoint.requests) == 3


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (replied({}, 500), "the endpoint answered HTTP 500"),
        (HTML, "the endpoint's answer is no JSON object"),
        (CUT, "the connection failed (ChunkedEncodingError)"),
        (GONE, "the connection failed (ConnectionError)"),
    ],
)
def test_what_never_works_is_given_up(made: Make, response: Response, reason: str) -> None:
    """After the retries it is an abstention, which is not remembered."""
    found, used = asked(made, turns(response), retries=2)
    assert found == Abstention(reason)
    assert len(used.endpoint.requests) == 3
    used.texts("a red thing")
    assert len(used.endpoint.requests) == 6


def test_a_wait_that_is_too_long_is_not_waited_for(made: Make) -> None:
    """An endpoint that asks for more time than is left is asked no more, by any task."""
    used = made(lambda request: replied({}, 429, Retry_After="3600"), at_once=1)
    found = used.texts("one", "two", "three")
    assert found == [Abstention("the endpoint is busy for longer than there is time")] * 3
    assert len(used.endpoint.requests) == 1


def test_a_slow_answer_is_given_up(made: Make) -> None:
    """A request takes no longer than its bound."""
    over = threading.Event()

    def slow(request: Json) -> Response:
        over.wait(20)
        return RED

    used = made(slow, timeout_seconds=0.1, retries=0)
    assert used.texts("x") == [Abstention("the endpoint timed out")]
    over.set()


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (replied({}, 401), "the endpoint refuses the key (HTTP 401): check ASSAY_LLM_API_KEY"),
        (replied({}, 404), "has no such address or model (HTTP 404): check engine.llm.url and"),
        (replied({}, 307, Location="/v2"), "set engine.llm.url to its final address"),
    ],
)
def test_a_wrong_setting_stops_all(made: Make, response: Response, reason: str) -> None:
    """Where no request can work, the other tasks are not asked; the reason says what to change."""
    used = made(lambda request: response, at_once=1)
    found = used.texts(*(f"text {i}" for i in range(20)))
    assert {type(answer) for answer in found} == {Abstention}
    assert all(reason in answer.reason for answer in found if isinstance(answer, Abstention))
    assert len(used.endpoint.requests) == 1


def test_a_refused_request_is_told_by_its_code(made: Make) -> None:
    """What vendors write into their errors may repeat the task; a code cannot."""
    error = {"message": "a red thing is bad", "code": "unsupported_value", "param": "temperature"}
    found, _ = asked(made, turns(replied({"error": error}, 400)))
    assert isinstance(found, Abstention)
    assert "(HTTP 400, unsupported_value, temperature)" in found.reason
    error = {"code": "a red thing", "param": ["x"]}
    found, _ = asked(made, turns(replied({"error": error}, 422)))
    assert isinstance(found, Abstention)
    assert "(HTTP 422): check engine.llm.structured" in found.reason


def test_an_answer_of_any_size_is_cut_off(made: Make) -> None:
    """More bytes than any answer has are not read."""
    found, _ = asked(made, turns((200, {}, b"x" * (LARGEST + 1))))
    assert found == Abstention(f"the endpoint's answer has more than {LARGEST} bytes")


def test_the_key_goes_to_the_endpoint_alone(
    made: Make,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No redirect is followed, no .netrc is read, and neither log, reason nor version has it."""
    other = made(lambda request: RED)
    moved = replied({}, 302, Location=f"{other.endpoint.url}/chat/completions")
    (tmp_path / "netrc").write_text("default login me password another-secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    used = made(lambda request: moved)
    with caplog.at_level(logging.DEBUG):
        found = used.texts("x")
        version = used.engine.version(used.around(), used.config)
    assert other.endpoint.requests == []
    assert [h["Authorization"] for h in used.endpoint.headers] == ["Bearer sk-the-key"]
    assert "sk-the-key" not in f"{caplog.text} {found} {version} {used.endpoint.requests}"
    assert "sk-the-key" not in repr(used.engine.model(None, used.config, used.around()))


def test_without_a_key_none_is_sent(made: Make) -> None:
    """A local endpoint needs none."""
    used = made(lambda request: RED)
    used.key = ""
    assert isinstance(used.texts("x")[0], Proposal)
    assert "Authorization" not in used.endpoint.headers[0]
