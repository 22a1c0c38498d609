"""A small server behind the proxy, and a transport in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.faults.line import Line, Open, Upstream
from tests.faults.proxy import Fault, Proxy


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server that always answers."""
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def line(upstream: Upstream) -> Iterator[Open]:
    """Open a line to the upstream whose calls meet these faults in turn, then none."""
    with ExitStack() as stack:

        def start(*faults: Fault, key: str = "key", **options: Any) -> Line:
            waiting = list(faults)

            def choose(method: str, path: str) -> Fault:
                return waiting.pop(0) if waiting else Fault.NONE

            opened = Line(stack.enter_context(Proxy(upstream.url, choose)), key, **options)
            stack.callback(opened.transport.close)
            return opened

        yield start
