"""A closed loop of requests over kept connections: `python -m benchmarks.load`.

It runs in a process of its own, writes prepared bytes and looks at no more of an answer than its
status and length, so that what is measured is the server.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Bytes that are read at once.
_PIECE = 1 << 18


@dataclass
class _Connection:
    """One connection and what is under way on it."""

    channel: socket.socket
    sent_at: float = 0.0
    #: Bytes of the answer that came, and how many there will be (0: not known yet).
    came: bytearray = field(default_factory=bytearray)
    whole: int = 0

    def answered(self) -> int:
        """Read on; the status of the answer once it is whole, else 0."""
        piece = self.channel.recv(_PIECE)
        if not piece:
            raise ConnectionError("the server closed a kept connection")
        self.came += piece
        if not self.whole and (head := self.came.find(b"\r\n\r\n")) >= 0:
            names = bytes(self.came[:head]).lower()
            start = names.index(b"content-length:") + 15
            self.whole = head + 4 + int(names[start:].split(b"\r\n", 1)[0])
        if not self.whole or len(self.came) < self.whole:
            return 0
        status = int(self.came[9:12])
        self.came.clear()
        self.whole = 0
        return status


def run(
    host: str, port: int, requests: list[bytes], clients: int, seconds: float, most: int = 0
) -> dict[str, Any]:
    """Send the requests in turn, each client one at a time.

    Args:
        host: where the server is.
        port: its port.
        requests: prepared bytes of whole HTTP requests.
        clients: connections.
        seconds: how long new requests are sent.
        most: requests after which none is sent; 0: no such bound.

    Returns:
        `times`: seconds of each answer; `wall`: seconds in all; `errors`: answers other than 200.
    """
    selector = selectors.DefaultSelector()
    times: list[float] = []
    errors = sent = 0
    began = time.perf_counter()
    for _ in range(clients):
        one = _Connection(socket.create_connection((host, port)))
        one.channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(one.channel, selectors.EVENT_READ, one)
        one.sent_at = time.perf_counter()
        one.channel.sendall(requests[sent % len(requests)])
        sent += 1
    while selector.get_map():
        for key, _ in selector.select():
            one = key.data
            if not (status := one.answered()):
                continue
            now = time.perf_counter()
            times.append(now - one.sent_at)
            errors += status != 200
            if now - began >= seconds or (most and sent >= most):
                selector.unregister(one.channel)
                one.channel.close()
                continue
            one.sent_at = now
            one.channel.sendall(requests[sent % len(requests)])
            sent += 1
    return {"times": times, "wall": time.perf_counter() - began, "errors": errors}


def main() -> None:
    """Read prepared requests from a file, send them, and print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("file", type=Path, help="each request behind a line with its length")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--most", type=int, default=0)
    asked = parser.parse_args()
    found = run("127.0.0.1", asked.port, load(asked.file), asked.clients, asked.seconds, asked.most)
    json.dump(found, sys.stdout)


def save(file: Path, requests: list[bytes]) -> None:
    """Keep prepared requests."""
    file.write_bytes(b"".join(b"%d\n" % len(one) + one for one in requests))


def load(file: Path) -> list[bytes]:
    """Read prepared requests."""
    found, content, at = [], file.read_bytes(), 0
    while at < len(content):
        line = content.index(b"\n", at)
        end = line + 1 + int(content[at:line])
        found.append(content[line + 1 : end])
        at = end
    return found


if __name__ == "__main__":
    main()
