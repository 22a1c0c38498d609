"""What an audit reports of candidates and people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from exports import CONFIG, LABELS, annotation, choice, prediction, task, team
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

import label_configs
from sync.audit import assemble
from sync.gating.policy import GatePolicy, from_dict
from sync.gating.report import Report, report
from sync.gating.verdict import State


def of(tasks: Sequence[dict[str, Any]], policy: GatePolicy | None = None) -> Report:
    export = assemble(tasks)
    config = label_configs.parse(CONFIG)
    return report(export.items, config, policy or GatePolicy(), shown=export.shown)


def judged(said: Sequence[str], proposed: Sequence[str], **more: Any) -> list[dict[str, Any]]:
    """One person says something of each proposal."""
    return [
        task(
            number,
            [annotation(number, 1, choice(label), **more)],
            predictions=[prediction(number, choice(candidate))],
        )
        for number, (label, candidate) in enumerate(zip(said, proposed, strict=True), start=1)
    ]


def test_labels_and_confusions_are_those_of_scikit_learn() -> None:
    """Precision, recall and the confusion matrix of random labels agree with an oracle."""
    random = np.random.default_rng(5)
    said = random.choice(LABELS, 300, p=(0.6, 0.3, 0.1))
    proposed = np.where(random.random(300) < 0.7, said, random.choice(LABELS, 300))
    found = of(judged(said, proposed)).candidates
    precision, recall, _, given = precision_recall_fscore_support(said, proposed, labels=LABELS)
    for place, label in enumerate(LABELS):
        figure = next(f for f in found.labels if f.label == label)
        assert figure.precision == pytest.approx(precision[place])
        assert figure.recall == pytest.approx(recall[place])
        assert figure.given == given[place]
    matrix = confusion_matrix(said, proposed, labels=LABELS)
    counts = {(c.proposed, c.given): c.count for c in found.confusions}
    for i, true in enumerate(LABELS):
        for j, predicted in enumerate(LABELS):
            if i != j and matrix[i, j]:
                assert counts[predicted, true] == matrix[i, j]
    assert found.acceptance == pytest.approx(np.mean(said == proposed))


def test_a_batch_that_is_answered_whole_is_known() -> None:
    """Where every task with a prediction has an answer, the bounds are the mean."""
    found = of(judged(["a"] * 20 + ["b"] * 20, ["a"] * 15 + ["b"] * 20 + ["c"] * 5)).candidates
    assert (found.population, found.items) == (40, 40)
    assert found.lower == pytest.approx(30 / 40, abs=2e-4)
    assert found.upper == pytest.approx(30 / 40, abs=2e-4)


def test_tasks_without_an_answer_belong_to_the_population() -> None:
    """They widen the bounds, and say nothing themselves."""
    tasks = judged(["a"] * 50, ["a"] * 50)
    unanswered = [task(n, [], predictions=[prediction(n, choice("a"))]) for n in range(100, 400)]
    few, many = of(tasks).candidates, of([*tasks, *unanswered]).candidates
    assert (few.lower, many.population, many.items) == (1.0, 350, 50)
    assert many.lower is not None
    assert 0.9 < many.lower < 1.0


def test_a_skip_confirms_nothing_and_an_unreadable_prediction_is_none() -> None:
    """One of three is skipped; a freeze would not take what the label config does not know."""
    tasks = judged(["a"] * 4, ["a", "a", "a", "no such label"])
    tasks[0]["annotations"][0]["was_cancelled"] = True
    found = of(tasks)
    assert found.candidates.population == 3
    assert found.candidates.acceptance == pytest.approx(2 / 3)
    assert found.candidates.skips == 1
    assert "(1 of 3 answers are skips)" in found.sentence


def test_only_answers_without_signs_of_a_prediction_count() -> None:
    """A task counts by its blind answers; one whose answers were all shown does not count."""
    tasks = judged(["a", "a"], ["a", "a"], parent_prediction=9)
    tasks[0]["annotations"].append(annotation(50, 2, choice("b")))
    found = of(tasks).candidates
    assert (found.items, found.acceptance, found.blind, found.shown) == (1, 0.0, 1, 2)


def test_the_mean_of_several_people_is_a_tasks_score() -> None:
    """Two of three confirm a prediction: two thirds."""
    people = [annotation(n, n, choice(label)) for n, label in enumerate("aab", start=1)]
    found = of([task(1, people, predictions=[prediction(1, choice("a"))])]).candidates
    assert found.acceptance == pytest.approx(2 / 3)


def test_a_label_that_the_policy_asks_about_can_hold() -> None:
    """The precision of each label is a criterion, as in the gate."""
    policy = from_dict({"gate": {"labels": {"min_precision": 0.8}}})
    said, proposed = ["a"] * 400 + ["b"] * 20 + ["a"] * 20, ["a"] * 400 + ["b"] * 40
    found = of(judged(said, proposed), policy)
    labels = next(c for c in found.decision.criteria if c.name == "labels")
    assert (labels.state, labels.parts[0].name) == (State.HOLD, "b")
    assert "'b'" in found.sentence


def test_a_slice_that_the_policy_asks_about_can_hold() -> None:
    """So is the acceptance of each value of a field of the data."""
    policy = from_dict({"gate": {"slice": [{"field": "locale", "min": 0.85}]}})
    tasks = judged(["a"] * 440, ["a"] * 400 + ["b"] * 40)
    for one in tasks:
        one["data"]["locale"] = "de" if one["id"] > 380 else "en"
    found = of(tasks, policy)
    criterion = next(c for c in found.decision.criteria if c.name == "slice locale")
    assert (criterion.state, criterion.parts[0].name) == (State.HOLD, "de")
    assert "locale = de" in found.sentence


def test_what_is_open_says_how_many_tasks_would_settle_it() -> None:
    """Never more than are left; none where it is settled; not known from a handful of scores."""
    tasks = judged(["a"] * 60, ["a"] * 55 + ["b"] * 5)
    tasks += [task(n, [], predictions=[prediction(n, choice("a"))]) for n in range(100, 900)]
    left = of(tasks).decision.labels_left
    assert left is not None
    assert 0 < left <= 800
    assert f"answer about {left} tasks more" in of(tasks).sentence
    assert of(judged(["a"] * 60, ["b"] * 60)).decision.labels_left == 0
    assert of([*tasks[:5], *tasks[60:]]).decision.labels_left is None


def test_low_risk_asks_for_gold_alone() -> None:
    """The criteria are those of the policy's risk."""
    found = of(judged(["a"] * 9, ["a"] * 9), from_dict({"gate": {"risk": "low"}}))
    assert [criterion.name for criterion in found.decision.criteria] == ["gold"]


def test_whoever_answers_the_same_always_is_flagged_and_nobody_else() -> None:
    """The flag is on the person who answers without looking."""
    found = of(team())
    flagged = [person for person in found.annotators if person.flags]
    assert [(p.items, p.gold_tasks) for p in flagged] == [(90, 90)]
    assert flagged[0].gold_score == pytest.approx(1 / 3)


def test_gold_that_everybody_contradicts_is_suspect() -> None:
    """One wrong answer among ninety is found, and no right one."""
    assert [suspect.task_id for suspect in of(team(wrong_gold=40)).suspect_gold] == [40]


def test_empty_exports_have_reasons_instead_of_figures() -> None:
    """Tasks without any annotation give no figure, no error, and MORE."""
    found = of([task(1, []), task(2, [])])
    assert found.decision.state is State.MORE
    for coefficient in found.controls[0].agreement.values():
        assert coefficient.value is None
        assert coefficient.reason
