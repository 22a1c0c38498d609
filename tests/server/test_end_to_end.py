"""Connect, gold, freeze, label, gate, tags, promote, disconnect: on a real Label Studio."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from sklearn.datasets import load_digits

import label_configs
from sync.demo.people import personal_access_token
from sync.errors import Fatal
from sync.generator import Generator
from sync.labelstudio import LabelStudio
from sync.records import Json, Role
from sync.store import Store

if TYPE_CHECKING:
    from conftest import Loop

OWN = "Ours since 2019.\n\nAsk Kim before changing [this:text]."


def texts(count: int, start: int = 0) -> list[tuple[Json, str]]:
    """Texts whose label follows from them."""
    labels = ("positive", "negative", "other")
    return [
        ({"text": f"{labels[i % 3]} remark no. {i}"}, labels[i % 3])
        for i in range(start, start + count)
    ]


def digits(count: int, start: int = 0) -> list[tuple[Json, str]]:
    """Handwritten digits as data URIs."""
    found = load_digits()
    items = []
    for pixels, label in list(zip(found.images, found.target, strict=True))[start : start + count]:
        content = BytesIO()
        picture = Image.fromarray((255 - pixels * 15.9).astype("uint8"))
        picture.resize((160, 160), Image.Resampling.NEAREST).save(content, "PNG")
        address = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
        items.append(({"image": address}, str(label)))
    return items


def roles(loop: Loop, batch: str) -> tuple[set[int], set[int], set[int]]:
    """Blind tasks, shown tasks and gold tasks."""
    with Store.open(loop.team.store_url) as store:
        places = store.places(loop.project_id, batch)
        gold = set(store.gold(loop.project_id))
    blind = {p.task_id for p in places if p.role is Role.BLIND}
    return blind, {p.task_id for p in places} - blind, gold


def assert_only_shown_tasks_are_prefilled(loop: Loop, batch: str) -> None:
    """Blind and gold tasks hold no prediction, the batch's others exactly one of ours."""
    blind, _, gold = roles(loop, batch)
    for task in loop.tasks():
        versions = [p["model_version"] for p in task["predictions"]]
        if task["id"] in blind | gold:
            assert versions == []
        elif task["data"]["batch"] == batch:
            assert versions == [f"assay-{loop.project_id}"]


def assert_no_gold_answer_is_readable(loop: Loop) -> None:
    """Through list, task, quick view and export an annotator sees gold as a plain task."""
    _, _, gold = roles(loop, "b7")
    seen = [t for t in loop.tasks(loop.crew[0]) if t["id"] in gold]
    with LabelStudio(loop.site.url, loop.crew[0].token) as own:
        export = own.raw(
            f"api/projects/{loop.project_id}/export", exportType="JSON", download_all_tasks="true"
        )
        seen += [own.task(task_id) for task_id in gold]
    seen += [t for t in export if t["id"] in gold]
    assert len(seen) == 3 * len(gold)
    for task in seen:
        assert not task.get("annotations")
        assert not task.get("predictions")
        assert set(task["data"]) <= {"text", "image", "batch", "queue_id"}
        assert not task.get("meta")


def people_open_tasks(loop: Loop, batch: str) -> None:
    """Open tasks as the interface does, which makes Label Studio ask the backend."""
    blind, shown, gold = roles(loop, batch)
    with LabelStudio(loop.site.url, loop.crew[1].token) as own:
        for task_id in [*sorted(blind)[:3], *sorted(shown)[:3], *sorted(gold)[:3]]:
            own.task(task_id)
        for _ in range(3):
            own.raw(f"api/projects/{loop.project_id}/next")


def test_texts_from_any_backend_to_a_held_and_a_passed_batch(
    loop: Loop, tmp_path: Path, other_backend: Callable[[Any], object]
) -> None:
    """A bad batch is held and a good one passes, with all that Label Studio then shows."""
    loop.project(
        label_configs.load("text_classification"),
        "text",
        title="Texts",
        description=OWN,
        color="#AABBCC",
    )

    def guess(data: Json) -> str:
        bad = data["batch"] == "b6" and hashlib.md5(data["text"].encode()).digest()[0] % 5 < 2
        return "other" if bad else str(data["text"]).split()[0]

    other_backend(guess)
    loop.assay("connect")
    loop.assay("connect")
    assert len(loop.lead.ml_backends(loop.project_id)) == 1
    assert len(loop.lead.webhooks(loop.project_id)) == 1
    loop.add(texts(60), "b7")
    loop.add(texts(60, 100), "b6")
    loop.gold(texts(12, 200), "b7", tmp_path)
    loop.assay("freeze", "--batch", "b7")
    loop.assay("freeze", "--batch", "b6")
    assert_only_shown_tasks_are_prefilled(loop, "b7")
    assert_no_gold_answer_is_readable(loop)
    people_open_tasks(loop, "b7")
    assert_only_shown_tasks_are_prefilled(loop, "b7")

    assert "MORE" in loop.assay("gate", code=11).output
    loop.settle("b7")
    loop.settle("b6")
    loop.assay("gate", code=10)
    loop.assay("gate", "--batch", "b7", code=0)
    loop.assay("gate", "--batch", "b6", code=10)
    assert_the_project_shows_it(loop)

    with pytest.raises(Fatal, match="has not passed"):
        loop.assay("promote", "--batch", "b6", "--output", str(tmp_path / "b6.jsonl"))
    assert_promoted(loop, tmp_path)
    assert "b7" in loop.assay("status").output

    loop.assay("disconnect")
    after = loop.lead.project(loop.project_id)
    assert after["description"] == OWN
    assert after["color"] == "#AABBCC"
    assert loop.lead.ml_backends(loop.project_id) == []
    assert loop.lead.webhooks(loop.project_id) == []
    assert loop.lead.views(loop.project_id) == []


