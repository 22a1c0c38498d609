"""From the tasks of an export to items."""

from __future__ import annotations

from typing import Any

import pytest
from exports import annotation, choice, prediction, task

from sync.audit import assemble
from sync.errors import ConfigurationError
from sync.records import GoldItem


def test_each_person_counts_once_with_the_oldest_annotation() -> None:
    """Answers are one a person, oldest first, whatever their order in the file."""
    annotations = [
        annotation(30, 7, choice("b")),
        annotation(10, 7, choice("a"), lead_time=None),
        annotation(20, 8, choice("c")),
    ]
    export = assemble([task(1, annotations)])
    (item,) = export.items
    assert [(a.annotation_id, a.annotator, a.lead_time) for a in item.answers] == [
        (10, 7, None),
        (20, 8, 4.5),
    ]
    assert export.repeats == 1


def test_a_skip_is_an_answer_without_result() -> None:
    """A cancelled annotation stands as a skip, even where it kept regions."""
    export = assemble([task(1, [annotation(1, 7, choice("a"), was_cancelled=True)])])
    assert export.items[0].answers[0].result is None


def test_ground_truth_is_gold_and_no_answer() -> None:
    """What is starred is the known answer of the task; the newest of several stands."""
    annotations = [annotation(i, 7, choice("abc"[i]), ground_truth=i < 2) for i in range(3)]
    (item,) = assemble([task(1, annotations)]).items
    assert item.gold == choice("b")
    assert [a.annotation_id for a in item.answers] == [2]


def test_people_are_called_what_the_export_calls_them() -> None:
    """An id, an object with id and e-mail, and an e-mail alone are one person each."""
    people: list[Any] = [5, {"id": 6, "email": "f@x.org"}, {"email": "g@x.org"}, "h@x.org", None]
    export = assemble([task(1, [annotation(i, p, choice("a")) for i, p in enumerate(people)])])
    numbers = [answer.annotator for answer in export.items[0].answers]
    assert [export.people[n] for n in numbers] == [5, 6, "g@x.org", "h@x.org", 0]
    assert len(set(numbers)) == 5
    assert export.emails[6] == "f@x.org"


SIGNS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "made from a prediction": ({"parent_prediction": 3}, {}),
    "a prediction on the screen": ({"prediction": {"result": []}}, {}),
    "a region kept": ({}, {"origin": "prediction"}),
    "a region changed": ({}, {"origin": "prediction-changed"}),
}


@pytest.mark.parametrize(("on_annotation", "on_region"), SIGNS.values(), ids=SIGNS)
def test_signs_of_a_prediction_make_an_answer_shown(
    on_annotation: dict[str, Any], on_region: dict[str, Any]
) -> None:
    """Each sign that Label Studio leaves of a prediction is seen; without one, none."""
    annotations = [
        annotation(1, 7, choice("a", **on_region), **on_annotation),
        annotation(2, 8, choice("a")),
    ]
    assert assemble([task(1, annotations)]).shown == {1}


def test_the_newest_version_is_judged_unless_another_is_wanted() -> None:
    """The candidate is the newest prediction of the judged version."""
    old = [prediction(1, choice("a"), "v2"), prediction(2, choice("b"), "v2")]
    new = prediction(3, choice("c"), "v1", created_at="2026-05-03T09:00:00Z")
    tasks = [task(1, [], predictions=[*old, new]), task(2, [], predictions=old)]
    export = assemble(tasks)
    assert (export.version, export.versions) == ("v1", {"v2": 2, "v1": 1})
    assert [item.candidate for item in export.items] == [choice("c"), None]
    wanted = assemble(tasks, model_version="v2")
    assert [item.candidate for item in wanted.items] == [choice("b"), choice("b")]
    with pytest.raises(ConfigurationError, match=r"'v3' \(versions: 'v2', 'v1'\)"):
        assemble(tasks, model_version="v3")


def test_predictions_that_are_only_ids_are_counted() -> None:
    """The plain export names predictions by id; that is told, not taken for none."""
    export = assemble([task(1, [], predictions=[5, 6]), task(2, [])])
    assert (export.without_results, export.version) == (1, None)


def test_gold_lines_find_their_tasks() -> None:
    """A line matches by id or by the data, whatever the order of its keys or the queue field."""
    tasks = [
        task(1, [annotation(1, 7, choice("a"), ground_truth=True)]),
        task(2, [], data={"text": "x", "n": 1, "queue_id": "q7"}),
        task(3, []),
    ]
    gold = [
        GoldItem(task=1, result=choice("b")),
        GoldItem(data={"n": 1, "text": "x"}, result=choice("c")),
        GoldItem(task=99, result=choice("a")),
        GoldItem(data={"text": "none such"}, result=choice("a")),
    ]
    export = assemble(tasks, gold)
    assert [item.gold for item in export.items] == [choice("b"), choice("c"), None]
    assert export.unmatched_gold == 2


BROKEN: list[Any] = [
    annotation(1, 7, "no list"),
    annotation(1, 7, [3]),
    annotation(1, 7, choice("a"), created_at="yesterday"),
    annotation(1, 7, choice("a"), lead_time="long"),
    annotation(1, [7], choice("a")),
    annotation(1, True, choice("a")),
    "text",
    None,
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_annotation_is_set_aside_and_the_rest_goes_on(broken: Any) -> None:
    """One that cannot be read is listed with its task and a reason."""
    export = assemble([task(4, [broken, annotation(2, 8, choice("a"))])])
    assert [a.annotation_id for a in export.items[0].answers] == [2]
    (aside,) = export.set_aside
    assert aside.task == 4
    assert aside.reason


@pytest.mark.parametrize("seconds", [None, 0, -3.5, float("nan"), float("inf")])
def test_a_time_that_cannot_be_is_none(seconds: float | None) -> None:
    """Times that are missing, zero, negative or no number are not known."""
    export = assemble([task(1, [annotation(1, 7, choice("a"), lead_time=seconds)])])
    assert export.items[0].answers[0].lead_time is None


def test_tasks_need_distinct_ids() -> None:
    """No task, a task twice and a task without an id are configuration errors."""
    for tasks, told in [
        ([], "no task"),
        ([task(1, []), task(1, [])], "task 1 twice"),
        ([{"data": {}, "annotations": []}], "the id None"),
    ]:
        with pytest.raises(ConfigurationError, match=told):
            assemble(tasks)


def test_what_an_export_may_lack_is_not_needed() -> None:
    """An export written by hand, without times or annotation ids, is read in its order."""
    annotations = [{"completed_by": p, "result": choice(c)} for p, c in [(1, "a"), (2, "b")]]
    raw = {"id": 1, "data": {"text": "x"}, "annotations": annotations}
    answers = assemble([raw, raw | {"id": 2}]).items[0].answers
    assert [a.annotator for a in answers] == [1, 2]
    assert len({a.annotation_id for a in answers}) == 2
