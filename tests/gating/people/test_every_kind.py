"""People can be judged by every kind of label."""

from __future__ import annotations

import pytest

import label_configs
from sync.gating.people import annotator_reports, suspect_gold
from sync.gating.policy import from_dict
from sync.gating.similarity import similarity
from sync.records import Answer, Item, Result
from tests.gating.people.team import START
from tests.label_configs.every import EVERY, Sample

POLICY = from_dict({"gate": {"annotators": {"min_tasks": 10}}})


def item(task: int, sample: Sample, gold: Result, *results: Result | None) -> Item:
    answers = [
        Answer(annotation_id=10 * task + who, annotator=who, result=result, submitted_at=START)
        for who, result in enumerate(results)
    ]
    return Item(task_id=task, data=sample.data, answers=tuple(answers), gold=gold)


@pytest.mark.parametrize("sample", [s for s in EVERY if s.others], ids=lambda s: s.name)
def test_agreement_and_gold(sample: Sample) -> None:
    """Who says what gold says agrees and passes; who says another thing scores less."""
    config = label_configs.parse(sample.xml)
    one, other = sample.result, sample.others[0]
    found = annotator_reports([item(1, sample, one, one, one, other)], config, POLICY)
    near = 1 - label_configs.distance(config, one, other, sample.data)
    assert [r.agreement for r in found] == pytest.approx([(1 + near) / 2, (1 + near) / 2, near])
    assert found[0].gold_score == found[1].gold_score == 1
    values = [label_configs.read(config, result, sample.data) for result in (one, other)]
    assert found[2].gold_score == pytest.approx(
        similarity(config, *values, POLICY.gate.min_overlap)
    )


@pytest.mark.parametrize("sample", [s for s in EVERY if s.others], ids=lambda s: s.name)
def test_suspect_gold_is_told_in_words(sample: Sample) -> None:
    """Where gold is another thing than what four reliable people say, both are named."""
    config = label_configs.parse(sample.xml)
    one, other = sample.result, sample.others[0]
    team = [item(task, sample, one, one, one, one, one) for task in range(1, 40)]
    team.append(item(40, sample, other, one, one, one, one))
    found = suspect_gold(team, config, POLICY)
    apart = label_configs.distance(config, one, other, sample.data)
    assert [s.task_id for s in found] == [40] * (apart > 0.5)
    for suspect in found:
        assert 0 < len(suspect.gold) <= 80
        assert 0 < len(suspect.answer) <= 80
