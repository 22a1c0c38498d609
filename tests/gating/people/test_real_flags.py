"""Flags on real people: the known bad ones, and nobody who is good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.gating.people.annotators import AnnotatorReport, annotator_reports
from sync.gating.policy import GatePolicy
from tests.gating.people.conftest import RealTeam, Team


def flagged(team: Team, *, gold: bool) -> dict[str, AnnotatorReport]:
    items, config, names = team
    if not gold:
        items = [replace(item, gold=None) for item in items]
    found = annotator_reports(items, config, GatePolicy())
    return {names[report.annotator]: report for report in found if report.flags}


@pytest.mark.parametrize("gold", [pytest.param(True, marks=pytest.mark.slow), False])
def test_the_bad_rater_of_imagenet(real_team: RealTeam, gold: bool) -> None:
    """Of 78 raters the one who says yes to nearly everything is flagged, and nobody else."""
    found = flagged(real_team("imagenet_real_golden"), gold=gold)
    assert set(found) == {"r145"}
    kinds = {flag.what for flag in found["r145"].flags}
    assert kinds == {"agreement", "straight_lining"} | ({"gold"} if gold else set())


@pytest.mark.parametrize("gold", [True, False])
def test_nobody_is_bad_in_hatecheck(real_team: RealTeam, gold: bool) -> None:
    """Of ten annotators, who are right on .95 to .998 of their tasks, nobody is flagged."""
    assert flagged(real_team("hatecheck"), gold=gold) == {}


@pytest.mark.parametrize("gold", [True, False])
def test_the_bad_workers_of_the_twitter_corpus(real_team: RealTeam, gold: bool) -> None:
    """Of 81 workers four are flagged: the three known ones, and one who never marks anything."""
    found = flagged(real_team("btc_ner_crowd"), gold=gold)
    never = {"w_5482e7a40f", "w_d3691291d1"}
    assert set(found) == {"w_3ce30ed309", "w_8e5d2722c1"} | never
    lined = {name for name, r in found.items() if "straight_lining" in {f.what for f in r.flags}}
    assert lined == never


def test_flags_rest_on_enough_tasks(real_team: RealTeam) -> None:
    """Every flag says its tasks, at least the minimum, and a bound beyond its threshold."""
    for report in flagged(real_team("btc_ner_crowd"), gold=True).values():
        for flag in report.flags:
            assert flag.tasks >= (10 if flag.what == "gold" else 20)
            assert flag.confidence == 0.95
            assert (flag.bound < flag.threshold) == (flag.what == "gold")
