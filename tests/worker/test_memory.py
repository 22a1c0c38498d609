"""Only what changed is judged anew, and nothing else comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.gating.verdict import State
from sync.records import Evidence
from sync.store import Store
from sync.worker import Memory, judge, judging
from tests.postgresql import new_database
from tests.worker.life import CONFIGS, STEPS, Life, result

Step = tuple[Callable[[Life], object], int]
Verdicts = dict[str, dict[str, Any]]
happenings = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2**16)), max_size=12)


@pytest.fixture
def life(database_url: str) -> Iterator[Life]:
    with Store.open(database_url) as store:
        yield Life(store, Random(0))


def verdicts(life: Life, memory: Memory | None = None) -> Verdicts:
    found = judge(life.store, life.project, life.later(), memory)
    return {name: verdict.to_dict() for name, verdict in found.items()}


def recorded(life: Life) -> Verdicts:
    rows = {batch.name: life.store.verdict(1, batch.name) for batch in life.store.batches(1)}
    return {name: row["verdict"] for name, row in rows.items() if row is not None}


def check(url: str, steps: list[Step]) -> None:
    with Store.open(url) as store:
        life, memory = Life(store, Random(0)), Memory()
        for step, seed in [(lambda _: None, 0), *steps]:
            life.rng.seed(seed)
            step(life)
            remembered = verdicts(life, memory)
            kept = recorded(life)
            assert remembered == verdicts(life) == kept


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """What the store asks the database for meanwhile."""
    found: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    sa.event.listen(store._engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(store._engine, "before_cursor_execute", note)


def test_an_unchanged_project_reads_no_evidence(life: Life) -> None:
    """Two statements look at the batches alone, and none writes."""
    memory = Memory()
    before = verdicts(life, memory)
    with statements(life.store) as asked:
        assert verdicts(life, memory) == before
    words = " ".join(asked).lower()
    assert words.count("select") - words.count("(select") == 2
    for name in ("places", "candidates", "revisions", "annotations", "tasks", "gold"):
        assert f"from {name}" not in words
        assert f"join {name}" not in words
    assert not {"insert", "update", "delete"} & set(words.split())


def test_one_change_reads_the_evidence_of_one_batch(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's was not touched, and its verdict is still to be had."""
    memory, read = Memory(), []
    verdicts(life, memory)

    def evidence(store: Store, project_id: int, batch: Any, gold: Any) -> Evidence:
        read.append(batch.name)
        return real(store, project_id, batch, gold)

    real = judging.evidence
    monkeypatch.setattr(judging, "evidence", evidence)
    life.write(life.annotation(99, 6, 2, "positive"))
    life.pull(6)
    assert verdicts(life, memory).keys() == {"b0", "b1"}
    assert read == ["b1"]


def test_what_is_read_again_unchanged_is_no_change(life: Life) -> None:
    """A pull reads the newest tasks again and again."""
    before = life.store.marks(1)
    life.pull(*life.tasks)
    assert life.store.marks(1) == before


def test_a_batch_is_judged_anew_when_the_one_before_it_fares_otherwise(life: Life) -> None:
    """It is compared with the last that passed; its own evidence stays as it was."""
    memory = Memory()
    assert verdicts(life, memory)["b1"]["regression"]["batch"] == "b0"
    changes = life.store.marks(1)["b1"].changes
    life.store.update_batch(1, "b0", queue_length=2)
    after = verdicts(life, memory)
    assert after["b0"]["state"] == State.MORE
    assert after["b1"]["regression"] is None
    assert life.store.marks(1)["b1"].changes == changes


def test_an_answer_that_moved_still_counts_where_it_was_first(life: Life) -> None:
    """It is deleted on a task of no batch, and the batch has one answer that is deleted."""
    memory = Memory()
    life.write(replace(life.annotations[10], task_id=9))
    life.pull(1, 9)
    assert verdicts(life, memory)["b0"]["deleted"] == 0
    del life.annotations[10]
    life.pull(9)
    assert verdicts(life, memory)["b0"]["deleted"] == 1


