"""Flags on real people: the known bad ones, and nobody who is good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sync.gating.people.annotators import AnnotatorReport, annotator_reports
from sync.gating.policy import GatePolicy
from tests.gating.people.conftest import Team

RealTeam = Callable[[str], Team]


def flagged(team: Team, *, gold: bool) -> dict[str, AnnotatorReport]:
    items, config, names = team
    if not gold:
        items = [replace(item, gold=None) for item in items]
    found = annotator_reports(items, config, GatePolicy())
    return {names[report.annotator]: report for report in found if report.flags}


@pytest.mark.parametrize("gold", [True, False])
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
