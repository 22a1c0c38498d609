"""Whose labels are promoted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

import label_configs
from sync.cli.batches import _tell
from sync.errors import Fatal
from sync.freeze import Frozen
from sync.gating.policy import GatePolicy, to_dict
from sync.gating.verdict import Criterion, Part, State, Verdict
from sync.promote import promote
from sync.records import (
    Annotation,
    Batch,
    Candidate,
    Gold,
    Json,
    Place,
    Project,
    Result,
    Role,
    Task,
)
from sync.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = Project(
    project_id=1, title="t", label_config=label_configs.load("ner"), model_version="v"
)
BATCH = Batch(
    name="b",
    frozen_at=NOW,
    sampling_key="00",
    policy=to_dict(GatePolicy()),
    policy_digest="d",
    generator="g",
    generator_version="v",
    population=2,
    queue_length=0,
    complete=True,
)
PASS = Verdict(
    batch="b",
    state=State.PASS,
    sentence="PASS: all is well.",
    criteria=(),
    labels_left=None,
    extend_to=None,
    blind_answered=0,
    blind_asked=0,
    accepted=0.0,
    waiting=0,
    shown_answered=0,
    skips=0,
    edits=0,
    deleted=0,
    policy_digest="d",
)


def entity(label: str) -> Result:
    value = {"start": 0, "end": 4, "labels": [label]}
    return [{"from_name": "entity", "to_name": "text", "type": "labels", "value": value}]


def task(number: int) -> Task:
    data = {"text": f"Anna no. {number}"}
    return Task(task_id=number, data=data, data_hash=f"h{number}", batch="b", updated_at=NOW)


def answer(number: int, result: Result) -> Annotation:
    return Annotation(
        annotation_id=number,
        task_id=number,
        annotator=1,
        result=result,
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=NOW,
        updated_at=NOW,
    )


def promoted(
    folder: Path,
    answers: dict[int, Result],
    verdict: Verdict = PASS,
    proposed: Mapping[int, Result] = MappingProxyType({}),
) -> dict[int, Json]:
    """The rows of a passed batch of two tasks, whose candidates are both a person."""
    made = [
        Candidate(
            task_id=i,
            batch="b",
            result=proposed.get(i, entity("person")),
            score=0.9,
            generator_version="v",
        )
        for i in (1, 2)
    ]
    with Store.open(f"sqlite:///{folder / 'assay.db'}") as store:
        store.save_project(PROJECT)
        store.freeze(1, BATCH, made, [], {1: "h1", 2: "h2"})
        given = {i: [answer(i, result)] for i, result in answers.items()}
        store.apply(1, [(task(i), given.get(i, [])) for i in (1, 2)], None, NOW)
        store.record_verdict(1, "b", verdict.to_dict(), NOW)
        target = folder / "labels.jsonl"
        promote(store, PROJECT, "b", target, "0", NOW)
    return {row["task"]: row for row in map(json.loads, target.read_text().splitlines())}


def test_a_person_who_finds_nothing_is_believed(tmp_path: Path) -> None:
    """Whoever took all regions of a candidate away said that there is nothing to mark."""
    rows = promoted(tmp_path, {1: []})
    assert (rows[1]["source"], rows[1]["result"]) == ("human", [])
    assert (rows[2]["source"], rows[2]["result"]) == ("candidate", entity("person"))


def test_what_cannot_be_read_does_not_replace_a_candidate(tmp_path: Path) -> None:
    """An answer that lies outside its text is passed over."""
    outside = entity("person")
    outside[0]["value"]["end"] = 500
    rows = promoted(tmp_path, {1: entity("location"), 2: outside})
    assert (rows[1]["source"], rows[1]["result"]) == ("human", entity("location"))
    assert (rows[2]["source"], rows[2]["result"]) == ("candidate", entity("person"))


def test_a_candidate_that_cannot_be_read_any_more_is_left_out_where_labels_are(
    tmp_path: Path,
) -> None:
    """Whether it has a label that was too rare is not known once the label config has changed."""
    part = Part(
        of="entity",
        name="place",
        state=State.MORE,
        estimate=None,
        lower=None,
        upper=None,
        n=0,
        population=1,
        judged=False,
    )
    labels = Criterion(name="labels", state=State.PASS, threshold=0.8, parts=(part,))
    gone = entity("gone")
    verdict = replace(PASS, criteria=(labels,))
    assert set(promoted(tmp_path, {}, verdict, {1: gone})) == {2}


@pytest.mark.parametrize("deleted", [[], [1, 2]])
def test_near_duplicates_of_what_evaluates_are_left_out(tmp_path: Path, deleted: list[int]) -> None:
    """What says nearly the same as a validation or gold task, deleted or not, trains nothing."""
    texts = {
        1: "Could somebody from the Berlin office call Anna Schmidt back before Friday, please?",
        2: "Anna lives in Paris",
        3: "could somebody of the Berlin office call Anna Schmidt back before Friday please",
        4: "Anna lives in  Paris!",
        5: "The minister met the delegation from Lisbon on Monday and left again on Tuesday",
    }
    made = [
        Candidate(task_id=i, batch="b", result=entity("person"), score=0.9, generator_version="v")
        for i in (1, 3, 4, 5)
    ]
    place = Place(task_id=1, position=0, role=Role.BLIND)
    target = tmp_path / "labels.jsonl"
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as store:
        store.save_project(PROJECT)
        batch = replace(BATCH, queue_length=1)
        store.freeze(1, batch, made, [place], {i: f"h{i}" for i in texts})
        store.add_gold(1, [Gold(task_id=2, result=entity("person"))])
        seen = [replace(task(i), data={"text": text}) for i, text in texts.items()]
        store.apply(1, [(one, []) for one in seen[:3]] + [(seen[3], [answer(4, [])]),
                        (seen[4], [])], None, NOW)  # fmt: skip
        store.mark_deleted(1, deleted, NOW)
        store.record_verdict(1, "b", PASS.to_dict(), NOW)
        done = promote(store, PROJECT, "b", target, "0", NOW)
    assert [json.loads(row)["task"] for row in target.read_text().splitlines()] == [5]
    assert done.near_duplicates == 2
    account = json.loads(done.manifest.read_text())
    assert account["near_duplicates"] == {"exact": 1, "words": 1}


def test_a_batch_of_validation_tasks_alone_has_nothing_to_promote(tmp_path: Path) -> None:
    """It is refused with why and how many, and no file is written."""
    made = [
        Candidate(task_id=i, batch="b", result=entity("person"), score=0.9, generator_version="v")
        for i in (1, 2)
    ]
    places = [Place(task_id=i, position=i - 1, role=Role.BLIND) for i in (1, 2)]
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as store:
        store.save_project(PROJECT)
        batch = replace(BATCH, queue_length=2)
        store.freeze(1, batch, made, places, {1: "h1", 2: "h2"})
        store.apply(1, [(task(i), []) for i in (1, 2)], None, NOW)
        store.record_verdict(1, "b", PASS.to_dict(), NOW)
        with pytest.raises(Fatal, match=r"nothing to promote: 2 evaluate .*sample\.size"):
            promote(store, PROJECT, "b", tmp_path / "labels.jsonl", "0", NOW)
    assert not list(tmp_path.glob("labels*"))


def test_tasks_that_are_left_out_are_counted_by_why(tmp_path: Path) -> None:
    """The manifest says so for each, here for a task without a candidate that can be used."""
    made = [
        Candidate(task_id=i, batch="b", result=found, score=0.9, generator_version="v")
        for i, found in ((1, entity("person")), (2, None))
    ]
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as store:
        store.save_project(PROJECT)
        store.freeze(1, BATCH, made, [], {1: "h1", 2: "h2"})
        store.apply(1, [(task(i), []) for i in (1, 2)], None, NOW)
        store.record_verdict(1, "b", PASS.to_dict(), NOW)
        done = promote(store, PROJECT, "b", tmp_path / "labels.jsonl", "0", NOW)
    account = json.loads(done.manifest.read_text())
    assert account["tasks_left_out"] == done.left_out == {"have no candidate": 1}


@pytest.mark.parametrize(("asked", "warned"), [(60, True), (59, False)])
def test_a_freeze_warns_where_nothing_will_be_left(
    asked: int, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each task that people are asked to judge stays out of what is promoted."""
    _tell(
        Frozen(
            batch=replace(BATCH, population=60, queue_length=asked),
            tasks=60,
            gold=0,
            labelled=0,
            without_candidate=0,
            reasons=(),
            blind=49,
            shown=asked - 49,
        )
    )
    assert ("nothing will be left to promote" in capsys.readouterr().out) == warned
