"""Candidates on tasks that nobody judges: for teams that only want to be pre-filled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import label_configs
from sync.errors import ConfigurationError
from sync.generator import Generator
from sync.labelstudio import LabelStudio, parse
from sync.lease import Writing
from sync.placing import candidates, place, portions, prioritised, settle
from sync.records import Candidate, Project, Task
from sync.store import Store

#: Seconds for which candidates are gathered, at least, before they are placed.
SHORTEST = 20.0
#: Told the step, and how much of it is done.
Progress = Callable[[str, int, int], object]


@dataclass(frozen=True, kw_only=True)
class Prefilled:
    """What became of the tasks, in numbers."""

    #: Tasks that were looked at.
    tasks: int
    placed: int
    #: Left alone, and why.
    frozen: int
    gold: int
    labelled: int
    predicted: int
    #: Why tasks have no candidate, with how many of each.
    reasons: tuple[tuple[str, int], ...]
    #: The generator's own versions, with how many candidates of each.
    versions: tuple[tuple[str, int], ...]


def prefill(
    server: LabelStudio,
    store: Store,
    generator: Generator,
    project: Project,
    *,
    batch: str | None = None,
    where: tuple[str, str] | None = None,
    progress: Progress = lambda step, done, total: None,
    clock: Callable[[], float] = time.monotonic,
    writing: Writing | None = None,
) -> Prefilled:
    """Place candidates on the tasks of a project whose mirror is up to date.

    These tasks cannot be judged blind afterwards. Left alone are tasks of frozen batches, gold,
    labelled tasks and those that hold a prediction already, so that it can be run again.

    Args:
        server: where the project is.
        store: the mirror and the ledger.
        generator: makes candidates while Label Studio imports those before.
        project: a connected project.
        batch: only tasks of this batch.
        where: only tasks whose data has this value, as text, in this field.
        progress: told of each step.
        clock: seconds, for how often to place what is there.
        writing: the store while nobody else writes for the project; default `store` itself.

    Raises:
        ConfigurationError: there is no such task, or the generator does not answer.
    """
    tasks = _chosen(store, project.project_id, batch, where)
    alone = writing or (lambda: nullcontext(store))
    with alone() as held:
        settle(server, held, project.project_id)
    left = _left_alone(server, store, project.project_id, tasks)
    asked = [task for task in tasks if task.task_id not in left]
    data = {task.task_id: task.data for task in asked}
    config = label_configs.parse(project.label_config)
    reasons: Counter[str] = Counter()
    versions: Counter[str] = Counter()
    pause, ended = _Pause(clock), 0
    for made in _made(server, generator, project, asked, pause, progress):
        reasons.update(c.reason for c in made if c.result is None)
        # A freeze may take as long to ask: neither keeps the other from it, nor from placing.
        with alone() as held, pause:
            there = [c for c in made if c.result is not None]
            for portion in portions(prioritised(there, (), data, config)):
                closed = _place(server, held, project, portion)
                left |= closed
                versions.update(c.generator_version for c in portion if c.task_id not in closed)
                ended += len(portion)
                progress("placed", ended + reasons.total(), len(asked))
    kinds = Counter(left.values())
    return Prefilled(
        tasks=len(tasks),
        placed=versions.total(),
        frozen=kinds["frozen"],
        gold=kinds["gold"],
        labelled=kinds["labelled"],
        predicted=kinds["predicted"],
        reasons=tuple(reasons.most_common()),
        versions=tuple(versions.most_common()),
    )


def _made(
    server: LabelStudio,
    generator: Generator,
    project: Project,
    asked: Sequence[Task],
    pause: Callable[[], float],
    progress: Progress,
) -> Iterator[list[Candidate]]:
    """Candidates as they come, while the generator goes on."""
    if not asked:
        return
    generator.check()
    config = label_configs.parse(project.label_config)
    stamp = parse.stamp(server.project(project.project_id))
    version = generator.setup(project, stamp)
    for tasks, proposals in generator.stream(
        project, stamp, asked, pause, lambda done: progress("candidates", done, len(asked))
    ):
        yield candidates(tasks, proposals, "", version, config)


class _Pause:
    """How long to gather candidates before the next import: a multiple of what the last took.

    Many small imports would be slow, and a long wait would lose much if it is cut off.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = self._took = 0.0

    def __enter__(self) -> None:
        self._began = self._clock()

    def __exit__(self, *_: object) -> None:
        self._took = self._clock() - self._began

    def __call__(self) -> float:
        return max(SHORTEST, 4 * self._took)


def _chosen(
    store: Store, project_id: int, batch: str | None, where: tuple[str, str] | None
) -> list[Task]:
    tasks = store.tasks(project_id, batch)
    if where is not None:
        field, value = where
        tasks = [task for task in tasks if str(task.data.get(field)) == value]
    if not tasks:
        kept = [f"batch {batch!r}"] * (batch is not None)
        kept += [f"{where[0]} = {where[1]!r}"] if where is not None else []
        raise ConfigurationError(
            f"project {project_id} has no task{' of ' + ' and '.join(kept) if kept else ''}: "
            "import tasks, or choose others with --batch and --where"
        )
    return tasks


def _place(
    server: LabelStudio, store: Store, project: Project, portion: Sequence[Candidate]
) -> dict[int, str]:
    """Place those that may be placed still; why the others may not, by task."""
    # Candidates take a while to make: a freeze may have been faster, or another pre-fill, which
    # goes through the tasks in the same order.
    settle(server, store, project.project_id)
    ids = [c.task_id for c in portion]
    again = server.is_predicted(ids[0])
    known = set(server.task_ids(project.project_id, predicted=True)) if again else set()
    closed = {i: "predicted" for i in ids if i in known} | _closed(store, project.project_id, ids)
    rest = [c for c in portion if c.task_id not in closed]
    if rest:
        place(server, store, project, rest)
    return closed


def _left_alone(
    server: LabelStudio, store: Store, project_id: int, tasks: Sequence[Task]
) -> dict[int, str]:
    """Why a task is not pre-filled, by its id."""
    ids = [task.task_id for task in tasks]
    known = (
        ("predicted", set(server.task_ids(project_id, predicted=True))),
        ("labelled", store.annotated_task_ids(project_id)),
    )
    found = {task_id: kind for kind, which in known for task_id in ids if task_id in which}
    return found | _closed(store, project_id, ids)


def _closed(store: Store, project_id: int, ids: Sequence[int]) -> dict[int, str]:
    """Which of the tasks are frozen or gold by now."""
    frozen, gold = store.candidates(project_id, ids), store.gold(project_id)
    return dict.fromkeys(frozen, "frozen") | {i: "gold" for i in ids if i in gold}
