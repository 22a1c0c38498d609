"""Verdicts beside a person who saves the project's settings, on a real Label Studio."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

import label_configs
from sync.demo.label_studio import Server
from sync.gating.verdict import Verdict
from sync.labelstudio import LabelStudio
from sync.push import push
from sync.push.push import COLORS
from sync.push.tags import describe, user_text
from sync.records import Batch, Json, Project
from sync.store import Store
from tests.push.test_tags import HOLD, MORE
from tests.worker.test_judge import START

EDITS = 60


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        yield opened


@pytest.fixture
def project(lead: LabelStudio, store: Store) -> Project:
    """A connected project with a text of its lead."""
    config = label_configs.load("text_classification")
    made = lead.create_project(title="Tickets", label_config=config, description="Ours")
    project = Project(
        project_id=made["id"],
        title="Tickets",
        label_config=config,
        model_version="assay",
        user_color=made["color"],
    )
    store.save_project(project)
    return project


def batch() -> Batch:
    return Batch(
        name="b7",
        frozen_at=START,
        sampling_key="00",
        policy={},
        policy_digest="",
        generator="",
        generator_version="",
        population=1,
        queue_length=1,
    )


def edit(site: Server, project_id: int, page: Json) -> None:
    """Sixty saves of a settings page that was opened once, each with new words."""
    with LabelStudio(site.url, site.account.token) as person:
        for number in range(EDITS):
            own = f"Text {number}"
            stale = page["description"].replace(user_text(page["description"]), own)
            values = {"title": f"Title {number}", "description": stale, "color": page["color"]}
            person.patch_project(project_id, **values)


@pytest.mark.slow
def test_sixty_saves_beside_our_verdicts_stay(
    site: Server, lead: LabelStudio, store: Store, project: Project
) -> None:
    """A person's last title and text stand, and so does the last verdict."""
    number = project.project_id

    def judge(verdict: Verdict) -> bool:
        there = lead.project(number)
        return push(lead, store, project, there, [(batch(), verdict)])

    judge(MORE)
    person = threading.Thread(target=edit, args=(site, number, lead.project(number)))
    person.start()
    for labels in count():
        # Each label changes what the card says.
        if not person.is_alive():
            break
        judge(replace(MORE, accepted=float(labels)))
    person.join()
    judge(HOLD)
    there = lead.project(number)
    assert there["title"] == f"Title {EDITS - 1}"
    assert there["description"] == describe([HOLD], f"Text {EDITS - 1}")
    assert there["color"] == COLORS[HOLD.state]


def test_a_tab_is_made_once(lead: LabelStudio, store: Store, project: Project) -> None:
    """Where its id was lost with the answer, the tab is found again by its title; columns stay."""
    held = replace(HOLD, disagreements=(5, 6))
    there = lead.project(project.project_id)
    push(lead, store, project, there, [(batch(), held)])
    (view,) = lead.views(project.project_id)
    arranged = view["data"] | {"columnsWidth": {"tasks:id": 77}}
    body = {"project": project.project_id, "data": arranged}
    lead._http.patch(f"api/dm/views/{view['id']}/", body)
    push(lead, store, project, there, [(batch(), replace(held, disagreements=(5, 6, 7)))])
    (again,) = lead.views(project.project_id)
    assert again["id"] == view["id"]
    assert len(again["data"]["filters"]["items"]) == 3
    assert again["data"]["columnsWidth"] == {"tasks:id": 77}
