"""`assay status` says how every connected project stands."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

import label_configs
from sync.cli.root import assay
from sync.gating.verdict import State, Verdict
from sync.records import Annotation, Batch, Candidate, Gold, PassState, Project, Task
from sync.status import REMEDIES, Health, Lease, health
from sync.store import Store
from sync.store.jobs import Job, JobState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "status.schema.json").read_text())
XML = label_configs.load("text_classification")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def project(number: int, title: str = "Intents") -> Project:
    return Project(
        project_id=number, title=title, label_config=XML, model_version=f"assay-{number}"
    )


def task(number: int) -> Task:
    return Task(task_id=number, data={}, data_hash=f"h{number}", batch="b7", updated_at=NOW)


def annotation(number: int, task_id: int) -> Annotation:
    return Annotation(
        annotation_id=number,
        task_id=task_id,
        annotator=3,
        result=[],
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=NOW,
        updated_at=NOW,
    )


def batch(name: str = "b7", **values: Any) -> Batch:
    plain: dict[str, Any] = {
        "frozen_at": NOW,
        "sampling_key": "k",
        "policy": {},
        "policy_digest": "d",
        "generator": "http://backend:9090",
        "generator_version": "v1",
        "population": 3,
        "queue_length": 1,
        "complete": True,
    }
    return Batch(name=name, **plain | values)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always the same moment."""
    monkeypatch.setattr("sync.clock.utc_now", lambda: NOW)


@pytest.fixture
def store(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store on each database, which the command reads too."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", database_url)
    with Store.open(database_url) as opened:
        yield opened


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store where the database does not matter."""
    url = f"sqlite:///{tmp_path / 'assay.db'}"
    monkeypatch.setenv("ASSAY_DATABASE_URL", url)
    with Store.open(url) as opened:
        yield opened


def told(*arguments: str) -> str:
    outcome = CliRunner().invoke(assay, ["status", *arguments], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def told_json(*arguments: str) -> list[Any]:
    found = json.loads(told("--json", *arguments))
    jsonschema.validate(found, SCHEMA, format_checker=jsonschema.FormatChecker())
    return list(found["projects"])


def aside(store: Store, number: int, kind: str, item: int, reason: str) -> None:
    store.apply(number, [], None, NOW, bad={(kind, item): reason})


def fill(store: Store, number: int) -> None:
    """Four tasks of which one is deleted, three annotations of which one and its task's are."""
    store.save_project(project(number))
    seen = [(task(i), [annotation(10 + i, i)]) for i in (1, 2, 3)] + [(task(4), [])]
    store.apply(number, seen, ago(5), NOW)
    store.apply(number, [(task(2), [])], ago(4), NOW)
    store.mark_deleted(number, [3], NOW)
    store.add_gold(number, [Gold(task_id=1, result=[])])
    candidate = Candidate(task_id=1, batch="b7", result=[], score=0.5, generator_version="v1")
    store.freeze(number, batch(), [candidate], [], {1: "h1"})
    aside(store, number, "annotation", 99, "annotation 99 has no result")


def test_counts_tell_what_is_there_and_what_was(store: Store) -> None:
    """Tombstones are counted apart, and each project by itself, on both databases."""
    fill(store, 12)
    store.save_project(project(13))
    found = {one["project"]: one["counts"] for one in told_json()}
    assert found[12] == {
        "tasks": 3,
        "deleted_tasks": 1,
        "annotations": 1,
        "deleted_annotations": 2,
        "gold": 1,
        "candidates": 1,
        "set_aside": 1,
    }
    assert set(found[13].values()) == {0}
    assert store.counts().keys() == {12}


def test_all_that_is_known_stands_in_the_json(store: Store) -> None:
    """With a pass, an error, a lease, a batch and an item set aside, as the schema describes."""
    fill(store, 12)
    store.lease(12, "host:1:abc", NOW, 60)
    store.note_pass(
        12,
        started_at=ago(3),
        ended_at=ago(2),
        ok_at=ago(60),
        swept_at=ago(600),
        failures=2,
        error="Label Studio is down",
        error_kind="retriable",
        error_at=ago(2),
        lag=0.75,
        tasks=5,
        annotations=6,
        seconds=1.25,
        holder="host:1:abc",
    )
    (found,) = told_json()
    assert found["health"] == "failing"
    assert found["error"]["failures"] == 2
    assert found["advice"] == found["error"]["remedy"] == REMEDIES["retriable"]
    assert found["lag_seconds"] == 0.75
    assert found["lease"]["held"] is True
    assert found["last_pass"]["seconds"] == 1.25
    assert found["batches"][0]["verdict"] is None
    assert found["set_aside"][0]["reason"] == "annotation 99 has no result"
    assert datetime.fromisoformat(found["cursor"]) == ago(4)


