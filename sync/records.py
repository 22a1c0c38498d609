"""The facts that pass between the parts, as frozen values without behaviour.

Times are timezone-aware UTC. `result` is a Label Studio result: a list of region dicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Result = list[dict[str, Any]]
#: A JSON object as Label Studio sends it.
Json = dict[str, Any]


class Role(StrEnum):
    """What a task of a frozen batch is for."""

    BLIND = "blind"
    SHOWN = "shown"


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Label Studio project that Assay is connected to."""

    project_id: int
    title: str
    label_config: str
    #: The one version string under which every prediction of this project stands.
    model_version: str
    #: What the lead's card said and looked like before Assay wrote on it.
    user_color: str = ""
    #: The secret that Label Studio sends back with each webhook call.
    webhook_secret: str = ""
    backend_id: int | None = None
    #: Largest task `updated_at` pulled so far; None before the first pull.
    cursor: datetime | None = None
    #: When Label Studio last told us that something changed.
    hinted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task as Label Studio holds it."""

    task_id: int
    data: Json
    #: SHA-256 of the data without Assay's own queue field, hexadecimal.
    data_hash: str
    batch: str
    updated_at: datetime
    #: Tells it from another task that has its id later; None where an older Assay read it.
    created_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """An annotation as Label Studio holds it now."""

    annotation_id: int
    task_id: int
    #: Label Studio's user id of the person who submitted it.
    annotator: int
    result: Result
    was_cancelled: bool
    ground_truth: bool
    #: Seconds spent, as the interface measured them; None where it did not.
    lead_time: float | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What a generator proposed for a task of a frozen batch."""

    task_id: int
    batch: str
    #: None where the generator abstained, failed or answered something unusable.
    result: Result | None
    score: float | None
    #: The generator's own version, not the string shown in Label Studio.
    generator_version: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A closed set of tasks that is judged together."""

    name: str
    frozen_at: datetime
    #: Hexadecimal key of the draw; whoever knows it knows which tasks are blind.
    sampling_key: str
    policy: Json
    policy_digest: str
    generator: str
    generator_version: str
    #: Number of tasks with a candidate and no human label at freeze.
    population: int
    #: Length of the validation queue so far, in sampled tasks.
    queue_length: int
    #: False until every candidate that is shown stands in Label Studio.
    complete: bool = False
    parent: str | None = None
    #: Data Manager view ids by purpose ("validate", "disagree").
    views: dict[str, int] = field(default_factory=dict)
    #: What each control counted in the whole; one that is not named counts 1.
    weights: dict[str, float] = field(default_factory=dict)
    #: Sizes of the parts that the policy asks about, as `Strata`; empty where it asks for none.
    strata: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A task's place in the draw order of its batch."""

    task_id: int
    #: 0-based place in the draw order.
    position: int
    role: Role


@dataclass(frozen=True, kw_only=True)
class Gold:
    """A task whose answer is known. The answer never stands in Label Studio."""

    task_id: int
    result: Result


@dataclass(frozen=True, kw_only=True)
class GoldItem:
    """A known answer from a file: for a task by its id, or for the task with this data."""

    result: Result
    task: int | None = None
    data: Json | None = None
    #: Where it was read, for messages.
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A person's first submission on a task."""

    annotation_id: int
    annotator: int
    #: None for a skip.
    result: Result | None
    submitted_at: datetime
    lead_time: float | None = None
    #: How often it was changed after it was first seen.
    edits: int = 0
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class SampledTask:
    """A place of the draw order with its candidate and answers, oldest first."""

    task_id: int
    position: int
    role: Role
    candidate: Result
    answers: tuple[Answer, ...] = ()
    deleted: bool = False
    #: The task's data as it stands now.
    data: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GoldTask:
    """A gold task with the answers it got, oldest first."""

    task_id: int
    result: Result
    answers: tuple[Answer, ...] = ()
    #: The task's data as it stands now.
    data: Json = field(default_factory=dict)
    #: Nobody can answer it any more; the answers that it got stay.
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Item:
    """A task with all that is known of its label, in a batch or outside of one."""

    task_id: int
    data: Json
    #: One for each person, oldest first.
    answers: tuple[Answer, ...] = ()
    #: What a model proposed, whether or not people saw it.
    candidate: Result | None = None
    #: The known answer of a gold task.
    gold: Result | None = None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much the store holds of a project."""

    #: Tasks and annotations that Label Studio still has.
    tasks: int = 0
    annotations: int = 0
    #: Tombstones of what it had.
    deleted_tasks: int = 0
    deleted_annotations: int = 0
    gold: int = 0
    #: Tasks of frozen batches, abstentions included.
    candidates: int = 0
    set_aside: int = 0


@dataclass(frozen=True, kw_only=True)
class LeaseState:
    """Who may work on a project, and until when it need not renew that."""

    holder: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Strata:
    """How many tasks with a candidate each part of a batch had when it was frozen."""

    #: By control and label: tasks whose candidate has the label.
    labels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: By task-data field and its value as text.
    slices: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: The slices that each task of the draw order was in: by task id, then by field.
    of_task: Mapping[int, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PassState:
    """How the worker stands with a project. What never happened is None."""

    project_id: int
    #: Begin and end of the last pass; an end before the begin means one is under way.
    started_at: datetime | None = None
    ended_at: datetime | None = None
    #: End of the last pass that went through.
    ok_at: datetime | None = None
    #: The last full look for changes that leave no trace.
    swept_at: datetime | None = None
    #: Passes that failed since the last one that went through.
    failures: int = 0
    #: Why the last failed one did: one sentence of ours, "" after one that went through.
    error: str = ""
    #: "", "retriable", "fatal" or "configuration".
    error_kind: str = ""
    error_at: datetime | None = None
    #: Seconds from the newest change to when it was read.
    lag: float | None = None
    #: Tasks and annotations that the last pass read.
    tasks: int = 0
    annotations: int = 0
    #: Duration of the last pass.
    seconds: float | None = None
    #: Who made the last pass.
    holder: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a verdict on a batch rests on."""

    batch: str
    population: int
    #: Annotators asked per validation task.
    overlap: int
    #: The validation queue and its reserve, in draw order.
    sample: tuple[SampledTask, ...]
    #: Length of the queue so far: places below it are asked of people now.
    queue_length: int
    gold: tuple[GoldTask, ...] = ()
    #: Address of the ML backend that made the candidates.
    generator: str = ""
    generator_version: str = ""
    #: None where the sizes of its parts were not kept.
    strata: Strata | None = None
