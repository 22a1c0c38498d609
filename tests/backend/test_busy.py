"""What a server still answers while its engines are slow."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from sync.records import Json
from tests.backend.conftest import Spy

#: Threads of a server as the README starts it.
THREADS = 16


@pytest.fixture
def url(client: FlaskClient) -> Iterator[str]:
    """The app on a port, with as many threads as a server has."""
    app = client.application
    with ThreadPoolExecutor(THREADS) as pool:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        whole = server.process_request_thread

        def pooled(request: Any, address: Any) -> None:
            pool.submit(whole, request, address)

        server.process_request = pooled
        serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()
        server.server_close()


def test_health_and_setup_do_not_wait_for_engines(
    url: str,
    auth: tuple[str, str],
    spy: Spy,
    body: Callable[..., Json],
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """More slow predictions than threads leave both at once answered; the rest is told to retry."""
    go, lock = threading.Event(), threading.Lock()
    inside = [0]
    answer = spy.predict

    def slow(tasks: Any, context: Any = None) -> Any:
        with lock:
            inside[0] += 1
        assert go.wait(60)
        return answer(tasks, context)

    monkeypatch.setattr(spy, "predict", slow)

    def ask() -> int:
        sent = body(1, project="9.1")
        return requests.post(f"{url}/predict", json=sent, auth=auth, timeout=60).status_code

    with ThreadPoolExecutor(2 * THREADS) as pool:
        asked = [pool.submit(ask) for _ in range(2 * THREADS)]
        wait_until(lambda: inside[0] == 12)
        wait_until(lambda: sum(one.done() for one in asked) == 2 * THREADS - 12)
        took = []
        for _ in range(10):
            began = time.perf_counter()
            requests.get(f"{url}/health", timeout=5).raise_for_status()
            sent = {"project": "9.1"}
            requests.post(f"{url}/setup", json=sent, auth=auth, timeout=5).raise_for_status()
            took.append((time.perf_counter() - began) / 2)
        go.set()
        told = sorted(one.result() for one in asked)
    assert told == [200] * 12 + [503] * (2 * THREADS - 12)
    assert statistics.median(took) < 0.05
