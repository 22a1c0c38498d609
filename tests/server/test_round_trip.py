"""Every control tag's answers pass through a real Label Studio unchanged."""

from __future__ import annotations

import pytest

import label_configs
from sync.labelstudio import LabelStudio, parse
from tests.label_configs.every import EVERY, Sample


@pytest.mark.parametrize("sample", EVERY, ids=lambda sample: sample.name)
def test_answers_come_back_as_they_were_sent(lead: LabelStudio, sample: Sample) -> None:
    """Label Studio takes the config, and gives back the same annotations and predictions."""
    config = label_configs.parse(sample.xml)
    sent = [sample.result, *sample.others]
    values = [label_configs.read(config, result, sample.data) for result in sent]
    written = [label_configs.write(config, value, score=0.5) for value in values]
    project = lead.create_project(title="Round trip", label_config=sample.xml)
    assert label_configs.parse(project["label_config"]) == config
    task = {
        "data": sample.data,
        "annotations": [{"result": result, "ground_truth": False} for result in sent],
        "predictions": [{"result": result, "score": 0.5} for result in written],
    }
    (task_id,) = lead.import_tasks(project["id"], [task])
    back = lead.task(task_id)
    found = sorted(back["annotations"], key=lambda annotation: annotation["id"])
    answers = [parse.annotation(annotation, task_id).result for annotation in found]
    assert answers == sent
    proposed = sorted(back["predictions"], key=lambda prediction: prediction["id"])
    assert [prediction["result"] for prediction in proposed] == written
    for results in (answers, [prediction["result"] for prediction in proposed]):
        read = [label_configs.read(config, result, back["data"]) for result in results]
        assert read == values


@pytest.mark.parametrize("sample", EVERY, ids=lambda sample: sample.name)
def test_label_studio_weighs_the_controls_that_we_read(lead: LabelStudio, sample: Sample) -> None:
    """The weights that Label Studio makes for a config are weights of our controls, all 1."""
    config = label_configs.parse(sample.xml)
    project = lead.create_project(title="Weights", label_config=sample.xml)
    whole = label_configs.weighted(config, project["control_weights"])
    assert {whole.weight(control.name) for control in whole.controls} == {1.0}
