"""A client of one ML backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sync.errors import ConfigurationError, Fatal
from sync.generator.faults import Failure, Kind
from sync.generator.line import Item, Line
from sync.generator.pace import Pace
from sync.generator.reply import Proposal, proposals
from sync.generator.wire import CONNECT_SECONDS, PAUSE, TRIES, Wire
from sync.records import Json, Project, Task

#: Tells our own backend that these tasks are asked for a freeze; others ignore it.
PURPOSE = {"X-Assay-Purpose": "candidates"}
#: Most tasks in one request, requests at once, and seconds that a request may take.
MOST_CHUNK, AT_ONCE, READ_SECONDS = 512, 2, 100.0
#: Seconds that a request should take: short enough to see progress.
_AIM = 5.0


@dataclass(frozen=True)
class Group:
    """What tasks have in common that may be asked for together."""

    #: The project as Label Studio names it to ML backends, "<id>.<created>".
    stamp: str
    label_config: str


def pace_of(seconds: float, most_chunk: int) -> Pace:
    """A pace for requests that may take `seconds` and hold `most_chunk` tasks."""
    return Pace(min(_AIM, seconds / 4), most_chunk)


class Generator:
    """Asks an ML backend for candidates, as many at a time as it can answer."""

    def __init__(
        self,
        url: str,
        user: str = "",
        password: str = "",
        *,
        seconds: float = READ_SECONDS,
        at_once: int = AT_ONCE,
        most_chunk: int = MOST_CHUNK,
        pause: float = PAUSE,
    ) -> None:
        """Nothing is sent before the first question.

        Args:
            url: its address.
            user: for basic authentication, with `password`; none where both are empty.
            password: the same.
            seconds: that one request may take.
            at_once: requests in flight.
            most_chunk: tasks in one request.
            pause: seconds before the second try of a request; it doubles with each.
        """
        self.url = url.rstrip("/")
        self._wire = Wire(url, user, password, PURPOSE, pause)
        self._seconds = seconds
        self.line = Line(self.predict, pace_of(seconds, most_chunk), at_once)

    def close(self) -> None:
        """Ask nothing more, and close the connections."""
        self.line.close()
        self._wire.close()

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
            status = self._wire.get("health", CONNECT_SECONDS)
        except Failure as failure:
            raise self._silent(failure) from None
        if status >= 300:
            raise ConfigurationError(
                f"the generator at {self.url} answers {status} to /health: "
                "check its address, user and password"
            )

    def _silent(self, failure: Failure) -> Fatal:
        """Why it gave no answer, and what to do about it."""
        if failure.kind in (Kind.GONE, Kind.SLOW):
            return ConfigurationError(
                f"the generator at {self.url} does not answer ({failure.reason}): start it, or "
                "set ASSAY_GENERATOR_URL or ASSAY_BACKEND_URL to where it is"
            )
        if failure.kind is Kind.DENIED:
            return ConfigurationError(
                f"the generator at {self.url} cannot be used: {failure.reason} "
                "(ASSAY_BACKEND_URL, _USER and _PASSWORD, or of a generator that is not Assay's "
                "ASSAY_GENERATOR_URL, _USER and _PASSWORD)"
            )
        return Fatal(f"the generator at {self.url} fails ({failure.reason}): see its log")

    def setup(self, project: Project, stamp: str) -> str:
        """Tell it the label config, as Label Studio would; the version it names, or ""."""
        try:
            return self.told(Group(stamp, project.label_config), self._seconds)
        except Failure:
            return ""

    def told(self, group: Group, seconds: float, hostname: str = "") -> str:
        """The version that `/setup` names for a label config; "" where it names none.

        Args:
            group: the label config and its project.
            seconds: that it may take.
            hostname: Label Studio's address, where the backend may need it for uploads. A token
                is never told: a backend that needs one has it in its own settings.

        Raises:
            Failure: it did not answer.
        """
        return str(self._setup(group, seconds, hostname).get("model_version") or "")

    def problem(self, project: Project, stamp: str) -> str:
        """What it says is wrong with its engine for the project; "" where it says nothing.

        Only Assay's own backend says so.

        Raises:
            ConfigurationError: it is not there, or refuses user and password.
            Fatal: it fails.
        """
        try:
            answer = self._setup(Group(stamp, project.label_config), self._seconds)
        except Failure as failure:
            raise self._silent(failure) from None
        return str(answer.get("problem") or "")

    def _setup(self, group: Group, seconds: float, hostname: str = "") -> Json:
        body = {
            "project": group.stamp,
            "schema": group.label_config,
            "hostname": hostname,
            "access_token": "",
            "extra_params": "",
        }
        answer = self._wire.post("setup", body, seconds, tries=2)
        return answer if isinstance(answer, dict) else {}

    def propose(
        self,
        project: Project,
        stamp: str,
        tasks: Sequence[Task],
        progress: Callable[[int], object] = lambda done: None,
    ) -> list[Proposal]:
        """Ask for candidates; as many proposals as tasks, in their order.

        A failed request costs only the tasks that are to blame for it.

        Args:
            project: whose label config is used.
            stamp: the project as Label Studio names it to ML backends, "<id>.<created>".
            tasks: only id and data are sent.
            progress: told the number of tasks answered so far.
        """
        items = self._submit(project, stamp, tasks)
        self.line.wait(items, progress=progress)
        return [item.proposal for item in items if item.proposal is not None]

    def stream(
        self,
        project: Project,
        stamp: str,
        tasks: Sequence[Task],
        seconds: Callable[[], float],
        progress: Callable[[int], object] = lambda done: None,
    ) -> Iterator[tuple[list[Task], list[Proposal]]]:
        """Ask for candidates and hand out what is there after `seconds`, again and again.

        The generator goes on while the caller works on what it got.

        Args:
            project: whose label config is used.
            stamp: the project as Label Studio names it to ML backends.
            tasks: only id and data are sent.
            seconds: how long to gather proposals, asked anew each time.
            progress: told the number of tasks answered so far.
        """
        items = self._submit(project, stamp, tasks)
        left = list(zip(tasks, items, strict=True))
        while left:
            self.line.wait(items, seconds(), progress)
            ready = [(t, i.proposal) for t, i in left if i.proposal is not None]
            # Told apart by what was ready then, since more may be by now.
            got = {task.task_id for task, _ in ready}
            left = [(t, i) for t, i in left if t.task_id not in got]
            if ready:
                yield [task for task, _ in ready], [proposal for _, proposal in ready]

    def _submit(self, project: Project, stamp: str, tasks: Sequence[Task]) -> list[Item[Group]]:
        asked = [(task.task_id, {"id": task.task_id, "data": task.data}) for task in tasks]
        return self.line.submit(Group(stamp, project.label_config), asked)

    def predict(
        self,
        group: Group,
        tasks: Sequence[Json],
        context: Json | None = None,
        tries: int = TRIES,
    ) -> list[Proposal]:
        """Ask for these tasks in one request.

        Args:
            group: the label config and its project.
            tasks: each has an id and data.
            context: what a person just drew, for interactive backends.
            tries: how often it is sent where the backend is busy or gone.

        Raises:
            Failure: there is no answer, or not one for each task.
        """
        params: dict[str, Any] = {} if context is None else {"context": context}
        body = {
            "tasks": list(tasks),
            "project": group.stamp,
            "label_config": group.label_config,
            "params": params,
        }
        return proposals(self._wire.post("predict", body, self._seconds, tries), len(tasks))
