"""A proxy between Assay and Label Studio that goes wrong on purpose, on real sockets."""

from __future__ import annotations

import http.client
import random
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

PAGE = b"<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"
#: Headers that speak of one connection, or that we write ourselves.
_OWN = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}


class Fault(StrEnum):
    """What happens to one request."""

    NONE = auto()
    #: The answer comes late.
    LATENCY = auto()
    #: Nothing comes, and the connection stays open.
    STALL = auto()
    #: The head and half of the body come, then nothing.
    STALL_HALF_WAY = auto()
    #: The connection is reset while the request is read; the server never sees it.
    RESET_REQUEST = auto()
    #: The server has acted, and its reply is lost, or half of it.
    RESET_REPLY = auto()
    RESET_HALF_WAY = auto()
    #: Refusals by what stands before the server, which never sees the request.
    TOO_MANY = auto()
    ERROR = auto()
    BAD_GATEWAY = auto()
    PAGE = auto()
    #: The server has acted, and its reply is replaced or cut.
    ERROR_AFTER = auto()
    BAD_GATEWAY_AFTER = auto()
    PAGE_AFTER = auto()
    TRUNCATED = auto()
    EMPTY = auto()
    #: The access token of this request is refused from now on.
    EXPIRED = auto()


#: Before which the server has not acted, so that a write may be sent again.
HARMLESS = (Fault.RESET_REQUEST, Fault.TOO_MANY, Fault.ERROR, Fault.BAD_GATEWAY, Fault.PAGE)
_REFUSED: dict[Fault, tuple[int, dict[str, str], bytes]] = {
    Fault.TOO_MANY: (429, {"Retry-After": "7"}, b'{"detail": "slow down"}'),
    Fault.ERROR: (500, {}, b'{"detail": "boom"}'),
    Fault.BAD_GATEWAY: (502, {"Content-Type": "text/html"}, PAGE),
    Fault.PAGE: (200, {"Content-Type": "text/html"}, PAGE),
}
_INSTEAD = {
    Fault.ERROR_AFTER: Fault.ERROR,
    Fault.BAD_GATEWAY_AFTER: Fault.BAD_GATEWAY,
    Fault.PAGE_AFTER: Fault.PAGE,
}
Choose = Callable[[str, str], Fault]


@dataclass(frozen=True)
class Schedule:
    """Faults by a seed: the same seed gives the same faults to the same requests."""

    rng: random.Random
    #: Share of requests that something happens to.
    rate: float
    kinds: tuple[Fault, ...]

    def __call__(self, method: str, path: str) -> Fault:
        """The fault of the next request."""
        return self.rng.choice(self.kinds) if self.rng.random() < self.rate else Fault.NONE


class Proxy:
    """Listens on loopback and hands requests on to `upstream`, but for what `choose` says."""

    def __init__(self, upstream: str, choose: Choose = lambda method, path: Fault.NONE) -> None:
        """Listens at once."""
        parts = urlsplit(upstream)
        self.upstream = parts.hostname or "", parts.port or 80
        self.choose = choose
        self.latency = 0.05
        #: Requests in their order, with what happened to each.
        self.seen: list[tuple[str, str, Fault]] = []
        self.expired: set[str] = set()
        self.closed = threading.Event()
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.up()

    @property
    def url(self) -> str:
        """Its address, which stays the same while it is down."""
        return f"http://127.0.0.1:{self._port}"

    def up(self, *_: object) -> None:
        """Listen (again)."""
        if self._server is None:
            proxy = self

            class Handler(_Handler):
                def __init__(self, *args: Any) -> None:
                    self.proxy = proxy
                    super().__init__(*args)

            self._server = _Server(("127.0.0.1", self._port), Handler)
            self._port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections, and reset those that are open, like a server that restarts."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and let go of what stalls."""
        self.closed.set()
        self.down()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*args)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        self.open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """Broken connections are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Head and body go out in two pieces: the second must not wait for the first one's receipt.
    disable_nagle_algorithm = True
    proxy: Proxy

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        fault = self._fault()
        self.proxy.seen.append((self.command, self.path, fault))
        if fault is Fault.RESET_REQUEST:
            self.rfile.read(length // 2)
            self._reset()
            return
        body = self.rfile.read(length)
        if fault is Fault.LATENCY:
            self.proxy.closed.wait(self.proxy.latency)
        if fault is Fault.STALL:
            self._stall()
        elif fault is Fault.EXPIRED:
            self._answer(401, {}, b'{"detail": "Given token not valid for any token type"}')
        elif fault in _REFUSED:
            self._answer(*_REFUSED[fault])
        else:
            self._spoil(fault, *self._upstream(body))

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def _fault(self) -> Fault:
        token = self.headers.get("Authorization", "")
        fault = self.proxy.choose(self.command, self.path)
        if fault is Fault.EXPIRED:
            if not token.startswith("Bearer "):
                return Fault.NONE
            self.proxy.expired.add(token)
        return Fault.EXPIRED if token in self.proxy.expired else fault

    def _upstream(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*self.proxy.upstream, timeout=300)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers))
            reply = connection.getresponse()
            kept = {k: v for k, v in reply.getheaders() if k.lower() not in _OWN}
            return reply.status, kept, reply.read()
        finally:
            connection.close()

    def _spoil(self, fault: Fault, status: int, headers: dict[str, str], body: bytes) -> None:
        """Give the reply of a server that has acted, or what is left of it."""
        if fault in _INSTEAD:
            self._answer(*_REFUSED[_INSTEAD[fault]])
        elif fault is Fault.RESET_REPLY:
            self._reset()
        elif fault in (Fault.RESET_HALF_WAY, Fault.STALL_HALF_WAY):
            self._answer(status, headers, body[: len(body) // 2], len(body))
            if fault is Fault.STALL_HALF_WAY:
                self._stall()
            else:
                self._reset()
        elif fault is Fault.TRUNCATED:
            self._answer(status, headers, body[: len(body) // 2])
        elif fault is Fault.EMPTY:
            self._answer(status, headers, b"")
        else:
            self._answer(status, headers, body)

    def _answer(
        self, status: int, headers: dict[str, str], body: bytes, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _stall(self) -> None:
        """Say nothing until the other side gives up."""
        while not self.proxy.closed.is_set():
            if select.select([self.connection], [], [], 0.05)[0]:
                break
        self.close_connection = True

    def _reset(self) -> None:
        """End the connection with a reset instead of a farewell."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # Both hold the socket open.
        self.rfile.close()
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass
