"""What is written is what Label Studio's own editor shows, and what it submits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Response, sync_playwright

import label_configs
from sync.demo.label_studio import Server
from sync.labelstudio import LabelStudio, parse
from tests.label_configs.every import EVERY, Sample


@pytest.fixture(scope="module")
def page(chromium: str, site: Server) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        own = browser.new_page(viewport={"width": 1360, "height": 850})
        own.set_default_timeout(30_000)
        own.goto(f"{site.url}/user/login/")
        own.fill("input[name=email]", site.account.email)
        own.fill("input[name=password]", site.account.password)
        own.click("button[type=submit]")
        own.wait_for_url(lambda address: "/user/login" not in address)
        yield own
        browser.close()


def is_submission(response: Response) -> bool:
    return response.request.method == "POST" and "/annotations" in response.url


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
