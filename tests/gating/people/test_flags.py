"""Flags, from made-up teams: what brings them, and how seldom they are wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest

from sync.gating.people.agreement import compare
from sync.gating.people.annotators import annotator_reports
from sync.gating.people.answers import Answers
from sync.gating.people.flags import flags
from sync.gating.people.gold_scores import gold_scores
from sync.gating.policy import GatePolicy, from_dict
from tests.gating.people.team import Row, choices, items

CONFIG = choices("abc")
POLICY = from_dict({"gate": {"gold": {"min": 0.7}}})


def flagged(
    rows: list[Row], gold: dict[int, str] | None = None, seconds: dict[int, float] | None = None
) -> dict[int, set[str]]:
    """Kinds of flags by annotator."""
    found = annotator_reports(items(rows, gold=gold, seconds=seconds), CONFIG, POLICY)
    return {r.annotator: {flag.what for flag in r.flags} for r in found if r.flags}


def truth(task: int) -> str:
    return "abacb"[task % 5]


def team(tasks: int, odd: dict[int, str], people: int = 5) -> list[Row]:
    """Everyone is right, but the odd ones say this instead (a letter for each of a, b, c)."""
    swap = {who: dict(zip("abc", said, strict=True)) for who, said in odd.items()}
    return [
        (task, who, swap[who][truth(task)] if who in swap else truth(task))
        for task in range(tasks)
        for who in range(people)
    ]


def test_one_answer_whatever_the_task() -> None:
    """Who always says a is flagged for it, and for agreement; the others are not."""
    assert flagged(team(100, {4: "aaa"})) == {4: {"agreement", "straight_lining"}}


def test_exchanged_labels_are_no_straight_line() -> None:
    """Who says b for a and a for b disagrees, but looks at the tasks."""
    assert flagged(team(100, {4: "bac"})) == {4: {"agreement"}}


def test_the_usual_answer_is_no_straight_line() -> None:
    """Where 49 of 50 tasks are a, always saying a proves nothing."""
    rows = [(t, w, "a" if w == 4 or t % 50 else "b") for t in range(400) for w in range(5)]
    assert flagged(rows) == {}


def test_bad_company_is_no_fault() -> None:
    """A good person who shares every task with one who says c is not flagged; that one is."""
    rows = [(t, who, truth(t) if who else "c") for t in range(120) for who in (0, 1 + t % 4)]
    rows += [(200 + t, who, truth(t)) for t in range(60) for who in (2, 3)]
    assert flagged(rows) == {0: {"agreement", "straight_lining"}}


def test_two_people_cannot_be_told_apart() -> None:
    """Where only two answer, without gold, neither is to blame."""
    assert flagged([(t, w, truth(t) if w else "a") for t in range(100) for w in (0, 1)]) == {}


def test_too_few_tasks_for_a_flag() -> None:
    """On 19 tasks nobody is flagged for answers, on 9 gold tasks nobody for gold."""
    assert flagged(team(19, {4: "bca"})) == {}
    rows = [(t, 0, "a") for t in range(9)]
    assert flagged(rows, gold=dict.fromkeys(range(9), "b")) == {}


def test_failing_gold() -> None:
    """Alone or among good people, who fails thirty gold tasks is flagged."""
    gold = {t: truth(t) for t in range(30)}
    assert flagged([(t, 0, "c") for t in range(30)], gold=gold) == {0: {"gold"}}
    assert flagged(team(30, {4: "bca"}), gold=gold)[4] >= {"gold"}


def test_gold_that_everybody_fails_is_nobody_s_fault() -> None:
    """Where the typical person fails gold, single people are not flagged for it."""
    assert flagged(team(60, {}), gold=dict.fromkeys(range(60), "c")) == {}


@pytest.mark.parametrize(("odd", "expected"), [({}, None), ({4: "aaa"}, "speed")])
def test_speed_is_said_beside_another_flag_only(odd: dict[int, str], expected: str | None) -> None:
    """To take a tenth of the others' time is a flag for who answers badly, and else none."""
    seconds = {0: 10.0, 1: 11.0, 2: 12.0, 3: 9.0, 4: 1.0}
    found = flagged(team(100, odd), seconds=seconds)
    assert set(found) == set(odd)
    assert expected is None or expected in found[4]


