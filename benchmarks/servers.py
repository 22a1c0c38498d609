"""Two servers that a benchmark holds against each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import load
from sync.demo.processes import Child, free_port
from sync.records import Json

ROOT = Path(__file__).parent.parent


@dataclass
class Side:
    """One of the two servers, and what was measured on it."""

    name: str
    #: Command after `python -m`, with {port} where it is.
    serve: str
    env: dict[str, str]
    folder: Path
    #: Headers of a request for predictions.
    headers: dict[str, str]
    #: Milliseconds, or answers a second, of each round.
    seen: dict[str, list[float]] = field(default_factory=dict)
    errors: int = 0
    #: Errors while it trained, in words.
    wrong: str = ""
    port: int = 0

    def start(self) -> Child:
        """Start it, and wait until it listens."""
        self.port = free_port()
        command = [sys.executable, "-m", *self.serve.format(port=self.port).split()]
        server = Child(self.name, command, self.env, self.folder / "log")
        server.wait_for(f"{self.url}/health", 60)
        return server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def file(self, size: int) -> Path:
        """Where its requests of that many tasks are."""
        return self.folder / f"requests-{size}"

    def note(self, what: str, value: float) -> None:
        self.seen.setdefault(what, []).append(value)

    def load(self, size: int, clients: int, seconds: float, most: int = 0) -> dict[str, Any]:
        """Run the load generator in a process of its own."""
        command = [sys.executable, "-m", "benchmarks.load", str(self.file(size))]
        command += ["--port", str(self.port), "--clients", str(clients)]
        command += ["--seconds", str(seconds), "--most", str(most)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        self.errors += found["errors"]
        return found

    def prepare(
        self, project_id: int, xml: str, ids: list[int], texts: list[str], sizes: tuple[int, ...]
    ) -> None:
        """Write its requests, each of other tasks, as Label Studio sends them."""
        for size in sizes:
            made = []
            for start in range(0, len(ids) - size + 1, size):
                chosen = range(start, start + size)
                tasks = [_sent(ids[i], texts[i % len(texts)]) for i in chosen]
                params = {"login": None, "password": None, "context": None}
                body = {"tasks": tasks, "project": f"{project_id}.1700000000", "label_config": xml}
                made.append(_request(json.dumps(body | {"params": params}).encode(), self.headers))
            load.save(self.file(size), made)


def _sent(task_id: int, text: str) -> Json:
    return {"id": task_id, "data": {"text": text}, "meta": {}, "annotations": [], "predictions": []}


def _request(body: bytes, headers: dict[str, str]) -> bytes:
    lines = ["POST /predict HTTP/1.1", "Host: localhost", "User-Agent: heartex/1.23.2"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def python(module: list[str], env: dict[str, str]) -> str:
    """What a module prints when it is run with this environment alone."""
    command = [sys.executable, "-m", *module]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True, text=True)
    return done.stdout


def memory(group: int) -> float:
    """Megabytes of all processes of a group: the sum of their proportional sets."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # it has ended meanwhile
            if os.getpgid(int(folder.name)) == group:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024
