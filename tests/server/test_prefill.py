"""Pre-fill on a real Label Studio: each task once, whatever happens."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

import label_configs
from sync.errors import ConfigurationError
from sync.records import Json
from sync.store import Store
from tests.upstreams import GOOD, every, upstream

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from conftest import Loop

TASKS = 1200


@pytest.fixture
def waiting(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A connected project with tasks that nobody has touched."""
    loop.project(label_configs.load("text_classification"), "text", title="Waiting")
    items: list[tuple[Json, str]] = [({"text": f"text {i}"}, "other") for i in range(TASKS)]
    loop.add(items, "b1")
    loop.assay("connect")
    monkeypatch.setenv("ASSAY_PROJECT", str(loop.project_id))
    return loop


def predictions(loop: Loop) -> list[Json]:
    return list(loop.lead.raw("api/predictions/", project=loop.project_id))


def start(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "prefill.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", "from sync.cli import main; main()", "prefill"],
            stdout=log,
            stderr=log,
        )


@pytest.mark.slow
def test_a_prefill_that_is_killed_is_completed_by_the_next_one(
    waiting: Loop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """SIGKILL among the candidates, then in the import; each task has one prediction in the end."""
    with upstream(every(lambda t: {"result": GOOD, "score": 0.5})) as there:
        monkeypatch.setenv("ASSAY_GENERATOR_URL", there.url)
        first = start(tmp_path)
        wait_until(lambda: len(there.ids()) > 20)
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = start(tmp_path)
        with Store.open(waiting.team.store_url) as store:
            wait_until(lambda: store.placing(waiting.project_id) is not None)
        second.send_signal(signal.SIGKILL)
        second.wait()
        done = waiting.assay("prefill")
        assert "pre-filled" in done.output
        found = Counter(row["task"] for row in predictions(waiting))
        assert len(found) == TASKS
        assert set(found.values()) == {1}
        again = waiting.assay("prefill")
    assert f"0 of {TASKS} tasks pre-filled; left alone: {TASKS} hold a prediction" in again.output


def test_opening_and_retrieving_after_a_prefill_adds_nothing(
    waiting: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Label Studio finds its version on each task, and the backend abstains on the others."""

    def answer(task: Json) -> Any:
        return {} if task["data"]["text"] == "text 3" else {"result": GOOD, "model_version": "v9"}

    with upstream(every(answer)) as there:
        monkeypatch.setenv("ASSAY_GENERATOR_URL", there.url)
        done = waiting.assay("prefill")
    assert f"{TASKS - 1} of {TASKS} tasks pre-filled by v9" in done.output
    assert "1 without candidate: the generator abstained" in done.output
    before = predictions(waiting)
    assert {row["model_version"] for row in before} == {f"assay-{waiting.project_id}"}
    filled = {row["task"] for row in before}
    tasks = waiting.lead.task_ids(waiting.project_id)
    (empty,) = set(tasks) - filled
    for task_id in (min(filled), max(filled), empty):
        opened = waiting.lead.task(task_id)
        assert len(opened["predictions"]) == (task_id != empty)
    retrieved = requests.post(
        f"{waiting.site.url}/api/dm/actions",
        params={"id": "retrieve_tasks_predictions", "project": waiting.project_id},
        json={"selectedItems": {"all": True, "excluded": []}, "ordering": []},
        headers={"Authorization": f"Token {waiting.site.account.token}"},
        timeout=120,
    )
    assert retrieved.status_code == 200
    assert len(predictions(waiting)) == len(before) == TASKS - 1


def test_what_was_pre_filled_is_not_frozen(waiting: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """People have seen the candidates, so nobody could label these tasks blind."""
    with upstream(every(lambda t: {"result": GOOD})) as there:
        monkeypatch.setenv("ASSAY_GENERATOR_URL", there.url)
        waiting.assay("prefill", "--batch", "b1", "--where", "text=text 5")
        with pytest.raises(ConfigurationError, match="1 tasks of batch 'b1' already show"):
            waiting.assay("freeze", "--batch", "b1")
