"""Asking a language model: how close to its own speed, and what a task costs that was asked before.

The endpoint is a process of its own on loopback that takes 50 ms for each answer, however many it
gives at the same time.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import requests

import label_configs
from backend.engines import Proposal, Surroundings
from backend.engines.llm import LlmEngine
from backend.llm.options import LlmOptions
from sync.records import Json

TASKS, AT_ONCE, SECONDS = 800, 8, 0.05
_LABELS = "".join(f'<Choice value="label {i}"/>' for i in range(10))
XML = (
    '<View><Text name="text" value="$text"/><Choices name="intent" toName="text">'
    f"{_LABELS}</Choices></View>"
)


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SECONDS)
        said = json.dumps({"answer": {"intent": "label 3"}, "confidence": 80})
        choice = {"message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 300, "completion_tokens": 12}
        content = json.dumps({"choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


def _serve(told: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    told.send(server.server_port)
    server.serve_forever()


def rows() -> Iterator[str]:
    """The lines of the table."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield from _measured(f"http://127.0.0.1:{ours.recv()}/v1")
    finally:
        process.terminate()
        process.join()


def _measured(url: str) -> Iterator[str]:
    tasks = [{"id": i, "data": {"text": f"text {i} " + "word " * 30}} for i in range(TASKS)]
    with tempfile.TemporaryDirectory() as folder:
        options = LlmOptions(url=url, model="m", at_once=AT_ONCE)
        around = Surroundings(options=options, folder=Path(folder))
        model = LlmEngine().model(None, label_configs.parse(XML), around)
        model.predict([{"id": 0, "data": {"text": "to begin with"}}])
        first = _seconds(model, tasks)
        again = _seconds(model, tasks)
    plain = _plain(url, tasks[: TASKS // 8]) * 8
    yield (
        f"| {TASKS} tasks asked of a language model that takes {SECONDS * 1000:.0f} ms, {AT_ONCE} "
        f"at once | {TASKS / first:.0f} tasks/s | one request after the other, unchecked: "
        f"{TASKS / plain:.0f} tasks/s ({AT_ONCE} at once can give at most "
        f"{AT_ONCE / SECONDS:.0f}) | {plain / first:.1f} |"
    )
    yield f"| – the same tasks again, without a request | {TASKS / again:.0f} tasks/s | – | – |"


def _seconds(model: Any, tasks: list[Json]) -> float:
    began = time.perf_counter()
    answers = model.predict(tasks)
    taken = time.perf_counter() - began
    if not all(isinstance(answer, Proposal) for answer in answers):
        raise RuntimeError("not all tasks were answered")
    return taken


def _plain(url: str, tasks: list[Json]) -> float:
    began = time.perf_counter()
    with requests.Session() as session:
        for task in tasks:
            message = {"role": "user", "content": task["data"]["text"]}
            answer = session.post(
                f"{url}/chat/completions", json={"model": "m", "messages": [message]}, timeout=10
            )
            json.loads(answer.json()["choices"][0]["message"]["content"])
    return time.perf_counter() - began