def simulated(
    rng: np.random.Generator,
    *,
    people: int = 20,
    tasks: int = 200,
    per: int = 3,
    share: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3),
    hard: str = "some",
    spam: Collection[int] = (),
) -> Answers:
    """People who are right on .80 to .95 of the tasks, less on hard ones; spammers guess.

    With `hard="theirs"` every second task is hard, and every fourth person gets those only.
    """
    true = rng.choice(3, tasks, p=share)
    right = rng.uniform(0.8, 0.95, people)
    is_hard = np.arange(tasks) % 2 == 0 if hard == "theirs" else rng.random(tasks) < 0.15
    rows = []
    for task in range(tasks):
        pool = np.arange(people)
        if hard == "theirs":
            pool = pool[(pool % 4 == 0) == is_hard[task]]
        for who in rng.choice(pool, per, replace=False):
            looks = rng.random() < right[who] * (0.6 if is_hard[task] else 1.0)
            guess = rng.choice(3) if who in spam else rng.choice(3, p=share)
            rows.append((task, who, true[task] if looks and who not in spam else guess))
    task_, who_, said = np.array(rows)[rng.permutation(len(rows))].T
    return Answers(
        config=CONFIG,
        annotators=tuple(range(people)),
        wholes=tuple((frozenset(label),) for label in "abc"),
        task=task_,
        person=who_,
        whole=said,
        seconds=np.full(len(rows), np.nan),
        gold=np.full(tasks, -1),
    )


def judged(answers: Answers) -> set[int]:
    found = flags(compare(answers), gold_scores(answers, 0.5), GatePolicy())
    return {who for who, flagged_ in enumerate(found) if flagged_}


TEAMS = {
    "three a task": {},
    "two a task": {"per": 2, "tasks": 400},
    "one label nearly always": {"share": (0.9, 0.05, 0.05), "tasks": 400},
    "hard tasks for some": {"hard": "theirs", "tasks": 400},
    "hard tasks for some, two a task": {"hard": "theirs", "per": 2, "tasks": 600},
    "three people": {"people": 3, "tasks": 100},
    "with two spammers": {"spam": (0, 1), "tasks": 600},
    "with six spammers": {"spam": range(6), "tasks": 600},
    "with two spammers, two a task": {"spam": (0, 1), "per": 2, "tasks": 800},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TEAMS)
def test_nobody_good_is_flagged(name: str) -> None:
    """In at most 5% of 100 teams anybody good is flagged, with 3 standard errors for chance."""
    rng = np.random.default_rng(11)
    options = TEAMS[name]
    bad = set(options.get("spam", ()))
    wrong = sum(bool(judged(simulated(rng, **options)) - bad) for _ in range(100))
    assert wrong <= 100 * 0.05 + 3 * (100 * 0.05 * 0.95) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("spammers", [2, 6])
def test_spammers_are_found(spammers: int) -> None:
    """Of twenty people, two or six who guess are found nine times of ten after 120 tasks each."""
    rng = np.random.default_rng(12)
    bad = set(range(spammers))
    found = [judged(simulated(rng, spam=bad, tasks=800)) & bad for _ in range(40)]
    assert sum(map(len, found)) >= 0.9 * 40 * spammers


@pytest.mark.slow
def test_looking_often_flags_nobody_good() -> None:
    """In at most 5% of 60 growing teams anybody good is flagged at any of ten looks."""
    rng = np.random.default_rng(13)
    wrong = 0
    for _ in range(60):
        whole = simulated(rng, tasks=300)
        looks = range(90, 901, 90)
        wrong += any(judged(first(whole, size)) for size in looks)
    assert wrong <= 60 * 0.05 + 3 * (60 * 0.05 * 0.95) ** 0.5


def first(answers: Answers, size: int) -> Answers:
    """The answers that were submitted first."""
    return replace(
        answers,
        task=answers.task[:size],
        person=answers.person[:size],
        whole=answers.whole[:size],
        seconds=answers.seconds[:size],
    )
