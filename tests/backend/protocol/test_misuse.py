"""What a served backend does with senders that err or mean harm."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from backend.app import LARGEST_BODY
from backend.bodies import MOST_VALUES
from sync.demo.processes import free_port, start_backend
from sync.records import Json
from sync.settings import Settings

Auth = tuple[str, str]
Body = Callable[..., Json]
MIB = 2**20
#: Bytes that the server may take, whatever is sent.
MOST_MEMORY = 1536 * MIB

BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE v [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><View>&c;</View>'
)
FOREIGN = '<!DOCTYPE v [<!ENTITY x SYSTEM "file:///etc/passwd">]><View>&x;</View>'
DEEP = "<View>" * 50_000 + "</View>" * 50_000
WIDE = (
    '<View><Text name="t" value="$t"/><Choices name="c" toName="t">'
    + "".join(f'<Choice value="{i}"/>' for i in range(20_000))
    + "</Choices></View>"
)


class Served:
    """A backend as a team runs it."""

    def __init__(self, port: int, auth: Auth, pid: int) -> None:
        self.port, self.auth, self._pid = port, auth, pid
        self.url = f"http://127.0.0.1:{port}"

    def post(self, path: str, sent: Any, auth: Auth | None = None) -> requests.Response:
        raw = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return requests.post(f"{self.url}{path}", data=raw, auth=auth or self.auth, timeout=60)

    def raw(self, request: bytes, *pieces: bytes) -> bytes:
        """The first bytes of what is answered to bytes on the wire."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as wire:
            wire.sendall(request)
            try:
                for piece in pieces:
                    wire.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # It has answered, and reads no more.
            return wire.recv(4096)

    def alive(self) -> bool:
        return requests.get(f"{self.url}/health", timeout=5).status_code == 200

    def peak(self) -> int:
        """Largest resident memory so far of any process of the server, bytes."""
        group = [pid for pid in Path("/proc").glob("[0-9]*") if _group(pid) == self._pid]
        return max(_peak(pid) for pid in group)


def _group(pid: Path) -> int:
    try:
        return int((pid / "stat").read_text().rsplit(")", 1)[1].split()[2])
    except (OSError, IndexError):
        return 0


def _peak(pid: Path) -> int:
    lines = (pid / "status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    port, auth = free_port(), ("assay", "secret")
    env = {"ASSAY_HOME": str(home), "ASSAY_BACKEND_PASSWORD": auth[1]}
    with start_backend(port, env, home / "log") as child:
        child.wait_for(f"http://127.0.0.1:{port}/health", 60)
        yield Served(port, auth, child.pid)


def tasks(count: int, data: Any) -> Json:
    return {"project": "9.1", "tasks": [{"id": i, "data": data} for i in range(count)]}


def test_a_wrong_password_is_told(served: Served) -> None:
    """Whoever guesses gets a 401 that names the settings, on every guarded path."""
    for path in ("/setup", "/predict", "/versions", "/webhook"):
        answer = served.post(path, {"project": "1.1"}, auth=("assay", "guess"))
        assert answer.status_code == 401
        assert "ASSAY_BACKEND_USER" in answer.json()["error"] or path == "/webhook"
    assert requests.get(f"{served.url}/metrics", timeout=5).status_code == 401


def test_strangers_cannot_make_it_read(served: Served) -> None:
    """A body of 60 MB without password is refused unread, and leaves no memory behind."""
    before = served.peak()
    answer = served.post("/predict", b"[" + b"0," * (30 * MIB) + b"0]", auth=("x", "y"))
    assert answer.status_code == 401
    assert served.peak() - before < 100 * MIB


def test_a_body_of_100_mb_is_a_413(served: Served) -> None:
    """It is refused by its announced length, and by its real one where none is announced."""
    token = base64.b64encode(":".join(served.auth).encode()).decode()
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n"
    announced = served.raw(f"{head}Content-Length: {100 * MIB}\r\n\r\n".encode(), b" " * MIB)
    assert announced.startswith(b"HTTP/1.1 413")
    piece = b"100000\r\n" + b" " * MIB + b"\r\n"
    chunked = served.raw(
        f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), *[piece] * 100, b"0\r\n\r\n"
    )
    assert chunked.startswith(b"HTTP/1.1 413")
    assert served.alive()


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (tasks(100_000, {}), "100000 tasks in one request"),
        (b'{"project":"9.1","tasks":[' + b"{}," * MOST_VALUES + b"{}]}", "values"),
        (b'{"project":"9.1","tasks":' + b"[" * 1_000_000, ""),
        (b"[" * (MOST_VALUES - 1), "nested too deeply"),
        (tasks(1, None), "task 0 has no data object"),
        ({"project": "9.1", "tasks": [None]}, "task 0 is not an object"),
        ({"project": "9.1", "tasks": {"0": {}}}, "not a list"),
        ({"project": {"id": 9}, "tasks": []}, "project"),
        ({"project": "9.1", "tasks": [], "label_config": 7}, "label_config"),
        ({"project": "9.1", "tasks": [{"id": True, "data": {}}]}, "no integer id"),
        (b"\x00" * 1000, "not a JSON object"),
    ],
)
def test_wrong_bodies_are_a_400_that_says_why(served: Served, sent: Any, reason: str) -> None:
    """Too many tasks, too many values, deep nesting and wrong types are named."""
    answer = served.post("/predict", sent)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert served.alive()


