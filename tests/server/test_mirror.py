"""After every kind of edit on a real server, the mirror equals Label Studio."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

import label_configs
from sync.demo.people import Person
from sync.pull import pull
from sync.records import Json
from tests.server.edits import FIELDS, Edits, Meddling, choice


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three tasks."""
    monkeypatch.setattr("sync.pull.walk.PAGE", 3)
    monkeypatch.setattr("sync.pull.check.PAGE", 3)


def submissions(edits: Edits, task_id: int) -> list[tuple[int, bool, int]]:
    """First submissions on a task: annotation, whether it was a skip, later edits."""
    rows = edits.store.first_submissions(edits.project_id, [task_id])
    return [(row["annotation_id"], row["was_cancelled"], row["edits"]) for row in rows]


def test_answers_edits_skips_and_deletions_are_mirrored(edits: Edits) -> None:
    """What is answered, changed, skipped, taken up again and deleted stands in the mirror."""
    first, second = edits.add(["one", "two"])
    assert edits.mirrored() == []
    answer, skip = (
        edits.answer(first, "positive"),
        edits.answer(second, "other", was_cancelled=True),
    )
    assert edits.mirrored() == []
    edits.change(answer, result=choice("negative"), lead_time=9.25)
    edits.change(skip, was_cancelled=False)
    assert edits.mirrored() == []
    edits.call("DELETE", f"annotations/{answer}/")
    assert edits.mirrored() == []
    # The history stays: the first submission of each, and that it was changed once.
    assert submissions(edits, first) == [(answer, False, 1)]
    assert submissions(edits, second) == [(skip, True, 1)]


def test_ground_truth_that_moves_leaves_the_other_answer(edits: Edits) -> None:
    """The annotation that loses the star is mirrored, though its updated_at does not move."""
    (task,) = edits.add(["one"])
    old = edits.answer(task, "positive", ground_truth=True)
    new = edits.answer(task, "negative")
    edits.pull()
    before = edits.annotation(old)
    edits.change(new, ground_truth=True)
    assert edits.mirrored() == []
    after = edits.annotation(old)
    assert before is not None
    assert after is not None
    assert (before.ground_truth, after.ground_truth) == (True, False)
    assert after.updated_at == before.updated_at


def test_an_answer_given_to_someone_else_is_mirrored(
    edits: Edits, annotators: list[Person]
) -> None:
    """A changed completed_by stands in the mirror; the first submission keeps its author."""
    (task,) = edits.add(["one"])
    answer = edits.answer(task, "positive")
    edits.pull()
    before = edits.annotation(answer)
    edits.change(answer, completed_by=annotators[0].user_id)
    assert edits.mirrored() == []
    after = edits.annotation(answer)
    assert before is not None
    assert after is not None
    assert after.annotator == annotators[0].user_id
    (row,) = edits.store.first_submissions(edits.project_id, [task])
    assert row["annotator"] == before.annotator


def test_a_changed_title_and_label_config_are_mirrored(edits: Edits) -> None:
    """The values are read by the label config that the project has now."""
    edits.pull()
    config = label_configs.load("text_classification").replace("negative", "bad")
    edits.call(
        "PATCH", f"projects/{edits.project_id}/", {"title": "Renamed", "label_config": config}
    )
    assert {one.field for one in edits.differences()} == {"title", "label_config"}
    assert edits.mirrored() == []


def test_drafts_are_no_answers(edits: Edits) -> None:
    """A draft is not in the mirror, and an answer that became a draft is a tombstone."""
    (task,) = edits.add(["one"])
    edits.call("POST", f"tasks/{task}/drafts", {"result": choice("other"), "lead_time": 1})
    assert edits.mirrored() == []
    answer = edits.answer(task, "positive")
    assert edits.mirrored() == []
    edits.call("POST", f"annotations/{answer}/convert-to-draft")
    assert edits.mirrored() == []
    assert edits.store.annotations(edits.project_id) == []


def test_as_many_tasks_imported_as_deleted(edits: Edits) -> None:
    """Tasks that were deleted are tombstones, though the number of tasks is what it was."""
    gone, stays = edits.add(["one", "two"], "positive")
    edits.pull()
    edits.lead.delete_task(gone)
    (new,) = edits.add(["three"])
    assert edits.mirrored() == []
    assert edits.store.task_ids(edits.project_id) == {stays, new}
    assert [held for held, _, _ in submissions(edits, gone)] != []


def test_a_new_task_with_the_id_of_a_deleted_one(edits: Edits) -> None:
    """It has none of the answers of the other one, which stay where nothing else is."""
    (old,) = edits.add(["one"], "positive")
    edits.pull()
    (held,) = submissions(edits, old)
    edits.lead.delete_task(old)
    (new,) = edits.add(["one"])
    assert new == old
    assert edits.mirrored() == []
    assert submissions(edits, new) == []
    (apart,) = edits.store.annotated_task_ids(edits.project_id)
    assert apart < 0
    assert submissions(edits, apart) == [held]


