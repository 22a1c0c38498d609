"""What a pre-fill places, with a Label Studio that only answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from sync.errors import ConfigurationError, Retriable
from sync.generator import Generator
from sync.labelstudio import LabelStudio
from sync.placing import candidates, place, portions, settle
from sync.prefill import Prefilled, prefill
from sync.records import Annotation, Batch, Candidate, Gold, Json, Project, Task
from sync.store import Store
from tests.upstreams import CONFIG, GOOD, Reply, Upstream, every, good, upstream

START = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = Project(project_id=1, title="t", label_config=CONFIG.xml, model_version="assay-1")


class Server:
    """Keeps what it is given; `trouble` is raised by the next import, before or after it."""

    def __init__(self) -> None:
        self.rows: list[Json] = []
        self.imports = 0
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    def task_ids(self, project_id: int, predicted: bool = False) -> list[int]:
        assert predicted
        return [row["task"] for row in self.rows]

    def is_predicted(self, task_id: int) -> bool:
        return task_id in self.task_ids(1, predicted=True)

    def project(self, project_id: int) -> Json:
        return {"id": project_id, "created_at": "2026-01-01T00:00:00Z"}

    def import_predictions(self, project_id: int, rows: Sequence[Json]) -> None:
        self.imports += 1
        if self.before:
            raise self.before.pop()
        self.rows += rows
        if self.after:
            raise self.after.pop()


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def task(i: int) -> Task:
    batch = "b" if i < 6 else "c"
    data = {"text": f"t{i}", "locale": "de" if i % 2 else "en"}
    return Task(task_id=i, data=data, data_hash=f"h{i}", batch=batch, updated_at=START)


def made(count: int) -> list[Candidate]:
    return [
        Candidate(task_id=i, batch="", result=GOOD, score=0.5, generator_version="v")
        for i in range(count)
    ]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A mirror of twelve tasks."""
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        opened.save_project(PROJECT)
        opened.apply(1, [(task(i), []) for i in range(1, 13)], START, START)
        yield opened


def run(server: Server, store: Store, there: Upstream, **options: Any) -> Prefilled:
    with Generator(there.url) as generator:
        return prefill(cast(LabelStudio, server), store, generator, PROJECT, **options)


def test_every_task_gets_one_prediction_under_the_projects_version(store: Store) -> None:
    """They are placed in one import, and a second run finds nothing to do."""
    server = Server()
    with upstream(every(good)) as there:
        done = run(server, store, there)
        again = run(server, store, there)
    assert sorted(row["task"] for row in server.rows) == list(range(1, 13))
    assert {row["model_version"] for row in server.rows} == {"assay-1"}
    assert server.imports == 1
    assert (done.placed, again.placed, again.predicted) == (12, 0, 12)
    assert sorted(there.ids()) == list(range(1, 13))


def batch() -> Batch:
    return Batch(
        name="b",
        frozen_at=START,
        sampling_key="00",
        policy={},
        policy_digest="",
        generator="",
        generator_version="",
        population=1,
        queue_length=0,
    )


def test_what_is_judged_or_known_is_left_alone(store: Store) -> None:
    """Frozen, gold and labelled tasks get nothing, and are counted."""
    store.freeze(1, batch(), [replace(made(1)[0], task_id=2)], [], {2: "h2"})
    store.add_gold(1, [Gold(task_id=3, result=GOOD)])
    answer = Annotation(
        annotation_id=1,
        task_id=4,
        annotator=1,
        result=GOOD,
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=START,
        updated_at=START,
    )
    store.apply(1, [(task(4), [answer])], START, START)
    server = Server()
    with upstream(every(good)) as there:
        done = run(server, store, there, batch="b")
    assert sorted(row["task"] for row in server.rows) == [1, 5]
    assert (done.tasks, done.placed) == (5, 2)
    assert (done.frozen, done.gold, done.labelled) == (1, 1, 1)


def test_what_is_frozen_or_gold_meanwhile_gets_nothing(store: Store) -> None:
    """Candidates take long, and a task that is drawn to be blind must stay blind."""
    server = Server()

    def predict(body: Json) -> Any:
        if store.batch(1, "b") is None:
            store.freeze(1, batch(), [replace(made(1)[0], task_id=2)], [], {2: "h2"})
            store.add_gold(1, [Gold(task_id=3, result=GOOD)])
        return every(good)(body)

    with upstream(predict) as there:
        done = run(server, store, there, batch="b")
    assert sorted(row["task"] for row in server.rows) == [1, 4, 5]
    assert (done.placed, done.frozen, done.gold) == (3, 1, 1)


