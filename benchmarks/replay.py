"""A Label Studio of as many tasks as asked for, which repeats one recorded task.

Run as `python -m benchmarks.replay TASK.json TASKS`; it prints its port.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sync.records import Json

START = datetime(2026, 1, 1, tzinfo=UTC)
#: Ids of the annotations of task i are these times i, and those after it.
APART = 100


class Replay:
    """Answers what a pull asks."""

    def __init__(self, recorded: Json, tasks: int) -> None:
        self.recorded, self.tasks = recorded, tasks

    def answer(self, path: str, query: dict[str, list[str]]) -> Json:
        if path.startswith("/api/projects/"):
            return {"id": 1, "title": "t", "label_config": "<View/>", "task_number": self.tasks}
        asked = json.loads(query["query"][0])
        filters = {one["filter"].rsplit(":", 1)[1]: one for one in asked["filters"]["items"]}
        size = int(query["page_size"][0])
        if asked["ordering"] == ["-tasks:updated_at"]:
            return self._page([self.task(self.tasks)])
        after = int(filters["id"]["value"]) if "id" in filters else 0
        since = filters.get("updated_at")
        if since is not None:
            first = datetime.fromisoformat(since["value"]) - START
            after = max(after, int(first.total_seconds() * 1000) - 1)
        last = min(after + size, self.tasks)
        return self._page([self.task(i) for i in range(after + 1, last + 1)])

    def _page(self, tasks: list[Json]) -> Json:
        answers = self.tasks * len(self.recorded["annotations"])
        totals = {"total": self.tasks, "total_annotations": answers, "total_predictions": 0}
        return {"tasks": tasks, **totals}

    def task(self, number: int) -> Json:
        stamp = (START + timedelta(milliseconds=number)).isoformat()
        given = [
            a | {"id": number * APART + k, "updated_at": stamp}
            for k, a in enumerate(self.recorded["annotations"])
        ]
        return self.recorded | {
            "id": number,
            "updated_at": stamp,
            "annotations": given,
            "total_annotations": len(given),
            "cancelled_annotations": 0,
        }


def handler(replay: Replay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = json.dumps(replay.answer(parts.path, parse_qs(parts.query))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


if __name__ == "__main__":
    made = Replay(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(made)) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