def assert_the_project_shows_it(loop: Loop) -> None:
    """Tags, sentence, the user's own text, colour and tabs."""
    there = loop.lead.project(loop.project_id)
    description = there["description"]
    assert description.startswith(
        "[gate:HOLD] [batch:b6] [gate:PASS] [batch:b7] [batch:b6] [blind:"
    )
    assert description.endswith(f"\n—\n{OWN}")
    assert there["color"] == "#D64545"
    with Store.open(loop.team.store_url) as store:
        row = store.verdict(loop.project_id, "b6")
    assert row is not None
    differing = row["verdict"]["disagreements"]
    tabs = {view["data"]["title"]: view["data"] for view in loop.lead.views(loop.project_id)}
    assert {"Assay · validate b6", "Assay · validate b7", "Assay · disagree b6"} <= set(tabs)
    listed = [item["value"] for item in tabs["Assay · disagree b6"]["filters"]["items"]]
    assert listed == differing[:50]


def assert_promoted(loop: Loop, folder: Path) -> None:
    """The labels of the passed batch, without what evaluates, and a manifest that fits them."""
    file = folder / "b7.jsonl"
    loop.assay("promote", "--batch", "b7", "--output", str(file))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    manifest = json.loads((folder / "b7.jsonl.manifest.json").read_text())
    with Store.open(loop.team.store_url) as store:
        batch = store.batch(loop.project_id, "b7")
        assert batch is not None
        asked = {p.task_id for p in store.places(loop.project_id, "b7")[: batch.queue_length]}
    assert {row["task"] for row in rows}.isdisjoint(asked | roles(loop, "b7")[2])
    assert len(rows) == 60 - len(asked)
    assert manifest["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert manifest["verdict"]["state"] == "PASS"
    assert manifest["generator"]["version"] == "theirs-1"
    assert manifest["counts"]["rows"] == len(rows)


@pytest.mark.slow
def test_images_from_our_own_backend(
    loop: Loop, tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """The backend learns digits from people, makes the candidates, and the batch is judged."""
    loop.project(label_configs.load("image_classification"), "image", title="Digits")
    loop.assay("connect")
    loop.add(digits(300), "training", labelled=True)
    loop.assay("sync")
    with Store.open(loop.team.store_url) as store:
        project = store.project(loop.project_id)
    assert project is not None
    assert project.backend_id is not None
    loop.lead.train(project.backend_id)
    password = loop.team.backend_password.get_secret_value()
    with Generator(loop.team.backend_url, loop.team.backend_user, password) as backend:
        wait_until(lambda: backend.setup(project, f"{loop.project_id}.0") != "")
    loop.add(digits(60, 300), "b7")
    loop.gold(digits(12, 400), "b7", tmp_path)
    loop.assay("freeze", "--batch", "b7")
    assert_only_shown_tasks_are_prefilled(loop, "b7")
    assert_no_gold_answer_is_readable(loop)
    people_open_tasks(loop, "b7")
    assert_only_shown_tasks_are_prefilled(loop, "b7")
    loop.settle("b7")
    loop.assay("gate", code=0)
    assert loop.lead.project(loop.project_id)["color"] == "#2E9E5B"


def test_a_personal_access_token_works_too(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Doctor and connect succeed with a personal access token as with a legacy one."""
    token = personal_access_token(loop.site.url, loop.site.account.token)
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", token)
    loop.project(label_configs.load("text_classification"), "text", title="Token")
    loop.assay("connect")
    assert len(loop.lead.ml_backends(loop.project_id)) == 1


@pytest.mark.parametrize("name", label_configs.names())
def test_label_studio_takes_every_shipped_label_config(lead: LabelStudio, name: str) -> None:
    """A project can be made from each, and our parser reads what the server then has."""
    made = lead.create_project(title=name, label_config=label_configs.load(name))
    assert label_configs.parse(made["label_config"]).controls
    lead.delete_project(made["id"])