def test_answers_moved_by_removing_duplicates(edits: Edits) -> None:
    """Label Studio moves answers to the kept task without a stamp; the sweep finds them."""
    kept, dropped = edits.add(["same", "same"], "positive")
    edits.pull()
    path = f"dm/actions?id=remove_duplicates&project={edits.project_id}"
    edits.call("POST", path, {"selectedItems": {"all": True, "excluded": []}})
    assert edits.mirrored() == []
    assert {a.task_id for a in edits.store.annotations(edits.project_id)} == {kept}
    assert edits.store.task_ids(edits.project_id) == {kept}
    # Each answer is there once, with its history: none was taken for another one.
    known = edits.store.first_submissions(edits.project_id, [kept, dropped])
    assert len(known) == 2
    assert all(row["annotation_id"] > 0 and not row["edits"] for row in known)


def test_deletions_are_found_by_counting(edits: Edits, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sixteen tasks two are deleted, and no more than the stretches of these are listed."""
    monkeypatch.setattr("sync.pull.narrow.LISTED", 2)
    ids = edits.add([f"text {i}" for i in range(16)])
    edits.pull()
    edits.lead.delete_task(ids[2])
    edits.lead.delete_task(ids[11])
    listed: list[int] = []

    class Counting(Meddling):
        def stamps(self, *args: Any, **kwargs: Any) -> list[Json]:
            page = super().stamps(*args, **kwargs)
            listed.extend(task["id"] for task in page)
            return page

    with Counting(edits.site) as server:
        found = edits.pull(server)
    assert (found.deleted, found.swept) == (2, False)
    assert len(listed) <= 2
    assert edits.differences() == []


def test_what_leaves_no_trace_is_found_within_the_hour(edits: Edits) -> None:
    """An answer that the database lost silently is looked for by the next sweep, not before."""
    (task,) = edits.add(["one"], "positive")
    edits.settle()
    edits.sql("DELETE FROM task_completion WHERE task_id = ?", task)
    edits.sql("UPDATE task SET total_annotations = 0 WHERE id = ?", task)
    assert edits.pull().swept is False
    assert [(one.kind, one.field) for one in edits.differences()] == [("annotation", "extra")]
    edits.later += 3601
    assert edits.pull().swept is True
    assert edits.differences() == []


@pytest.mark.usefixtures("small_pages")
def test_tasks_that_move_while_pages_are_read(edits: Edits) -> None:
    """Tasks that change between two pages, in either direction, are all mirrored."""
    ids = edits.add([f"text {i}" for i in range(10)])

    def act(page: int, _: list[Json]) -> None:
        if page == 1:
            edits.answer(ids[0], "positive")
            edits.answer(ids[9], "negative")
            edits.lead.delete_task(ids[4])

    with Meddling(edits.site, act) as server:
        edits.pull(server)
    assert edits.mirrored() == []


@pytest.mark.usefixtures("small_pages")
def test_a_stamp_newer_than_its_page_hides_no_other_task(edits: Edits) -> None:
    """The last task of a page changes while it is made; the cursor does not pass the rest."""
    edits.add([f"text {i}" for i in range(7)])
    late = (edits.now() + timedelta(seconds=5)).isoformat()

    def act(page: int, tasks: list[Json]) -> None:
        if page == 1:
            tasks[-1]["updated_at"] = late

    with Meddling(edits.site, act) as server:
        edits.pull(server)
    edits.pull()
    assert len(edits.store.task_ids(edits.project_id)) == 7
    assert edits.differences() == []


@pytest.mark.usefixtures("small_pages")
def test_more_tasks_of_one_moment_than_a_page_holds(edits: Edits) -> None:
    """Eight tasks with one updated_at are read in pages of three."""
    ids = edits.add([f"text {i}" for i in range(8)])
    for task_id in ids:
        edits.stamp(task_id, edits.now())
    moment = edits.now()
    for task_id in ids:
        edits.stamp(task_id, moment)
    assert edits.mirrored() == []
    assert edits.store.task_ids(edits.project_id) == set(ids)


@pytest.mark.usefixtures("small_pages")
def test_a_pull_that_was_cut_off_goes_on_where_it_stopped(edits: Edits) -> None:
    """What was committed is not read again, and what changed in between is mirrored."""
    ids = edits.add([f"text {i}" for i in range(9)])
    pages: list[int] = []

    def stop(tasks: int) -> None:
        pages.append(tasks)
        if len(pages) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(edits.lead, edits.store, edits.project_id, FIELDS, edits.now, progress=stop)
    assert edits.store.task_ids(edits.project_id) == set(ids[:6])
    edits.answer(ids[0], "positive")
    first: list[list[int]] = []
    with Meddling(edits.site, lambda _, tasks: first.append([t["id"] for t in tasks])) as server:
        edits.pull(server)
    assert first[0] == ids[6:]
    assert edits.differences() == []


def test_addresses_are_those_of_the_import(edits: Edits) -> None:
    """Label Studio makes others of them for its editor, which must not be written back."""
    login = {"task_data_login": "user", "task_data_password": "word"}
    edits.call("PATCH", f"projects/{edits.project_id}/", login)
    (task_id,) = edits.add(["https://example.org/a.txt"])
    # Community has no route for these, and fails where it is to make them.
    with pytest.raises(requests.HTTPError, match="500"):
        edits.call("GET", f"tasks/{task_id}/")
    assert edits.mirrored() == []
    (held,) = edits.store.tasks(edits.project_id)
    assert held.data["text"] == "https://example.org/a.txt"
