"""Audits of real human labels against what was measured on them independently.

The figures stand in the README of the sets and were not taken with Assay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from converter import Converted, convert

from sync.audit import audit
from sync.gating.policy import GatePolicy

pytestmark = pytest.mark.slow

Json = dict[str, Any]
Audited = Callable[..., Json]


@pytest.fixture(scope="session")
def audited(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The JSON of the audit of a set, with people called as in the set."""

    @cache
    def run(name: str, keep: Any = lambda item: True, gold: bool = True) -> Json:
        converted = convert(datasets / name, keep=keep, gold=gold)
        return of(converted, tmp_path_factory.mktemp(name))

    return run


def of(converted: Converted, folder: Path) -> Json:
    export, _ = converted.write(folder)
    found = audit(export, GatePolicy(), xml=converted.xml).to_dict()
    for row in found["annotators"]:
        row["annotator"] = converted.people[row["annotator"]]
    return found


def agreement(found: Json, name: str = "krippendorff_alpha") -> float:
    return float(found["controls"][0]["agreement"][name]["value"])


def flagged(found: Json) -> set[str]:
    return {row["annotator"] for row in found["annotators"] if row["flags"]}


def test_hatecheck(audited: Audited) -> None:
    """Nominal alpha .929 over ten annotators; each as accurate on gold as was measured."""
    found = audited("hatecheck")
    assert agreement(found) == pytest.approx(0.929, abs=5e-4)
    assert (len(found["annotators"]), flagged(found)) == (10, set())
    scores = sorted(row["gold_score"] for row in found["annotators"])
    assert scores[0] == pytest.approx(0.950, abs=5e-4)
    assert (scores[4] + scores[5]) / 2 == pytest.approx(0.992, abs=5e-4)
    assert scores[-1] == pytest.approx(0.998, abs=5e-4)


def test_convabuse(audited: Audited) -> None:
    """Stars from very strong to no abuse: ordinal alpha .66, nominal .437."""
    found = audited("convabuse")
    assert agreement(found) == pytest.approx(0.66, abs=5e-3)
    assert agreement(found, "krippendorff_alpha_nominal") == pytest.approx(0.437, abs=5e-4)


def test_ukpconvarg1(audited: Audited) -> None:
    """Pairwise preferences of 3,114 people: nominal alpha .263."""
    found = audited("ukpconvarg1", gold=False)
    assert agreement(found) == pytest.approx(0.263, abs=5e-4)


@pytest.mark.slow
def test_multipico(audited: Audited) -> None:
    """506 people with gaps: nominal alpha .272."""
    assert agreement(audited("multipico")) == pytest.approx(0.272, abs=5e-4)


def of_two_drawings(item: Json) -> bool:
    """The images that two people drew separately, with red cells only, as the first one did."""
    for label in item["labels"]:
        label["value"] = [box for box in label["value"] if box["label"] == "RBC"]
    return bool(item["slice"]["passes"] == "independent")


def test_bccd_boxes(audited: Audited) -> None:
    """Boxes in pixels, converted to per cent: F1 at an overlap of one half is .737."""
    found = audited("bccd_boxes", of_two_drawings, gold=False)
    assert found["export"]["tasks"] == 47
    assert found["controls"][0]["f1"]["value"] == pytest.approx(0.737, abs=5e-4)


@pytest.mark.slow
def test_imagenet_real_golden(audited: Audited) -> None:
    """Alpha .43, and the one who says yes to nearly everything is flagged and nobody else."""
    found = audited("imagenet_real_golden")
    assert agreement(found) == pytest.approx(0.43, abs=5e-3)
    assert flagged(found) == {"r145"}


@pytest.mark.slow
def test_btc_ner_crowd(audited: Audited) -> None:
    """Pairwise character F1 .805; the three real bad workers are flagged, and at most five."""
    found = audited("btc_ner_crowd")
    assert found["controls"][0]["character_f1"]["value"] == pytest.approx(0.805, abs=5e-4)
    assert flagged(found) >= {"w_5482e7a40f", "w_3ce30ed309", "w_8e5d2722c1"}
    assert len(flagged(found)) <= 5


@pytest.mark.slow
def test_toxic_spans(audited: Audited) -> None:
    """Character F1 .432 of every two people, whatever label they give the characters."""
    found = audited("toxic_spans", gold=False)
    assert found["controls"][0]["character_f1"]["value"] == pytest.approx(0.432, abs=5e-4)


@pytest.mark.slow
def test_crowdspeech(audited: Audited) -> None:
    """Mean word error rate .22 against the reference transcripts."""
    found = audited("crowdspeech_dev")
    assert found["controls"][0]["wer"]["value"] == pytest.approx(0.22, abs=5e-3)