def test_two_that_run_at_once_place_nothing_twice(store: Store) -> None:
    """What the other one placed meanwhile is left to it."""
    server = Server()

    def predict(body: Json) -> Any:
        if not server.rows:
            server.rows += [{"task": i} for i in (1, 2, 3)]
        return every(good)(body)

    with upstream(predict) as there:
        done = run(server, store, there, batch="b")
    assert sorted(row["task"] for row in server.rows) == [1, 2, 3, 4, 5]
    assert (done.placed, done.predicted) == (2, 3)


def test_only_the_tasks_of_a_filter_are_pre_filled(store: Store) -> None:
    """A value of a field of the data chooses them; one that nothing has is named."""
    server = Server()
    with upstream(every(good)) as there:
        run(server, store, there, where=("locale", "de"), batch="b")
        assert sorted(row["task"] for row in server.rows) == [1, 3, 5]
        with pytest.raises(ConfigurationError, match="no task of locale = 'fr'"):
            run(server, store, there, where=("locale", "fr"))


def test_tasks_without_candidate_are_told_with_the_reason(store: Store) -> None:
    """The others are placed."""
    server = Server()
    with upstream(every(lambda t: {} if t["id"] == 7 else good(t))) as there:
        done = run(server, store, there)
    assert done.placed == 11
    assert done.reasons == (("the generator abstained", 1),)


def test_a_slow_generator_is_not_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is placed while the generator works on the rest."""
    monkeypatch.setattr("sync.prefill.SHORTEST", 0.01)
    server = Server()

    def predict(body: Json) -> Any:
        late = any(t["id"] > 4 for t in body["tasks"])
        # The rest is answered only once the first candidates stand in Label Studio.
        return Reply(status=503) if late and not server.rows else every(good)(body)

    with upstream(predict) as there:
        done = run(server, store, there)
    assert done.placed == 12
    assert server.imports >= 2


def test_an_import_that_a_proxy_gave_up_on_is_waited_for(store: Store) -> None:
    """Label Studio has taken it, so it is neither repeated nor an error."""
    server = Server()
    server.after = [Retriable("504")]
    with upstream(every(good)) as there:
        assert run(server, store, there).placed == 12
    assert (server.imports, len(server.rows)) == (1, 12)
    assert store.placing(1) is None


def test_an_import_that_does_not_arrive_is_an_error(store: Store) -> None:
    """After a while, and nothing of it is remembered, so that the next run places it."""
    server, clock = Server(), Clock()
    server.before = [Retriable("down")]
    with pytest.raises(Retriable, match="down"):
        place(cast(LabelStudio, server), store, PROJECT, made(3), clock, clock.sleep)
    assert clock.now == START + timedelta(seconds=60)
    assert store.placing(1) is None


@pytest.mark.parametrize("arrives", [True, False])
def test_a_run_after_a_kill_waits_for_what_was_on_its_way(store: Store, arrives: bool) -> None:
    """The import of the killed run may still arrive, and would be doubled otherwise."""
    server, clock = Server(), Clock()
    store.begin_placing(1, 5, START)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if arrives and clock.now == START + timedelta(seconds=7):
            server.rows.append({"task": 5})

    assert settle(cast(LabelStudio, server), store, 1, clock, sleep) is arrives
    assert clock.now == START + timedelta(seconds=7 if arrives else 60)
    assert store.placing(1) is None


def test_imports_are_as_large_as_they_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither rows nor characters pass their bounds, and nothing is lost."""
    monkeypatch.setitem(portions.__globals__, "MOST", 4)
    monkeypatch.setitem(portions.__globals__, "LONGEST", 2 * len(json.dumps(GOOD)))
    assert [len(p) for p in portions(made(10))] == [2] * 5
    monkeypatch.setitem(portions.__globals__, "LONGEST", 10**6)
    found = list(portions(made(10)))
    assert [len(p) for p in found] == [4, 4, 2]
    assert [c.task_id for p in found for c in p] == list(range(10))
    assert list(portions([])) == []


def test_what_the_label_config_does_not_allow_is_not_placed() -> None:
    """Label Studio drops such a row without a word."""
    bad = [GOOD[0] | {"value": {"choices": ["unheard of"]}}]
    with upstream(every(lambda t: {"result": bad})) as there, Generator(there.url) as generator:
        asked = [task(1)]
        found = candidates(asked, generator.propose(PROJECT, "1.0", asked), "", "v", CONFIG)
    assert found[0].result is None
    assert "unheard of" in found[0].reason


def test_progress_tells_of_both_steps(store: Store) -> None:
    """Candidates and placed tasks are counted up to all of them."""
    told: dict[str, tuple[int, int]] = {}
    with upstream(every(lambda t: {} if t["id"] == 7 else good(t))) as there:
        run(Server(), store, there, progress=lambda s, d, t: told.update({s: (d, t)}))
    assert told == {"candidates": (12, 12), "placed": (12, 12)}
