"""A small server behind the proxy, and a transport in front of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

from sync.labelstudio import Patience
from sync.labelstudio.transport import Transport
from tests.faults.proxy import Proxy

#: Seconds: short where a test waits for them.
IMPATIENT = Patience(connect=2, question=0.3, write=0.3, whole=0.6)
BODY = {"a": "b" * 2000}


class Upstream:
    """Answers every call with `BODY` and remembers those that it acted upon."""

    def __init__(self) -> None:
        self.acted: list[tuple[str, str]] = []
        self.tokens = 0
        #: Answers that are given instead of the usual one.
        self.replies: list[tuple[int, dict[str, str], bytes]] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, body = upstream.answer(self.command, self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        """What it answers."""
        if path.endswith("/token/refresh/"):
            self.tokens += 1
            return 200, {}, json.dumps({"access": token("access", self.tokens)}).encode()
        self.acted.append((method, path))
        return self.replies.pop(0) if self.replies else (200, {}, json.dumps(BODY).encode())

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def token(kind: str, number: int = 0) -> str:
    """A token of Label Studio's form; nobody checks the signature."""
    claims = {"token_type": kind, "exp": int(time.time()) + 3000, "jti": str(number)}
    return jwt.encode(claims, "k" * 32)


class Line:
    """A transport whose first calls meet these faults, and its pauses."""

    def __init__(self, proxy: Proxy, key: str, **options: Any) -> None:
        self.proxy = proxy
        self.pauses: list[float] = []
        #: What happens in each pause.
        self.meanwhile: Callable[[], object] = lambda: None
        options = {"patience": IMPATIENT, "sleep": self._sleep} | options
        self.transport = Transport(proxy.url, key, **options)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.meanwhile()


#: Opens a line whose calls meet these faults in turn, then none.
Open = Callable[..., Line]
