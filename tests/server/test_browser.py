"""What people see, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

import label_configs
from sync.demo.people import Person
from sync.records import Json, Role
from sync.store import Store
from tests.server.browsing import log_in

if TYPE_CHECKING:
    from conftest import Loop

OWN = "Tickets of the help desk."


def items(count: int, start: int) -> list[tuple[Json, str]]:
    labels = ("positive", "negative", "other")
    return [
        ({"text": f"{labels[i % 3]} ticket no. {i}"}, labels[i % 3])
        for i in range(start, start + count)
    ]


def guess(data: Json) -> str:
    """A generator that is wrong for two of three texts of the batch `poor`."""
    return "other" if data["batch"] == "poor" else str(data["text"]).split()[0]


@pytest.fixture
def judged(loop: Loop, tmp_path: Path, other_backend: Callable[[Any], object]) -> Loop:
    """A project with a held batch and one that nobody has labelled yet."""
    config = label_configs.load("text_classification")
    loop.project(config, "text", title="Help desk", description=OWN, color="#AABBCC")
    other_backend(guess)
    loop.assay("connect")
    loop.add(items(60, 0), "poor")
    loop.add(items(40, 100), "new")
    loop.gold(items(10, 200), "new", tmp_path)
    loop.assay("freeze", "--batch", "poor")
    loop.assay("freeze", "--batch", "new")
    loop.settle("poor")
    loop.assay("gate", code=10)
    return loop


def places(loop: Loop, batch: str) -> tuple[list[int], list[int], list[int], dict[str, int]]:
    with Store.open(loop.team.store_url) as store:
        order = store.places(loop.project_id, batch)
        gold = sorted(store.gold(loop.project_id))
        frozen = store.batch(loop.project_id, batch)
    assert frozen is not None
    queue = order[: frozen.queue_length]
    blind = [p.task_id for p in queue if p.role is Role.BLIND]
    shown = [p.task_id for p in queue if p.role is Role.SHOWN]
    return blind, shown, gold, frozen.views


def assert_ticked(page: Page, wanted: int) -> None:
    """So many choices of the open task are ticked, once the task is drawn."""
    choices = page.locator("[class*=choice__checkbox] input")
    expect(choices.first).to_be_attached()
    page.wait_for_load_state("networkidle")
    # A busy browser draws the candidate a moment after the choices.
    expect(page.locator("[class*=choice__checkbox] input:checked")).to_have_count(wanted)


def test_people_see_verdicts_and_only_shown_candidates(
    judged: Loop, browser: Browser, annotators: list[Person], screenshots: Path
) -> None:
    """Card, quick view, label stream and tab show what the ledger says, and nothing more."""
    account, url = judged.site.account, judged.site.url
    page = log_in(browser, url, account.email, account.password)
    page.goto(f"{url}/projects")
    card = page.locator("[class*=project-card]", has_text="Help desk").first
    expect(card).to_contain_text("[gate:HOLD] [batch:poor]")
    expect(card).to_contain_text("[gate:MORE] [batch:new]")
    card.screenshot(path=screenshots / "card.png")
    page.screenshot(path=screenshots / "projects.png")

    blind, shown, gold, _ = places(judged, "new")
    data = f"{url}/projects/{judged.project_id}/data"
    for task_id, wanted in ((shown[0], 1), (blind[0], 0), (gold[0], 0)):
        page.goto(f"{data}?task={task_id}")
        assert_ticked(page, wanted)
        page.screenshot(path=screenshots / f"quick-view-{wanted}-{task_id}.png")

    _, _, _, views = places(judged, "poor")
    page.goto(f"{data}?tab={views['disagree']}")
    expect(page.get_by_text("Assay · disagree poor").first).to_be_visible()
    with Store.open(judged.team.store_url) as store:
        row = store.verdict(judged.project_id, "poor")
    assert row is not None
    expect(
        page.get_by_text(str(row["verdict"]["disagreements"][0]), exact=True).first
    ).to_be_visible()
    page.screenshot(path=screenshots / "disagree.png")
    page.close()

    person = annotators[4]
    page = log_in(browser, url, person.email, person.password)
    _, _, _, views = places(judged, "new")
    seen: set[str] = set()
    page.goto(f"{data}?tab={views['validate']}&labeling=1")
    number = page.locator("[class*=current-task]").first
    for _ in range(25):
        expect(number).to_have_text(re.compile(r"\d+"))
        task_id = int(re.findall(r"\d+", number.inner_text())[0])
        kind = "shown" if task_id in shown else "gold" if task_id in gold else "blind"
        assert_ticked(page, int(kind == "shown"))
        if kind not in seen:
            page.screenshot(path=screenshots / f"stream-{kind}.png")
        seen.add(kind)
        if seen == {"shown", "gold", "blind"}:
            break
        if kind != "shown":  # there the same key may untick the candidate
            page.keyboard.press("1")
        page.get_by_test_id("bottombar-submit-button").click()
        expect(number).not_to_contain_text(re.compile(rf"\b{task_id}\b"))
    assert seen == {"shown", "gold", "blind"}
    page.close()
