"""Offsets are those of Label Studio's own editor, in both directions, for any characters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect, sync_playwright

import label_configs
from label_configs import LabelConfig
from sync.demo.label_studio import Server
from sync.labelstudio import LabelStudio, parse
from sync.records import Json

pytestmark = pytest.mark.slow

FAMILY = "👩\u200d👩\u200d👧"
#: Where a text is drawn beside the list of tasks, in the page or in a frame of it.
PLACE = """wanted => {
  const frames = [...document.querySelectorAll("iframe")].map(f => f.contentDocument);
  for (const page of [document, ...frames.filter(Boolean)]) {
    const frame = page.defaultView.frameElement?.getBoundingClientRect() ?? {x: 0, y: 0};
    const nodes = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = nodes.nextNode()); ) {
      const at = node.data.indexOf(wanted);
      if (at < 0) continue;
      const range = page.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      const box = range.getBoundingClientRect();
      if (box.width && box.x + frame.x > 255)
        return [box.x + frame.x, box.y + frame.y, box.width, box.height];
    }
  }
}"""
#: The texts of all regions that are drawn.
DRAWN = """() => {
  const frames = [...document.querySelectorAll("iframe")].map(f => f.contentDocument);
  return [document, ...frames.filter(Boolean)].flatMap(
    page => [...page.querySelectorAll(".htx-highlight")].map(mark => mark.textContent));
}"""


@dataclass(frozen=True)
class Case:
    name: str
    tag: str
    control: str
    data: Any
    #: What is marked, each once in the text and within one node.
    wanted: tuple[str, ...]

    @property
    def config(self) -> LabelConfig:
        return label_configs.parse(
            f'<View><{self.tag} name="o" value="$v"/><{self.control} name="l" toName="o">'
            f'<Label value="LOC" hotkey="1"/></{self.control}></View>'
        )

    def stretch(self, wanted: str) -> tuple[int, int]:
        """Where it stands in the text, in characters."""
        text = label_configs.text_of(self.config.objects[0], {"v": self.data})
        assert text is not None
        return text.index(wanted), text.index(wanted) + len(wanted)


CASES = [
    Case(
        "text",
        "Text",
        "Labels",
        f"Anna 🦊 cafe\u0301 flew {FAMILY} to Berlin 🇩🇪, नमस्ते Oslo.\nNext Paris 𝒳 Rome",
        ("cafe\u0301", "Berlin", "Oslo", "Paris", "Rome"),
    ),
    Case(
        "text with carriage returns and odd space",
        "Text",
        "Labels",
        "Anna 🦊\r\nin Berlin\tor\u00a0Oslo\n\n & <b>Rome</b> &amp; Bonn",
        ("Berlin", "Oslo", "Rome", "Bonn"),
    ),
    Case(
        "html",
        "HyperText",
        "HyperTextLabels",
        f"<p>Anna 🦊 cafe\u0301</p>\n<p>flew {FAMILY} to <b>Berlin</b> &amp; 🇩🇪<br>Oslo 𝒳 Rome</p>",
        ("cafe\u0301", "Berlin", "Oslo", "Rome"),
    ),
    Case(
        "html with carriage returns",
        "HyperText",
        "HyperTextLabels",
        "<p>Anna 🦊</p>\r\n<p>flew\r\nto Berlin</p>",
        ("Anna", "Berlin"),
    ),
    Case(
        "paragraphs",
        "Paragraphs",
        "ParagraphLabels",
        [
            {"author": "A", "text": "🦊 Hello Anna"},
            {"author": "B", "text": f"{FAMILY} from Berlin 🇩🇪 Oslo"},
        ],
        ("Anna", "Berlin", "Oslo"),
    ),
]


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


def opened(page: Page, site: Server, lead: LabelStudio, case: Case, *predictions: Json) -> int:
    """The task in the editor."""
    project = lead.create_project(title="Offsets", label_config=case.config.xml)["id"]
    task = {"data": {"v": case.data}, "predictions": list(predictions)}
    (task_id,) = lead.import_tasks(project, [task])
    page.goto(f"{site.url}/projects/{project}/data?task={task_id}")
    page.get_by_role("button", name="Submit").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_function(PLACE, arg=case.wanted[0])
    return task_id


def submitted(page: Page, lead: LabelStudio, task_id: int) -> list[Json]:
    """The regions that come back."""

    def is_submission(response: Response) -> bool:
        return response.request.method == "POST" and "/annotations" in response.url

    with page.expect_response(is_submission):
        page.get_by_role("button", name="Submit").first.click()
    (annotation,) = lead.task(task_id)["annotations"]
    return parse.annotation(annotation, task_id).result


def stretches(case: Case, result: list[Json]) -> set[tuple[int, int]]:
    """Where the regions stand, as they are read."""
    values = label_configs.read(case.config, result, {"v": case.data})
    return {(span.start, span.end) for span in values["l"]}


def drag(page: Page, wanted: str) -> None:
    """Mark a text with the mouse, as people do."""
    x, y, width, height = page.evaluate(PLACE, wanted)
    before = len(page.evaluate(DRAWN))
    page.keyboard.press("1")
    expect(page.locator("[class*=label][class*=selected]").first).to_be_visible()
    page.mouse.move(x + 1, y + height / 2)
    page.mouse.down()
    page.mouse.move(x + width / 2, y + height / 2)
    page.mouse.move(x + width - 0.5, y + height / 2)
    page.mouse.up()
    page.wait_for_function(f"() => ({DRAWN})().length > {before}")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_written_is_what_is_highlighted(
    page: Page, site: Server, lead: LabelStudio, case: Case
) -> None:
    """Pre-filled spans are drawn on the very characters, and come back as they were."""
    (shown,) = case.config.objects
    key = case.control.lower()
    places = {wanted: case.stretch(wanted) for wanted in case.wanted}
    result = [
        {
            "id": f"r{i}",
            "from_name": "l",
            "to_name": "o",
            "type": key,
            "value": label_configs.text_place(shown, {"v": case.data}, *place) | {key: ["LOC"]},
        }
        for i, place in enumerate(places.values())
    ]
    task_id = opened(page, site, lead, case, {"result": result, "score": 0.5})
    page.wait_for_function(f"() => ({DRAWN})().length >= {len(places)}")
    assert sorted(page.evaluate(DRAWN)) == sorted(places)
    assert stretches(case, submitted(page, lead, task_id)) == set(places.values())


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_people_mark_is_what_is_read(
    page: Page, site: Server, lead: LabelStudio, case: Case
) -> None:
    """Spans drawn with the mouse are read as the very characters, and would be written the same."""
    task_id = opened(page, site, lead, case)
    for wanted in case.wanted:
        drag(page, wanted)
    result = submitted(page, lead, task_id)
    places = {wanted: case.stretch(wanted) for wanted in case.wanted}
    assert stretches(case, result) == set(places.values())
    (shown,) = case.config.objects
    for region, wanted in zip(result, case.wanted, strict=True):
        ours = label_configs.text_place(shown, {"v": case.data}, *places[wanted])
        theirs = {k: v for k, v in region["value"].items() if k in ours and k != "text"}
        assert theirs == {k: v for k, v in ours.items() if k != "text"}
