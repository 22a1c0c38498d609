"""What a report says of a person, from hand-made answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.gating.people.annotators import AnnotatorReport, annotator_reports
from sync.gating.policy import GatePolicy
from sync.records import Item
from tests.gating.people.team import choices, items

CONFIG = choices("abc")


def reports(found: list[Item]) -> dict[int, AnnotatorReport]:
    return {r.annotator: r for r in annotator_reports(found, CONFIG, GatePolicy())}


def test_answers_skips_and_time_are_counted() -> None:
    """A skip is no answer, and the median of known seconds is over answers."""
    rows = [(1, 7, "a"), (2, 7, None), (3, 7, "b"), (1, 8, None)]
    found = reports(items(rows, seconds={7: 4.0}))
    assert (found[7].items, found[7].skips, found[7].seconds_per_task) == (2, 1, 4.0)
    assert (found[8].items, found[8].skips, found[8].seconds_per_task) == (0, 1, None)


def test_agreement_leaves_the_own_answer_out() -> None:
    """Against a, a and b, one who says a agrees at 1/2 after two others and at 0 after one."""
    rows = [(1, 1, "a"), (1, 2, "a"), (1, 3, "b"), (2, 1, "a"), (2, 3, "c"), (3, 1, "b")]
    found = reports(items(rows))
    assert found[1].agreement == pytest.approx((1 / 2 + 0) / 2)
    assert found[2].agreement == pytest.approx(1 / 2)
    assert found[3].agreement == 0


def test_one_who_answers_alone_agrees_with_nobody_and_nothing() -> None:
    """Agreement is None where no other person answered."""
    assert reports(items([(1, 1, "a"), (2, 1, "b")]))[1].agreement is None


def test_gold_counts_a_skip_as_failed() -> None:
    """One right, one wrong and one skip on gold are a score of 1/3 on three tasks."""
    found = reports(
        items([(1, 1, "a"), (2, 1, "b"), (3, 1, None)], gold=dict.fromkeys((1, 2, 3), "a"))
    )
    assert (found[1].gold_tasks, found[1].gold_score) == (3, pytest.approx(1 / 3))
    assert 0 <= (found[1].gold_lower or 0) < 1 / 3 < (found[1].gold_upper or 0) <= 1


def test_without_gold_there_is_no_gold_score() -> None:
    """All figures of gold are None or 0."""
    found = reports(items([(1, 1, "a"), (1, 2, "a")]))[1]
    assert (found.gold_tasks, found.gold_score, found.gold_lower, found.gold_upper) == (
        0,
        None,
        None,
        None,
    )


def test_only_a_person_s_first_answer_counts() -> None:
    """A second answer of the same person to a task changes nothing."""
    rows = [(1, 1, "a"), (1, 2, "a"), (1, 1, "b")]
    assert reports(items(rows)) == reports(items(rows[:2]))


def test_unreadable_answers_are_left_out() -> None:
    """An answer with a label that the config does not know is as if it were not there."""
    good = items([(1, 1, "a"), (1, 2, "a")])
    bad = items([(1, 1, "a"), (1, 2, "a"), (1, 3, "x")])
    assert reports(bad) == reports(good)


def test_competence_and_confusion_need_three_people_or_gold() -> None:
    """Two people without gold cannot be told apart; with gold each has a table."""
    rows = [(t, p, "ab"[t % 2] if p else "a") for t in range(40) for p in range(2)]
    found = reports(items(rows))
    assert found[0].competence is None
    assert found[0].confusion == ()
    known = reports(items(rows, gold={t: "ab"[t % 2] for t in range(40)}))
    assert known[1].competence == pytest.approx(1.0, abs=0.01)
    assert known[0].competence == pytest.approx(0.5, abs=0.01)
    assert known[0].confusion[0].matrix[1][0] == pytest.approx(1.0, abs=0.01)


def test_nobody_answered() -> None:
    """Without answers there is nobody to report on."""
    assert annotator_reports([], CONFIG, GatePolicy()) == ()
    assert annotator_reports(items([], gold={1: "a"}), CONFIG, GatePolicy()) == ()


def test_the_order_of_items_does_not_matter() -> None:
    """The same tasks in another order give the same reports."""
    rows = [(t, p, "abc"[(t * p) % 3]) for t in range(30) for p in range(4)]
    found = items(rows, gold={t: "a" for t in range(0, 30, 3)})
    one, other = reports(found), reports(found[::-1])
    for who, report in one.items():
        assert other[who].agreement == pytest.approx(report.agreement)
        assert other[who].competence == pytest.approx(report.competence, abs=1e-3)
        assert other[who].gold_upper == report.gold_upper
    assert replace(one[0], confusion=(), competence=None, agreement=None) == replace(
        other[0], confusion=(), competence=None, agreement=None
    )
