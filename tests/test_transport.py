"""Label Studio may be slow, busy or gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from sync.errors import ConfigurationError, Fatal, Retriable
from sync.labelstudio import LabelStudio
from sync.labelstudio.clock import date_of
from sync.labelstudio.replies import Missing
from sync.labelstudio.transport import Transport

Serve = Callable[[list[tuple[int, str]]], tuple[Transport, list[float], list[str]]]


@pytest.fixture
def serve(port: int) -> Iterator[Serve]:
    """A server that gives these replies in turn, and a transport that remembers its pauses."""
    opened: list[Any] = []

    def start(replies: list[tuple[int, str]]) -> tuple[Transport, list[float], list[str]]:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.command)
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = replies.pop(0)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_OPTIONS = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pauses: list[float] = []
        transport = Transport(f"http://127.0.0.1:{port}", "key", sleep=pauses.append)
        opened.extend([(server.shutdown, server.server_close), (transport.close,)])
        return transport, pauses, asked

    yield start
    for closers in reversed(opened):
        for close in closers:
            close()


def test_a_busy_server_is_asked_again(serve: Serve) -> None:
    """Two failures cost two pauses that grow, and the third answer counts."""
    transport, pauses, _ = serve([(503, "busy"), (429, ""), (200, '{"a": 1}')])
    assert transport.get("x") == {"a": 1}
    assert len(pauses) == 2
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1.0


_TOTALS = '"total": 1, "total_annotations": 0, "total_predictions": 0'


@pytest.mark.parametrize(
    ("ask", "reply", "said"),
    [
        (lambda server: server.version(), "null", "JSON without 'release'"),
        (lambda server: server.project(1), "[]", "JSON without 'title'"),
        (lambda server: server.project(1), '{"id": 1, "title": ""}', "without 'label_config'"),
        (lambda server: server.may_write(1), "[]", "JSON that is no object"),
        (lambda server: server.ml_backends(1), '{"results": []}', "JSON that is no list"),
        (lambda server: server.webhooks(1), "[1]", "JSON that is no list of objects"),
        (lambda server: server.count_tasks(1), '{"tasks": []}', "JSON without 'total'"),
        (lambda server: server.stamps(1, 0), '{"tasks": {}}', "tasks without ids"),
        (
            lambda server: server.changed_tasks(1, None),
            f'{{"tasks": [{{"data": {{}}}}], {_TOTALS}}}',
            "tasks without ids",
        ),
        (lambda server: server.import_tasks(1, [{}]), "{}", "JSON without 'task_ids'"),
        (lambda server: server.create_webhook(), "[]", "JSON that is no object"),
    ],
)
def test_json_that_is_no_answer_is_told(
    serve: Serve, ask: Callable[[LabelStudio], Any], reply: str, said: str
) -> None:
    """A reply of another shape is named with what it lacks, and may be right the next time."""
    transport, _, _ = serve([(200, reply)] * 5)
    with (
        LabelStudio(transport.url, "key", sleep=lambda seconds: None) as server,
        pytest.raises(Retriable, match=f"{said}.* instead of what belongs there"),
    ):
        ask(server)


def test_the_budget_of_tries_ends(serve: Serve) -> None:
    """Five failures are given up with what the server said."""
    transport, pauses, _ = serve([(500, "boom")] * 5)
    with pytest.raises(Retriable, match="answered 500 to GET x: boom"):
        transport.get("x")
    assert len(pauses) == 4


def test_what_creates_is_sent_once(serve: Serve) -> None:
    """A POST is not repeated: the first may have succeeded."""
    transport, _, asked = serve([(502, ""), (200, "{}")])
    with pytest.raises(Retriable):
        transport.post("x", {})
    assert asked == ["POST"]


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (401, ConfigurationError, "refuses ASSAY_LABEL_STUDIO_API_KEY"),
        (403, Fatal, "answered 403"),
        (404, Missing, "has nothing at x"),
    ],
)
def test_a_refusal_is_not_asked_again(
    serve: Serve, status: int, kind: type[Exception], message: str
) -> None:
    """Trying again cannot help, and the text says what is wrong."""
    transport, pauses, _ = serve([(status, '{"detail": "no"}')])
    with pytest.raises(kind, match=message):
        transport.get("x")
    assert pauses == []


def test_nobody_there_is_told(port: int) -> None:
    """The address is named, and nothing of the key."""
    transport = Transport(f"http://127.0.0.1:{port}", "very-secret", sleep=lambda seconds: None)
    with pytest.raises(Retriable, match=f"127.0.0.1:{port} cannot be reached") as found:
        transport.get("x")
    assert "very-secret" not in str(found.value)
    transport.close()


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("Sat, 21 Nov 2026 16:00:00 GMT", 2026),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("1 Jan 99999999999999 00:00:00 GMT", None),
        ("soon", None),
    ],
)
def test_an_odd_date_is_no_date(date: str, year: int | None) -> None:
    """An answer counts whatever time it tells; one that cannot be is none."""
    found = date_of(httpx.Headers({"Date": date}))
    assert (found and found.year) == year


def test_each_request_is_told(serve: Serve) -> None:
    """Whoever counts hears of every try, with its status; 0 where no answer came."""
    transport, _, _ = serve([(503, "busy"), (200, "{}")])
    told: list[tuple[str, str, int]] = []
    transport.observer = lambda method, path, status, seconds: told.append((method, path, status))
    transport.get("api/x/")
    lost = Transport("http://127.0.0.1:1", "key", sleep=lambda seconds: None)
    lost.observer = transport.observer
    with pytest.raises(Retriable):
        lost.post("api/y/", {})
    lost.close()
    assert told[:2] == [("GET", "api/x/", 503), ("GET", "api/x/", 200)]
    assert set(told[2:]) == {("POST", "api/y/", 0)}
