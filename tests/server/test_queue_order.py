"""Label Studio's own uncertainty sampling over scores that Assay placed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

import label_configs
from sync.demo import people
from sync.records import Json
from sync.store import Store
from tests.upstreams import GOOD, every, upstream

if TYPE_CHECKING:
    from conftest import Loop

WORDS = [
    "parcel",
    "invoice",
    "login",
    "colour",
    "refund",
    "delay",
    "courier",
    "voucher",
    "screen",
    "letter",
]


def test_uncertain_and_different_tasks_are_served_first(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`next` serves tasks outside the sample by rank; sample, regions and ledger keep scores."""
    (tmp_path / "assay.toml").write_text("[sample]\nsize = 5\nlimit = 10\n")
    loop.project(label_configs.load("text_classification"), "text", sampling="Uncertainty sampling")
    items: list[tuple[Json, str]] = [
        ({"text": f"{WORDS[i % 9]} of {WORDS[i // 9]}", "sure": (7 * i % 30) / 30}, "other")
        for i in range(30)
    ]
    loop.add(items, "b1")
    loop.assay("connect")
    scored = [GOOD[0] | {"score": 0.5}]
    with upstream(every(lambda t: {"result": scored, "score": t["data"]["sure"]})) as there:
        monkeypatch.setenv("ASSAY_GENERATOR_URL", there.url)
        loop.assay("freeze", "--batch", "b1")
    with Store.open(loop.team.store_url) as store:
        sample = {place.task_id for place in store.places(loop.project_id, "b1")}
        ledger = {c.task_id: c.score for c in store.batch_candidates(loop.project_id, "b1")}
    tasks = {task["id"]: task for task in loop.tasks()}
    assert ledger == {i: pytest.approx(task["data"]["sure"]) for i, task in tasks.items()}
    placed = {i: task["predictions"][0] for i, task in tasks.items() if task["predictions"]}
    assert {p["result"][0]["score"] for p in placed.values()} == {0.5}
    assert all(placed[i]["score"] == pytest.approx(ledger[i]) for i in sample & placed.keys())
    rest = {i: placed[i]["score"] for i in placed.keys() - sample}
    assert len(rest) == len(set(rest.values())) == 20
    assert served(loop, 12) == sorted(rest, key=lambda i: rest[i])[:12]
    # The least sure one comes first.
    assert min(rest, key=lambda i: rest[i]) == min(rest, key=lambda i: ledger[i] or 0.0)


def served(loop: Loop, count: int) -> list[int]:
    """The first tasks outside the sample that a person gets who labels what comes next."""
    with Store.open(loop.team.store_url) as store:
        sample = {place.task_id for place in store.places(loop.project_id, "b1")}
    person, found = loop.crew[0], list[int]()
    while len(found) < count:
        answer = requests.get(
            f"{loop.site.url}/api/projects/{loop.project_id}/next",
            headers={"Authorization": f"Token {person.token}"},
            timeout=30,
        )
        task_id = answer.json()["id"]
        people.submit(loop.site.url, person, task_id, GOOD, 1.0)
        if task_id not in sample:
            found.append(task_id)
    return found
