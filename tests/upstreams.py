"""ML backends on loopback that behave as badly as a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import label_configs
from sync.records import Json

CONFIG = label_configs.parse(label_configs.load("text_classification"))
GOOD = label_configs.write(CONFIG, {"label": frozenset({"other"})})


@dataclass
class Reply:
    """Anything but a plain 200 with JSON."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    #: Cut the connection without a word.
    hang_up: bool = False


def good(task: Json) -> Json:
    return {"result": GOOD, "score": 0.75, "model_version": f"v of {task['id']}"}


@dataclass
class Upstream:
    """What a backend was asked, and how it answers."""

    url: str
    #: Given the body of /predict; what it gives is sent as JSON.
    predict: Callable[[Json], Any]
    setup: Callable[[Json], Any] = lambda body: {"model_version": "theirs-1"}
    health: Callable[[], Any] = lambda: {"status": "UP"}
    requests: list[tuple[str, Json, dict[str, str]]] = field(default_factory=list)
    #: Predictions in work now, and the most there ever were.
    working: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def bodies(self, path: str = "/predict") -> list[Json]:
        return [body for there, body, _ in list(self.requests) if there == path]

    def sizes(self) -> list[int]:
        """Tasks in each request."""
        return [len(body["tasks"]) for body in self.bodies()]

    def ids(self) -> list[int]:
        """The task of each time that one was asked for."""
        return [task["id"] for body in self.bodies() for task in body["tasks"]]

    def answer(self, path: str, body: Json, headers: dict[str, str]) -> Any:
        with self.lock:
            self.requests.append((path, body, headers))
        if path == "/health":
            return self.health()
        if path == "/setup":
            return self.setup(body)
        with self.lock:
            self.working += 1
            self.busiest = max(self.busiest, self.working)
        try:
            return self.predict(body)
        finally:
            with self.lock:
                self.working -= 1


@contextmanager
def upstream(predict: Callable[[Json], Any], **others: Any) -> Iterator[Upstream]:
    """A backend until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: the second of two would wait for an acknowledgement.
        wbufsize = 65536

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Json) -> None:
            made = there.answer(self.path, body, dict(self.headers))
            reply = made if isinstance(made, Reply) else Reply(body=json.dumps(made).encode())
            if reply.hang_up:
                self.close_connection = True
                return
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:  # whoever asked has lost patience
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    there = Upstream(f"http://127.0.0.1:{server.server_port}", predict, **others)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def every(one: Callable[[Json], Any]) -> Callable[[Json], Any]:
    """A backend's /predict from what it answers for one task."""
    return lambda body: {"results": [one(task) for task in body["tasks"]]}
