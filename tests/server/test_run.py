"""The worker on the real server: what it asks where nothing changed, and what it notices."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import label_configs
from sync.demo.people import submit
from sync.labelstudio import LabelStudio
from sync.store import Store
from sync.worker.loop import run

if TYPE_CHECKING:
    from conftest import Loop

CHOICE = {"from_name": "label", "to_name": "text", "type": "choices"}
RESULT = [CHOICE | {"value": {"choices": ["other"]}}]


def test_a_look_tells_of_every_kind_of_change(loop: Loop, lead: LabelStudio) -> None:
    """The same twice where nothing happened; another one after each kind of change."""
    loop.project(label_configs.load("text_classification"), "text", title="Looks")
    loop.add([({"text": f"text {i}"}, "other") for i in range(3)], "b7", labelled=True)
    tasks = loop.tasks()
    first, project_id = tasks[0]["id"], loop.project_id
    annotation = tasks[0]["annotations"][0]["id"]
    path = f"api/annotations/{annotation}/"
    changes: list[Callable[[], object]] = [
        lambda: submit(loop.site.url, loop.crew[0], first, RESULT, 1.0),
        lambda: lead._http.patch(path, {"ground_truth": True}),
        lambda: lead._http.patch(path, {"result": []}),
        lambda: lead._http.patch(path, {"was_cancelled": True}),
        lambda: lead._http.delete(path),
        lambda: lead.patch_task(first, data={"text": "new", "batch": "b7"}),
        lambda: lead.import_tasks(project_id, [{"data": {"text": "x"}}]),
        lambda: lead.delete_task(tasks[1]["id"]),
    ]
    look = lead.look(project_id)
    for change in changes:
        assert lead.look(project_id) == look
        change()
        assert lead.look(project_id) != look
        look = lead.look(project_id)


def test_one_worker_serves_projects_that_come_and_go(
    loop: Loop, wait_until: Callable[..., None]
) -> None:
    """An answer in either of two projects is in the mirror soon, by the webhook's hint."""
    ids, tasks = [], {}
    for name in ("One", "Two"):
        ids.append(loop.project(label_configs.load("text_classification"), "text", title=name))
        loop.add([({"text": f"text {i}"}, "other") for i in range(2)], "b7")
        tasks[ids[-1]] = loop.tasks()[0]["id"]
    stop = threading.Event()
    with (
        Store.open(loop.team.store_url) as store,
        LabelStudio(loop.site.url, loop.site.account.token, sleep=stop.wait) as server,
    ):
        settings = loop.team.model_copy(update={"poll_seconds": 60.0})
        worker = threading.Thread(target=run, args=(server, store, settings, stop))
        worker.start()
        try:
            for project_id in ids:
                loop.project_id = project_id
                loop.assay("connect")
            wait_until(lambda: len([s for s in store.passes().values() if s.ok_at]) == 2)
            for project_id in ids:
                submit(loop.site.url, loop.crew[0], tasks[project_id], RESULT, 1.0)
                wait_until(lambda i=project_id: len(store.annotations(i)) == 1, 20)
                state = store.pass_state(project_id)
                assert state is not None
                assert state.error == ""
        finally:
            stop.set()
            worker.join(20)
    assert not worker.is_alive()