def test_a_verdict_is_told_in_short(sqlite: Store) -> None:
    """State, sentence and counts of the newest one, and the answers that it could not read."""
    fill(sqlite, 12)
    given = Verdict(
        batch="b7",
        state=State.MORE,
        sentence="MORE: label 9 more tasks.",
        criteria=(),
        labels_left=9,
        extend_to=None,
        blind_answered=4,
        blind_asked=8,
        accepted=3.5,
        waiting=0,
        shown_answered=0,
        skips=0,
        edits=0,
        deleted=0,
        policy_digest="d",
        set_aside=((31, "task 3, annotation 31: no such label"), (8, "task 8: no such control")),
    )
    sqlite.record_verdict(12, "b7", given.to_dict(), NOW)
    (found,) = told_json()[0]["batches"]
    assert (found["verdict"], found["sentence"]) == ("MORE", given.sentence)
    assert (found["blind_answered"], found["blind_asked"], found["accepted"]) == (4, 8, 3.5)
    assert (found["labels_left"], found["set_aside"][0]["id"]) == (9, 31)
    assert datetime.fromisoformat(found["decided_at"]) == NOW
    text = told()
    assert "b7: MORE: label 9 more tasks." in text
    assert "set aside  task 3, annotation 31: no such label" in text
    assert "set aside  task 8: no such control" in text
    assert [item["kind"] for item in found["set_aside"]] == ["annotation", "task"]


def test_jobs_that_are_open_or_ended_lately_are_told(store: Store) -> None:
    """All that wait or run, the last three that ended, each with its error, by project."""
    for number in (12, 13):
        store.save_project(project(number))
    for i, state in enumerate([*["done"] * 4, "failed", "queued", "running"]):
        store.add_job(
            Job(
                job_id=f"train-12-{i}",
                project_id=12,
                kind="train",
                arguments={"i": i},
                state=JobState(state),
                attempts=1 + (state == "failed"),
                queued_at=ago(100 - i),
                started_at=None if state == "queued" else ago(60 - i),
                ended_at=ago(50 - i) if state in ("done", "failed") else None,
                holder="host:1",
                error="too few tasks: label ten" if state == "failed" else "",
            )
        )
    one, other = told_json()
    assert [job["job"][-1] for job in one["jobs"]] == ["6", "5", "4", "3", "2"]
    assert other["jobs"] == []
    text = " ".join(told("--project", "12").split())
    assert "attempt 2: too few tasks: label ten" in text
    assert "train-12-6: running" in text
    assert ", by host:1" in text


