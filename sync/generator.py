"""Any Label Studio ML backend as the generator: the ordinary `/predict` contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import requests

from sync.errors import ConfigurationError
from sync.records import Json, Project, Task

#: Tells our own backend that these tasks are asked for a freeze; others ignore it.
PURPOSE = {"X-Assay-Purpose": "candidates"}
#: Tasks in one request, and seconds that it may take.
CHUNK, CONNECT_SECONDS, READ_SECONDS = 256, 5, 100


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A generator's raw answer for one task; `reason` says why there is none."""

    answer: Json | None
    reason: str = ""


class Generator:
    """A client of one ML backend."""

    def __init__(self, url: str, user: str = "", password: str = "") -> None:
        """Nothing is sent before the first question."""
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers.update(PURPOSE)
        if user or password:
            self._session.auth = (user, password)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def check(self) -> None:
        """Ask whether it is there.

        Raises:
            ConfigurationError: it does not answer.
        """
        try:
            answer = self._session.get(f"{self.url}/health", timeout=CONNECT_SECONDS)
        except requests.RequestException as error:
            raise ConfigurationError(
                f"the generator at {self.url} does not answer ({_brief(error)}): start it, or "
                "set ASSAY_GENERATOR_URL or ASSAY_BACKEND_URL to where it is"
            ) from None
        if answer.status_code >= 400:
            raise ConfigurationError(
                f"the generator at {self.url} answers {answer.status_code} to /health: "
                "check its address, user and password"
            )

    def setup(self, project: Project, stamp: str) -> str:
        """Tell it the label config, as Label Studio would; the version it names, or ""."""
        body = {"project": stamp, "schema": project.label_config, "extra_params": ""}
        try:
            answer = self._post("setup", body)
        except _Failed:
            return ""
        return str(answer.get("model_version") or "") if isinstance(answer, dict) else ""

    def propose(
        self,
        project: Project,
        stamp: str,
        tasks: Sequence[Task],
        progress: Callable[[int], object] = lambda done: None,
    ) -> list[Proposal]:
        """Ask for candidates; as many proposals as tasks, in their order.

        A failed request costs only the tasks in it.

        Args:
            project: whose label config is used.
            stamp: the project as Label Studio names it to ML backends, "<id>.<created>".
            tasks: only id and data are sent.
            progress: told the number of tasks asked so far.
        """
        found: list[Proposal] = []
        for start in range(0, len(tasks), CHUNK):
            found.extend(self._chunk(project, stamp, tasks[start : start + CHUNK]))
            progress(len(found))
        return found

    def _chunk(self, project: Project, stamp: str, tasks: Sequence[Task]) -> list[Proposal]:
        body = {
            "tasks": [{"id": task.task_id, "data": task.data} for task in tasks],
            "project": stamp,
            "label_config": project.label_config,
            "params": {},
        }
        try:
            answer = self._post("predict", body)
            results = answer["results"] if isinstance(answer, dict) else None
            if not isinstance(results, list):
                raise _Failed("its answer has no list of results")
            if len(results) != len(tasks):
                raise _Failed(f"it answered {len(results)} results for {len(tasks)} tasks")
        except KeyError:
            return [Proposal(answer=None, reason="the generator failed: no results")] * len(tasks)
        except _Failed as error:
            return [Proposal(answer=None, reason=f"the generator failed: {error}")] * len(tasks)
        return [_proposal(result) for result in results]

    def _post(self, path: str, body: Json) -> Any:
        timeout = (CONNECT_SECONDS, READ_SECONDS)
        try:
            response = self._session.post(f"{self.url}/{path}", json=body, timeout=timeout)
            if response.status_code >= 400:
                raise _Failed(f"it answered {response.status_code}")
            return response.json()
        except requests.RequestException as error:
            raise _Failed(_brief(error)) from None


class _Failed(Exception):
    pass


def _proposal(result: Any) -> Proposal:
    """The first of a generator's predictions for a task."""
    if isinstance(result, list):
        result = result[0] if result else {}
    if not isinstance(result, dict):
        return Proposal(answer=None, reason="the generator's answer is not an object")
    if result.get("result") is None:
        why = result.get("abstained")
        told = f": {why[:200]}" if isinstance(why, str) and why else ""
        return Proposal(answer=None, reason=f"the generator abstained{told}")
    return Proposal(answer=result)


def _brief(error: Exception) -> str:
    """What went wrong, without the library's nesting."""
    if isinstance(error, requests.Timeout):
        return "timed out"
    if isinstance(error, requests.ConnectionError):
        return "connection failed"
    return type(error).__name__