def test_a_deleted_task_without_an_answer_is_seen(life: Life) -> None:
    """Nobody can answer it any more, so it counts as it stands."""
    memory = Memory()
    for task_id in (10, 11):
        life.tasks[task_id] = life.task(task_id)
    life.pull(10, 11)
    life.freeze(range(10, 12))
    assert verdicts(life, memory)["b2"]["blind_answered"] == 0
    life.store.mark_deleted(1, [10], life.later())
    assert verdicts(life, memory)["b2"]["blind_answered"] == 1


def test_an_answer_on_gold_changes_every_batch(life: Life) -> None:
    """People are judged by the same gold in all of them."""
    memory = Memory()
    assert {len(v["annotators"]) for v in verdicts(life, memory).values()} == {1}
    life.write(life.annotation(99, 2, 2, "positive"))
    life.write(life.annotation(98, 5, 2, "positive"))
    life.pull(2, 5)
    verdicts(life, memory)
    life.write(life.annotation(97, 7, 2, "other"))
    life.pull(7)
    assert {len(v["annotators"]) for v in verdicts(life, memory).values()} == {2}


def test_another_label_config_judges_all_anew(life: Life) -> None:
    """It does not know the label of an answer, which is set aside."""
    life.write(life.annotation(99, 5, 2, "other"))
    life.pull(5)
    memory = Memory()
    assert verdicts(life, memory)["b1"]["set_aside"] == []
    life.project = replace(life.project, label_config=CONFIGS[1])
    assert verdicts(life, memory)["b1"]["set_aside"] != []


def test_what_is_written_meanwhile_is_seen_by_the_next(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Evidence that changes after it was read is not taken for judged."""
    memory, real = Memory(), judging.evidence

    def evidence(store: Store, project_id: int, batch: Any, gold: Any) -> Evidence:
        found = real(store, project_id, batch, gold)
        life.write(replace(life.annotations[40], result=result("other")))
        life.pull(4)
        return found

    monkeypatch.setattr(judging, "evidence", evidence)
    assert verdicts(life, memory)["b0"]["edits"] == 0
    monkeypatch.undo()
    assert verdicts(life, memory)["b0"]["edits"] == 1


def test_the_newest_verdict_of_the_store_is_ours_again(life: Life) -> None:
    """Where another version of Assay recorded its own, ours is recorded anew, as if judged."""
    memory = Memory()
    ours = verdicts(life, memory)
    life.store.record_verdict(1, "b0", {"state": "MORE"}, life.later())
    assert verdicts(life, memory) == ours == recorded(life)
    row = life.store.verdict(1, "b0")
    assert row is not None
    assert row["sequence"] == 2


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_each_kind_of_change_is_seen(tmp_path: Path, step: Callable[[Life], object]) -> None:
    """Each alone, in several ways."""
    check(f"sqlite:///{tmp_path / 'assay.db'}", [(step, seed) for seed in range(8)])


@given(happenings)
@settings(max_examples=10)
def test_what_is_remembered_is_what_a_new_process_finds(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    """Whatever happens, each verdict is the one of a process that judges everything."""
    check(f"sqlite:///{tmp_path_factory.mktemp('life') / 'assay.db'}", steps)


@pytest.mark.slow
@given(happenings)
@settings(max_examples=100)
def test_so_it_is_for_longer(tmp_path_factory: pytest.TempPathFactory, steps: list[Step]) -> None:
    """The same with more of what happens seldom."""
    check(f"sqlite:///{tmp_path_factory.mktemp('life') / 'assay.db'}", steps)


@given(happenings)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_so_it_is_on_postgresql(postgresql: str, steps: list[Step]) -> None:
    """The other database counts in the same transactions."""
    check(new_database(postgresql), steps)
