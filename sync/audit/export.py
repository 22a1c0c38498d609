"""From the tasks of an export to items, with what is known of who saw which prediction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.audit.tasks import ExportedTask, People, SetAside, exported_task
from sync.errors import ConfigurationError
from sync.hashing import data_hash
from sync.records import GoldItem, Item, Json, Result

#: Assay's own field of the task data, which no hash counts.
_QUEUE_FIELD = "queue_id"


@dataclass(frozen=True, kw_only=True)
class Export:
    """What an export holds."""

    #: In the order of the file.
    items: tuple[Item, ...]
    #: What the export calls the person behind each `Answer.annotator`.
    people: Mapping[int, int | str]
    #: Their e-mail addresses, as far as the export has them.
    emails: Mapping[int, str]
    #: Annotations that were made from a prediction, by their id.
    shown: frozenset[int]
    #: Tasks with a prediction, by its model version.
    versions: Mapping[str, int]
    #: The version that `Item.candidate` is of; None where there is no prediction.
    version: str | None
    #: Tasks whose predictions stand there by their ids only.
    without_results: int
    #: Later annotations of the same person on the same task; the first one counts.
    repeats: int
    #: Gold lines that match no task.
    unmatched_gold: int
    set_aside: tuple[SetAside, ...]


def assemble(
    raw: Iterable[Json], gold: Sequence[GoldItem] = (), model_version: str | None = None
) -> Export:
    """The items of an export.

    Args:
        raw: tasks as `read_tasks` gives them.
        gold: known answers, which stand above annotations that are marked as ground truth.
        model_version: the predictions to judge; default those of the newest version.

    Raises:
        ConfigurationError: there is no task, a task lacks its id or two have the same, or the
            model version is none of the export's.
    """
    people = People()
    tasks = [exported_task(task, people) for task in raw]
    _check(tasks)
    version = _version(tasks, model_version)
    answers, unmatched = _gold(tasks, gold)
    return Export(
        items=tuple(_item(task, version, answers.get(task.task_id)) for task in tasks),
        people=people.names,
        emails=people.emails,
        shown=frozenset(number for task in tasks for number in task.shown),
        versions=_versions(tasks),
        version=version,
        without_results=sum(task.without_results for task in tasks),
        repeats=sum(task.repeats for task in tasks),
        unmatched_gold=unmatched,
        set_aside=tuple(aside for task in tasks for aside in task.set_aside),
    )


def _check(tasks: Sequence[ExportedTask]) -> None:
    if not tasks:
        raise ConfigurationError("the export holds no task")
    twice = [task_id for task_id, n in Counter(t.task_id for t in tasks).items() if n > 1]
    if twice:
        raise ConfigurationError(
            f"the export holds task {twice[0]} twice: audit each project's export by itself"
        )


def _versions(tasks: Sequence[ExportedTask]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for task in tasks:
        found.update({prediction.version for prediction in task.predictions})
    return dict(found.most_common())


def _version(tasks: Sequence[ExportedTask], wanted: str | None) -> str | None:
    """The version to judge: the wanted one, else that of the newest prediction."""
    newest = max(
        ((p.created_at, p.prediction_id, p.version) for t in tasks for p in t.predictions),
        default=None,
    )
    if wanted is None:
        return newest[2] if newest else None
    known = _versions(tasks)
    if wanted not in known:
        names = ", ".join(repr(name) for name in known) or "none"
        raise ConfigurationError(
            f"no prediction of the export is of version {wanted!r} (versions: {names})"
        )
    return wanted


def _item(task: ExportedTask, version: str | None, gold: Result | None) -> Item:
    """The task with its newest prediction of the version."""
    ours = [p for p in task.predictions if p.version == version]
    newest = max(ours, key=lambda p: (p.created_at, p.prediction_id), default=None)
    return Item(
        task_id=task.task_id,
        data=task.data,
        answers=task.answers,
        candidate=newest.result if newest else None,
        gold=gold if gold is not None else task.gold,
    )


def _gold(tasks: Sequence[ExportedTask], gold: Sequence[GoldItem]) -> tuple[dict[int, Result], int]:
    """The known answer of each task that has one, and how many lines match no task."""
    if not gold:
        return {}, 0
    ids = {task.task_id for task in tasks}
    by_hash: defaultdict[str, list[int]] = defaultdict(list)
    for task in tasks:
        by_hash[data_hash(task.data, _QUEUE_FIELD)].append(task.task_id)
    found: dict[int, Result] = {}
    unmatched = 0
    for item in gold:
        if item.task is not None:
            matches = [item.task] if item.task in ids else []
        else:
            matches = by_hash[data_hash(item.data or {}, _QUEUE_FIELD)]
        unmatched += not matches
        found.update(dict.fromkeys(matches, item.result))
    return found, unmatched
