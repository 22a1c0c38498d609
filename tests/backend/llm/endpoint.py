"""An OpenAI-compatible endpoint on loopback that answers, and misbehaves, as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]

#: What a handler makes of a request: a status, headers and a body.
Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[Json], Response]


def completion(
    content: str | None, *, tokens: tuple[int, int] = (100, 10), **more: Any
) -> Response:
    """A chat completion as vendors send it.

    Args:
        content: what the model writes.
        tokens: of the prompt and of the completion.
        more: `finish_reason`, `logprobs`, and further fields of the message.
    """
    choice: Json = {"index": 0, "finish_reason": more.pop("finish_reason", "stop")}
    if "logprobs" in more:
        choice["logprobs"] = {
            "content": [{"token": "x", "logprob": one} for one in more.pop("logprobs")]
        }
    choice["message"] = {"role": "assistant", "content": content} | more
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return replied({"object": "chat.completion", "choices": [choice], "usage": usage})


def replied(body: Any, status: int = 200, **headers: str) -> Response:
    """Any JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/json"} | named, json.dumps(body).encode()


def task_of(request: Json) -> Json:
    """What the last task of a request shows."""
    tasks = [m for m in request["messages"] if m["role"] == "user" and "<task " in _text(m)]
    found: Json = json.loads(_text(tasks[-1]).split("\n")[2])
    return found


def _text(message: Json) -> str:
    content = message["content"]
    return content if isinstance(content, str) else content[0]["text"]


@dataclass
class TestEndpoint:
    """What the endpoint was asked, and how it answers."""

    __test__ = False
    handler: Handler
    url: str = ""
    requests: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    #: The most requests that were answered at the same time.
    busiest: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Json, headers: dict[str, str]) -> Response:
        with self._lock:
            self.requests.append(request)
            self.headers.append(headers)
            self._now += 1
            self.busiest = max(self.busiest, self._now)
        try:
            return self.handler(request)
        finally:
            with self._lock:
                self._now -= 1


@contextmanager
def serving(handler: Handler) -> Iterator[TestEndpoint]:
    """An endpoint at work."""
    endpoint = TestEndpoint(handler)

    class _Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, content = endpoint.answer(body, dict(self.headers))
            if status == 0:  # break off without an answer
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            if int(headers.get("Content-Length", len(content))) != len(content):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class _Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # clients that no longer wait are meant

    server = _Server(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
