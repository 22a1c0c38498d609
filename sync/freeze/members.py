"""Which tasks a batch is closed with, before its generator is asked and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sync.errors import ConfigurationError
from sync.labelstudio import LabelStudio
from sync.placing import settle
from sync.records import Candidate, Project, Task
from sync.store import Store


def members(store: Store, project_id: int, name: str) -> list[Task]:
    """The tasks of a batch that is not frozen.

    Raises:
        ConfigurationError: it is, or it has none.
    """
    frozen = store.batch(project_id, name)
    if frozen is not None:
        raise ConfigurationError(
            f"batch {name!r} is frozen since {frozen.frozen_at:%Y-%m-%d %H:%M}: give other tasks "
            "another name of a batch, or judge this one by assay gate"
        )
    tasks = store.tasks(project_id, name)
    if not tasks:
        there = Counter(task.batch for task in store.tasks(project_id))
        known = ", ".join(f"{batch} ({n})" for batch, n in sorted(there.items())) or "none"
        raise ConfigurationError(
            f"project {project_id} has no task of batch {name!r} (it has {known}): import tasks "
            "with that name, or name another one with --batch"
        )
    return tasks


def refuse_seen(server: LabelStudio, project_id: int, name: str, tasks: Sequence[Task]) -> None:
    """A task whose prediction people may have seen can no longer be blind.

    Raises:
        ConfigurationError: there is one.
    """
    predicted = set(server.task_ids(project_id, predicted=True))
    seen = [task.task_id for task in tasks if task.task_id in predicted]
    if seen:
        raise ConfigurationError(
            f"{len(seen)} tasks of batch {name!r} already show predictions (first: task "
            f"{seen[0]}), so nobody can label them blind: remove them with Data Manager › "
            "Actions › Delete predictions, then freeze again"
        )


def still_open(
    server: LabelStudio,
    store: Store,
    project: Project,
    name: str,
    asked: Sequence[Task],
    made: Sequence[Candidate],
) -> tuple[list[Task], list[Candidate]]:
    """The tasks that can be closed still, with their candidates, by whoever alone writes now.

    A generator may work for hours. Left out is what was deleted, changed, labelled or made gold
    meanwhile.

    Raises:
        ConfigurationError: something happened that no candidate can be judged after.
    """
    project_id = project.project_id
    there = {task.task_id: task.data_hash for task in members(store, project_id, name)}
    now = store.project(project_id)
    if now is None or now.label_config != project.label_config:
        raise ConfigurationError(
            f"the label config of project {project_id} changed while the generator worked by the "
            "one before: run assay freeze again"
        )
    # An import that a killed pre-fill had sent may arrive still.
    settle(server, store, project_id)
    closed = store.gold(project_id).keys() | store.annotated_task_ids(project_id)
    rest = {
        task.task_id: task
        for task in asked
        if there.get(task.task_id) == task.data_hash and task.task_id not in closed
    }
    refuse_seen(server, project_id, name, list(rest.values()))
    return list(rest.values()), [c for c in made if c.task_id in rest]