@pytest.mark.parametrize(
    "xml", [BILLION_LAUGHS, FOREIGN, DEEP, WIDE, "<View" * 1000, "\x00", "<View/>" * 9999]
)
@pytest.mark.parametrize("path", ["/setup", "/predict"])
def test_hostile_label_configs_abstain(served: Served, path: str, xml: str) -> None:
    """Bombs, foreign entities, depth and width cost no time and show no file."""
    sent = tasks(1, {"t": "x"}) | {"label_config": xml, "schema": xml}
    answer = requests.post(
        f"{served.url}{path}",
        json=sent,
        auth=served.auth,
        headers={"X-Assay-Purpose": "candidates"},
        timeout=20,
    )
    assert answer.status_code == 200
    assert "root:" not in answer.text
    assert served.alive()


@pytest.mark.parametrize(
    "data",
    [
        {"text": float("nan")},
        {"text": "\ud800" * 1000},
        {"text": "x" * (20 * MIB)},
        {"text": {"a": [{}] * 1000}},
        {"image": "file:///etc/passwd"},
        {"image": "http://169.254.169.254/latest/meta-data"},
    ],
    ids=["nan", "surrogates", "long", "nested", "file", "metadata"],
)
def test_hostile_data_is_answered(served: Served, data: Json) -> None:
    """NaN, half characters, long texts and foreign addresses get their element."""
    answer = served.post("/predict", tasks(3, data))
    assert answer.status_code == 200
    assert answer.json() == {"results": [{}, {}, {}]}


def test_an_announced_body_that_never_comes_blocks_nobody(served: Served) -> None:
    """Twelve senders that stall leave room for /health."""
    token = base64.b64encode(":".join(served.auth).encode()).decode()
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n"
    stalled = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(12)]
    try:
        for wire in stalled:
            wire.sendall(f"{head}Content-Length: 1000\r\n\r\n".encode())
        assert served.alive()
    finally:
        for wire in stalled:
            wire.close()


def test_memory_stays_bounded(served: Served) -> None:
    """Eight of the largest bodies at once leave the process alive and within its bounds."""
    data = {"text": "x" * (LARGEST_BODY - MIB)}
    with ThreadPoolExecutor(8) as pool:
        codes = list(
            pool.map(lambda _: served.post("/predict", tasks(1, data)).status_code, "x" * 8)
        )
    assert set(codes) <= {200, 503}
    assert served.peak() < MOST_MEMORY
    assert served.alive()


def test_the_log_quotes_nothing(served: Served, home: Path, team_settings: Settings) -> None:
    """After all this the log has no password, and no content of a task."""
    log = (home / "log").read_text(errors="replace")
    assert "secret" not in log
    assert "passwd" not in log
    assert "Traceback" not in log
