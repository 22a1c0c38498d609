"""Suspect gold: planted among real answers, by hand, and never without reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sync.gating.people.suspect_gold import SuspectGold, suspect_gold
from sync.gating.policy import GatePolicy
from sync.records import Item
from tests.gating.people.conftest import RealTeam
from tests.gating.people.team import choices, chosen, items, marked, spans

CONFIG = choices("abc")
#: Forty tasks on which everybody and gold say a or b.
CLEAR = [(task, who, "ab"[task % 2]) for task in range(40) for who in range(4)]
GOLD = {task: "ab"[task % 2] for task in range(40)}


def suspects(rows: list[tuple[int, int, str | None]], gold: dict[int, str]) -> list[SuspectGold]:
    return list(suspect_gold(items(rows, gold=gold), CONFIG, GatePolicy()))


def planted(team: list[Item], share: float, labels: tuple[str, str]) -> tuple[list[Item], set[int]]:
    """Turn so many gold answers into the other label."""
    rng = np.random.default_rng(1)
    chosen_tasks = rng.choice(len(team), int(share * len(team)), replace=False)
    wrong = {int(task) for task in chosen_tasks}
    other = {labels[0]: chosen(labels[1]), labels[1]: chosen(labels[0])}
    return [
        replace(item, gold=other[item.gold[0]["value"]["choices"][0]])
        if item.task_id in wrong and item.gold
        else item
        for item in team
    ], wrong


def test_planted_in_hatecheck(real_team: RealTeam) -> None:
    """Of 78 gold answers turned round, people give away at least 97%, and no right one."""
    team, config, _ = real_team("hatecheck")
    assert suspect_gold(team, config, GatePolicy()) == ()
    turned, wrong = planted(team, 0.02, ("hateful", "non-hateful"))
    found = {s.task_id for s in suspect_gold(turned, config, GatePolicy())}
    assert found <= wrong
    assert len(found) >= 0.97 * len(wrong)


def test_planted_in_imagenet(real_team: RealTeam) -> None:
    """Of 56 turned round at least 75% are found, with few but those that were suspect before."""
    team, config, _ = real_team("imagenet_real_golden")
    before = {s.task_id for s in suspect_gold(team, config, GatePolicy())}
    turned, wrong = planted(team, 0.05, ("yes", "no"))
    found = {s.task_id for s in suspect_gold(turned, config, GatePolicy())}
    assert len(found & wrong) >= 0.75 * len(wrong)
    assert len(found - wrong - before) <= 0.05 * len(found)


def test_the_suspects_of_imagenet_are_those_that_experts_were_split_on(
    real_team: RealTeam,
) -> None:
    """Most of the released gold that 77 raters contradict was decided by three experts to two."""
    team, config, _ = real_team("imagenet_real_golden")
    found = suspect_gold(team, config, GatePolicy())
    votes = [real_team.slices("imagenet_real_golden")[s.task_id] for s in found]
    split = sum(vote["expert_yes_votes"] in (2, 3) for vote in votes)
    assert len(found) <= 0.05 * len(team)
    assert split >= 2 / 3 * len(found)


def test_a_gold_answer_that_all_contradict() -> None:
    """Four reliable people against one gold answer: it is named, with what they say instead."""
    rows = [*CLEAR, *[(99, who, "a") for who in range(4)]]
    (found,) = suspects(rows, GOLD | {99: "b"})
    assert (found.task_id, found.gold, found.answer) == (99, "'b'", "'a'")
    assert (found.against, found.people) == ((0, 1, 2, 3), 4)
    assert found.probability > 0.95
    assert "task 99" in found.sentence


def test_one_person_is_not_enough() -> None:
    """However reliable, a single person does not make gold suspect."""
    assert suspects([*CLEAR, (99, 0, "a")], GOLD | {99: "b"}) == []


def test_people_who_contradict_each_other_are_not_enough() -> None:
    """Two say a and two c where gold says b: no answer is more likely than gold."""
    rows = [*CLEAR, (99, 0, "a"), (99, 1, "a"), (99, 2, "b"), (99, 3, "b")]
    assert suspects(rows, GOLD | {99: "b"}) == []


def test_people_who_fail_gold_do_not_make_it_suspect() -> None:
    """Two who always say c are flagged, and do not count."""
    rows = [*CLEAR, *[(task, who, "c") for task in range(40) for who in (8, 9)]]
    assert suspects([*rows, (99, 8, "c"), (99, 9, "c")], GOLD | {99: "b"}) == []


@pytest.mark.parametrize("gold", [{}, GOLD])
def test_agreement_is_not_suspect(gold: dict[int, str]) -> None:
    """Without gold, and where all confirm it, nothing is suspect."""
    assert suspects(list(CLEAR), gold) == []


def test_spans_can_be_suspect() -> None:
    """Three people who mark the same span make an empty gold answer suspect."""
    span, none = marked([{"start": 0, "end": 5, "label": "PER"}]), marked([])
    said = {task: (span if task % 2 else none) for task in range(40)}
    rows = [(task, who, "") for task in said for who in range(3)]
    team = [
        replace(
            item,
            gold=none if item.task_id == 7 else said[item.task_id],
            answers=tuple(replace(a, result=said[item.task_id]) for a in item.answers),
        )
        for item in items(rows)
    ]
    (found,) = suspect_gold(team, spans(["PER"]), GatePolicy())
    assert (found.task_id, found.gold, found.answer) == (7, "nothing", "PER start 0 end 5")
