"""From a store to verdicts, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import label_configs
from sync.cli.root import assay
from sync.gating.candidates.strata import strata, to_json
from sync.gating.policy import digest, from_dict, to_dict
from sync.gating.verdict import State, Verdict
from sync.promote import promote
from sync.pull import Pulled
from sync.records import Annotation, Batch, Candidate, Gold, Place, Project, Result, Role, Task
from sync.store import Store
from sync.worker import Pass, anchoring, judge

CONFIG = label_configs.parse(label_configs.load("text_classification"))
START = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = Project(project_id=1, title="t", label_config=CONFIG.xml, model_version="assay")
POLICY = from_dict(
    {
        "gate": {
            "acceptance": {"min": 0.8},
            "gold": {"min": 0.5, "min_tasks": 5},
            "agreement": {"coefficient": "none"},
            "labels": {"min_precision": 0.7},
            "slice": [{"field": "locale", "min": 0.7}],
        },
        "sample": {"overlap": 1},
    }
)


def result(label: str) -> Result:
    return label_configs.write(CONFIG, {"label": frozenset({label})})


def locale(number: int) -> str:
    return "fr" if number == 59 else ("en", "de")[number % 2]


def proposed(number: int) -> str:
    return "other" if number == 58 else ("positive", "negative")[number // 2 % 2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        opened.save_project(PROJECT)
        task = Task(task_id=0, data={}, data_hash="g", batch="b", updated_at=START)
        golden = [replace(task, task_id=9000 + i, data_hash=f"g{i}") for i in range(12)]
        opened.apply(1, [(t, [annotation(t.task_id, "positive")]) for t in golden], START, START)
        opened.add_gold(1, [Gold(task_id=t.task_id, result=result("positive")) for t in golden])
        yield opened


def annotation(task_id: int, label: str, seconds: float = 10) -> Annotation:
    when = START + timedelta(seconds=task_id)
    return Annotation(
        annotation_id=task_id,
        task_id=task_id,
        annotator=7,
        result=result(label),
        was_cancelled=False,
        ground_truth=False,
        lead_time=seconds,
        created_at=when,
        updated_at=when,
    )


def freeze(store: Store, name: str, first: int, right: Callable[[int], bool]) -> None:
    """A batch of 80 tasks, 60 of them in the draw order; every fourth of those is shown."""
    tasks = [
        Task(
            task_id=first + i,
            data={"locale": locale(i)},
            data_hash=f"h{first + i}",
            batch=name,
            updated_at=START,
        )
        for i in range(80)
    ]
    made = [
        Candidate(
            task_id=first + i,
            batch=name,
            result=result(proposed(i)),
            score=0.5,
            generator_version="v",
        )
        for i in range(80)
    ]
    roles = [Role.SHOWN if i % 5 == 3 else Role.BLIND for i in range(60)]
    places = [Place(task_id=first + i, position=i, role=role) for i, role in enumerate(roles)]
    rows = [(t.task_id, c.result or [], t.data) for t, c in zip(tasks, made, strict=True)]
    batch = Batch(
        name=name,
        frozen_at=START + timedelta(days=first),
        sampling_key="00",
        policy=to_dict(POLICY),
        policy_digest=digest(POLICY),
        generator="http://g",
        generator_version="v",
        population=80,
        queue_length=60,
        complete=True,
        strata=to_json(strata(rows, CONFIG, POLICY, [p.task_id for p in places])),
    )
    store.freeze(1, batch, made, places, {t.task_id: t.data_hash for t in tasks})
    answers = [
        annotation(t.task_id, proposed(i) if right(i) else "other", 4 if i % 5 == 3 else 10)
        for i, t in enumerate(tasks[:60])
    ]
    seen: list[tuple[Task, list[Annotation]]] = [
        (t, [a]) for t, a in zip(tasks[:60], answers, strict=True)
    ]
    store.apply(1, [*seen, *((t, []) for t in tasks[60:])], START, START)


def parts(verdict: Verdict) -> dict[str, tuple[State, bool, int | None]]:
    return {
        part.name: (part.state, part.judged, part.population)
        for criterion in verdict.criteria
        for part in criterion.parts
    }


def test_labels_and_slices_are_judged_from_the_store(store: Store) -> None:
    """Sizes are those of the freeze; what one task alone has is too rare to be judged."""
    freeze(store, "b1", 100, lambda i: True)
    verdict = judge(store, PROJECT, START)["b1"]
    assert verdict.state is State.PASS, verdict.sentence
    found = parts(verdict)
    assert found["en"] == (State.PASS, True, 40)
    assert found["positive"] == (State.PASS, True, 40)
    # The one French task is blind and answered, which is the whole truth; the other one is shown.
    assert found["fr"] == (State.PASS, True, 1)
    assert found["other"] == (State.MORE, False, 1)


def test_a_worse_batch_is_compared_with_the_one_that_passed(store: Store) -> None:
    """The second batch of the generator is held, and said to be worse than the first."""
    freeze(store, "b1", 100, lambda i: True)
    freeze(store, "b2", 300, lambda i: i % 2 == 0)
    verdicts = judge(store, PROJECT, START)
    assert verdicts["b1"].regression is None
    regression = verdicts["b2"].regression
    assert regression is not None
    assert (regression.batch, regression.worse) == ("b1", True)
    assert verdicts["b2"].state is State.HOLD
    assert json.loads(json.dumps(verdicts["b2"].to_dict())) == verdicts["b2"].to_dict()


def test_batches_that_are_measured_differently_are_not_compared(store: Store) -> None:
    """What counts as found is another thing in the second one, so a difference tells nothing."""
    freeze(store, "b1", 100, lambda i: True)
    freeze(store, "b2", 300, lambda i: i % 2 == 0)
    policy = replace(POLICY, gate=replace(POLICY.gate, min_overlap=0.9))
    store.update_batch(1, "b2", policy=to_dict(policy))
    assert judge(store, PROJECT, START)["b2"].regression is None


def test_anchoring_is_pooled_over_batches(store: Store) -> None:
    """Two batches of 48 blind and 12 shown tasks are 96 and 24 of one generator."""
    freeze(store, "b1", 100, lambda i: True)
    freeze(store, "b2", 300, lambda i: i % 2 == 0)
    (found,) = anchoring(store, PROJECT)
    assert (found.generator, found.blind, found.shown) == ("http://g", 96, 24)
    assert found.time_ratio is not None
    assert found.time_ratio.value == pytest.approx(0.4)


def test_what_was_too_rare_to_be_judged_is_not_promoted(store: Store, tmp_path: Path) -> None:
    """Candidates of such a slice or label are left out, and the manifest says so."""
    freeze(store, "b1", 100, lambda i: True)
    judge(store, PROJECT, START)
    row: Any = store.verdict(1, "b1")
    stored = row["verdict"]
    for criterion in stored["criteria"]:
        for part in criterion["parts"]:
            if part["name"] in ("de", "negative"):
                part["judged"] = False
    store.record_verdict(1, "b1", stored, START + timedelta(days=1))
    target = tmp_path / "labels.jsonl"
    promote(store, PROJECT, "b1", target, "0", START)
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert rows
    assert {r["data"]["locale"] for r in rows} == {"en"}
    assert {r["result"][0]["value"]["choices"][0] for r in rows} == {"positive"}
    manifest = json.loads((tmp_path / "labels.jsonl.manifest.json").read_text())
    assert {"of": "locale", "name": "de"} in manifest["left_out"]


def test_weights_of_the_freeze_count(store: Store) -> None:
    """A batch whose only control was given weight is judged as without weights."""
    freeze(store, "b1", 100, lambda i: i % 3 > 0)
    plain = judge(store, PROJECT, START)["b1"]
    store.update_batch(1, "b1", weights={"label": 2.0})
    assert judge(store, PROJECT, START)["b1"] == plain
    store.update_batch(1, "b1", weights={"label": 0.0})
    assert judge(store, PROJECT, START)["b1"] == plain


def test_the_gate_prints_json(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --json nothing but the verdicts stands on stdout; the exit code is by verdict."""
    freeze(store, "b1", 100, lambda i: True)
    freeze(store, "b2", 300, lambda i: i % 2 == 0)
    outcome = Pass(
        pulled=Pulled(tasks=0, annotations=0, deleted=0, newest=None, swept=False, project={}),
        verdicts=judge(store, PROJECT, START),
        extended={},
        pushed=False,
    )
    monkeypatch.setattr("sync.worker.one_pass", lambda *_, **__: outcome)
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{tmp_path / 'assay.db'}")
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", "x")
    told = CliRunner().invoke(assay, ["gate", "--json"])
    assert told.exit_code == 10, told.output
    found = json.loads(told.stdout)
    assert Verdict.from_dict(found["b2"]) == outcome.verdicts["b2"]
    labels = next(c for c in found["b2"]["criteria"] if c["name"] == "labels")
    assert {"threshold", "estimate", "lower", "upper", "n", "state"} <= labels.keys()
    assert CliRunner().invoke(assay, ["gate", "--json", "--batch", "b1"]).exit_code == 0


def test_status_shows_parts_and_anchoring(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels, slices, confusions, the comparison and the pooled anchoring, from the store alone."""
    freeze(store, "b1", 100, lambda i: True)
    freeze(store, "b2", 300, lambda i: i % 2 == 0)
    judge(store, PROJECT, START)
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{tmp_path / 'assay.db'}")
    outcome = CliRunner().invoke(assay, ["status"])
    assert outcome.exit_code == 0, outcome.output
    output = " ".join(outcome.output.split())
    for text in ("slice locale", "'negative' became 'other'", "worse than 'b1'", "too few to tell"):
        assert text in output
