"""What is written is what Label Studio's own editor shows, and what it submits."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

import label_configs
from sync.demo.label_studio import Server
from sync.labelstudio import LabelStudio, parse
from tests.label_configs.every import EVERY, Sample
from tests.server.browsing import is_submission

pytestmark = pytest.mark.slow

#: The editor forgets how long a video is that it cannot play, and there is none to play here.
PLAYED = [sample for sample in EVERY if "VideoRectangle" not in sample.xml]


@pytest.mark.slow
@pytest.mark.parametrize("sample", PLAYED, ids=lambda sample: sample.name)
def test_a_candidate_submitted_as_it_is_has_its_value(
    page: Page, site: Server, lead: LabelStudio, sample: Sample
) -> None:
    """A person who opens a pre-filled task and submits it unchanged agrees with the candidate."""
    config = label_configs.parse(sample.xml)
    value = label_configs.read(config, sample.result, sample.data)
    candidate = {"result": label_configs.write(config, value, score=0.5), "score": 0.5}
    project = lead.create_project(title="Editor", label_config=sample.xml)["id"]
    (task_id,) = lead.import_tasks(project, [{"data": sample.data, "predictions": [candidate]}])
    page.goto(f"{site.url}/projects/{project}/data?task={task_id}")
    submit = page.get_by_role("button", name="Submit").first
    submit.wait_for()
    page.wait_for_load_state("networkidle")
    with page.expect_response(is_submission):
        submit.click()
    (annotation,) = lead.task(task_id)["annotations"]
    submitted = parse.annotation(annotation, task_id).result
    assert label_configs.read(config, submitted, sample.data) == value