def test_jobs_of_no_project_are_told_too(store: Store) -> None:
    """An audit shows apart from the projects; its result, which may be large, is not read."""
    result = {"exit_code": 0, "output": "x" * 1000}
    store.add_job(
        Job(
            job_id="audit-1",
            project_id=0,
            kind="audit",
            arguments={"export": "labels.json"},
            queued_at=ago(3),
            result=result,
        )
    )
    store.save_project(project(12))
    found = json.loads(told("--json"))
    jsonschema.validate(found, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert [job["job"] for job in found["jobs"]] == ["audit-1"]
    assert found["projects"][0]["jobs"] == []
    assert "audit-1: queued" in told()
    assert [job.result for job in store.jobs(results=False)] == [None]
    assert [job.result for job in store.jobs()] == [result]


def test_nothing_that_is_not_known_is_made_up(sqlite: Store) -> None:
    """A project that was only connected has nulls, which the schema allows."""
    sqlite.save_project(project(12))
    (found,) = told_json()
    assert found["health"] == "new"
    for name in ("cursor", "lag_seconds", "last_pass", "error", "lease", "hinted_at"):
        assert found[name] is None
    assert found["advice"] == "nothing was read yet: start assay run"
    sqlite.update_project(12, cursor=NOW)
    assert told_json()[0]["advice"] == "no worker has looked at it yet: start assay run"


def test_projects_are_told_together_or_one_alone(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All by default; --project or ASSAY_PROJECT choose one; none is no error."""
    assert "no project is connected" in told()
    assert told_json() == []
    for number in (12, 13):
        sqlite.save_project(project(number, f"Title {number}"))
    assert [one["project"] for one in told_json()] == [12, 13]
    assert "Title 12" in told()
    assert [one["project"] for one in told_json("--project", "13")] == [13]
    monkeypatch.setenv("ASSAY_PROJECT", "12")
    assert [one["project"] for one in told_json()] == [12]


def test_it_can_be_read_in_80_columns(sqlite: Store) -> None:
    """Long titles, names, reasons and errors are folded; nothing is wider."""
    long = " ".join(["sentence"] * 40)
    fill(sqlite, 12)
    sqlite.update_project(12, title=long)
    sqlite.lease(12, f"machine.of.a.long.name.{'x' * 90}:1:abc", NOW, 60)
    aside(sqlite, 12, "task", 7, long)
    sqlite.note_pass(12, failures=1, error=long, error_kind="fatal", error_at=NOW)
    lines = told().splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines).split()).count("sentence") == 120
    assert any(line.startswith("  to do      change what it names") for line in lines)


def test_many_items_set_aside_are_counted(sqlite: Store) -> None:
    """Ten are shown with their reasons, and the others named by number."""
    sqlite.save_project(project(12))
    for number in range(130):
        aside(sqlite, 12, "annotation", number, f"annotation {number} is malformed")
    text = told()
    assert "set aside  annotation 9 is malformed" in text
    assert "annotation 10 is malformed" not in text
    assert "and 120 more" in text
    (found,) = told_json()
    assert len(found["set_aside"]) == 100
    assert found["counts"]["set_aside"] == 130


OK = {"started_at": ago(3), "ended_at": ago(2), "ok_at": ago(2)}
HELD = Lease(holder="a", until=ago(-30), held=True)
FREE = Lease(holder="a", until=ago(30), held=False)


@pytest.mark.parametrize(
    ("last", "lease", "expected"),
    [
        (None, None, Health.NEW),
        ({}, HELD, Health.NEW),
        ({"started_at": ago(3)}, HELD, Health.WORKING),
        ({"started_at": ago(3)}, FREE, Health.NEW),
        (OK, HELD, Health.OK),
        (OK, None, Health.OK),
        (OK | {"started_at": ago(1)}, HELD, Health.WORKING),
        (OK | {"ok_at": ago(500), "ended_at": ago(500)}, HELD, Health.WORKING),
        (OK | {"ok_at": ago(500)}, HELD, Health.STOPPED),
        (OK | {"ok_at": ago(500)}, None, Health.STOPPED),
        (OK | {"failures": 1, "error": "x"}, HELD, Health.FAILING),
    ],
)
def test_health_is_told_by_the_last_pass_and_the_lease(
    last: dict[str, Any] | None, lease: Lease | None, expected: Health
) -> None:
    """Each combination of what the store can say of the worker."""
    state = None if last is None else PassState(project_id=1, **last)
    assert health(state, lease, NOW, timedelta(seconds=120)) is expected


@pytest.mark.parametrize(
    ("seen", "advice"),
    [
        ({"ok_at": ago(5000), "started_at": ago(5000)}, "no worker looks at it: start assay run"),
        ({"ok_at": ago(1), "started_at": ago(1), "ended_at": ago(1)}, "the freeze of b8"),
    ],
)
def test_there_is_something_to_do(sqlite: Store, seen: dict[str, Any], advice: str) -> None:
    """A worker that is gone, and a freeze that was cut off, are told with what to do."""
    sqlite.save_project(project(12))
    sqlite.freeze(12, batch("b8", complete=False), [], [], {})
    sqlite.note_pass(12, **seen)
    assert told_json()[0]["advice"].startswith(advice)


def test_the_schema_names_every_field_once_and_describes_it() -> None:
    """No field is optional or unknown, so one that is added or lost breaks the other tests."""

    def objects(node: Any) -> Iterator[Any]:
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for value in node.values():
                yield from objects(value)

    found = list(objects(SCHEMA))
    assert len(found) == 9
    for one in found:
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])
        for field in one["properties"].values():
            assert field.keys() & {"description", "$ref", "anyOf"}


FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {tasks})
INSERT INTO tasks (project_id, task_id, data, data_hash, batch, updated_at)
SELECT 12, i, '{{"text": "{text}"}}', i, 'b7', '2026-01-01 00:00:00' FROM n
"""
LABEL = """
INSERT INTO annotations (project_id, annotation_id, task_id, annotator, result, was_cancelled,
                         ground_truth, created_at, updated_at)
SELECT 12, 3 * task_id + k, task_id, k, '[{{"value": "{text}"}}]', 0, 0, updated_at, updated_at
FROM tasks, (SELECT 0 AS k UNION SELECT 1 UNION SELECT 2)
"""


def test_a_hundred_thousand_tasks_are_told_at_once(sqlite: Store) -> None:
    """Less than 0.3 s of CPU for 100,000 tasks and 300,000 annotations."""
    sqlite.save_project(project(12))
    with closing(sqlite3.connect(sqlite.file or "")) as connection:
        connection.execute(FILL.format(tasks=100_000, text="x" * 100))
        connection.execute(LABEL.format(text="y" * 50))
        connection.commit()
    began = process_time()
    (found,) = told_json()
    assert process_time() - began < 0.3
    assert (found["counts"]["tasks"], found["counts"]["annotations"]) == (100_000, 300_000)
