"""A generator may fail in any way; it costs only the tasks that are to blame."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.errors import ConfigurationError, Fatal
from sync.generator import Generator, Proposal
from sync.placing import candidates
from sync.records import Json, Project, Task
from tests.upstreams import CONFIG, GOOD, Reply, Upstream, every, good, upstream

PROJECT = Project(project_id=1, title="t", label_config=CONFIG.xml, model_version="assay-1")
Predict = Callable[[Json], Any]


def tasks(count: int) -> list[Task]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Task(task_id=i, data={"text": str(i)}, data_hash="h", batch="b", updated_at=now)
        for i in range(count)
    ]


def ask(there: Upstream, count: int, **options: Any) -> list[Proposal]:
    with Generator(there.url, **{"pause": 0.001, **options}) as generator:
        return generator.propose(PROJECT, "1.5", tasks(count))


def answered(found: list[Proposal]) -> list[int]:
    return [i for i, proposal in enumerate(found) if proposal.answer is not None]


def test_only_id_and_data_are_sent() -> None:
    """The request is the ordinary one, with basic auth and nothing of people's answers."""
    with upstream(every(good)) as there:
        ask(there, 1, user="üser", password="secret")
        ((path, body, headers),) = there.requests
    assert path == "/predict"
    assert body["tasks"] == [{"id": 0, "data": {"text": "0"}}]
    assert headers["Authorization"] == "Basic w7xzZXI6c2VjcmV0"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"results": rows},
        lambda rows: rows,
        lambda rows: {"predictions": rows},
        lambda rows: {"results": {"predictions": rows, "model_version": "m"}},
        lambda rows: {"results": [[row, row | {"result": []}] for row in rows]},
    ],
    ids=["results", "bare list", "ModelResponse", "ModelResponse in results", "lists"],
)
def test_answers_of_both_protocols_are_understood(wrap: Callable[[Any], Any]) -> None:
    """Each form in which backends of label-studio-ml 1 and 2 answer gives the same proposals."""
    with upstream(lambda body: wrap([good(task) for task in body["tasks"]])) as there:
        found = ask(there, 3)
    assert [p.answer and p.answer["model_version"] for p in found] == [
        f"v of {i}" for i in (0, 1, 2)
    ]


def test_a_version_of_the_reply_counts_where_a_prediction_names_none() -> None:
    """Version 1 of the protocol names it once, beside the results."""

    def predict(body: Json) -> Json:
        rows: list[Json] = [{"result": GOOD} for _ in body["tasks"]]
        rows[0]["model_version"] = "own"
        return {"results": rows, "model_version": "INITIAL"}

    with upstream(predict) as there:
        found = ask(there, 2)
    assert [p.answer and p.answer["model_version"] for p in found] == ["own", "INITIAL"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=500), "answered 500"),
        (Reply(body=b"<html>"), "no JSON"),
        (Reply(body=b"[" * 100_000), "nested too deeply"),
        ([], "0 results for 1 tasks"),
        ({"results": None}, "no list of results"),
        ({"results": [None]}, "null"),
        ({"results": ["yes"]}, "not an object"),
        ({"results": [{}]}, "abstained"),
        ({"results": [[]]}, "abstained"),
        ({"results": [{"result": [{"value": float("nan")}]}]}, "not finite"),
        (Reply(hang_up=True), "connection lost"),
        (Reply(status=401), "user and password"),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), "redirect"),
    ],
)
def test_what_is_no_answer_is_told(reply: Any, reason: str) -> None:
    """The task has no candidate, and the reason."""
    with upstream(lambda body: reply) as there:
        (found,) = ask(there, 1)
    assert found.answer is None
    assert reason in found.reason


@pytest.mark.parametrize("bad", [Reply(status=500), Reply(status=413), Reply(body=b"{"), []])
def test_one_bad_task_costs_only_itself(bad: Any) -> None:
    """Where a request fails it is cut in two until the task that is to blame stands alone."""
    with upstream(
        lambda b: bad if 41 in [t["id"] for t in b["tasks"]] else every(good)(b)
    ) as there:
        found = ask(there, 100)
    assert answered(found) == [i for i in range(100) if i != 41]
    assert len(there.requests) < 100


def test_a_row_of_bad_tasks_does_not_condemn_the_others() -> None:
    """After many failures on neighbours, tasks far from them are tried."""
    with upstream(
        lambda b: Reply(status=500) if any(t["id"] < 90 for t in b["tasks"]) else every(good)(b)
    ) as there:
        found = ask(there, 300)
    assert answered(found) == list(range(90, 300))


def test_a_backend_that_fails_on_everything_is_left_alone() -> None:
    """It is asked some dozens of times, not once for each of thousands of tasks."""
    with upstream(lambda body: Reply(status=500)) as there:
        found = ask(there, 3000)
    assert answered(found) == []
    assert len(there.requests) < 200
    assert "one task after the other" in found[-1].reason


def test_a_backend_that_answers_one_task_of_each_request_is_asked_for_one() -> None:
    """Whose the one answer to several tasks is cannot be known."""
    with upstream(lambda body: {"results": [good(body["tasks"][0])]}) as there:
        found = ask(there, 40)
    told = [proposal.answer and proposal.answer["model_version"] for proposal in found]
    assert told == [f"v of {i}" for i in range(40)]


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_busy_backend_is_asked_again(status: int) -> None:
    """Two refusals for now, then the answer."""
    replies = [Reply(status=status, headers={"Retry-After": "0"}), Reply(status=status)]
    with upstream(lambda b: replies.pop() if replies else every(good)(b)) as there:
        assert answered(ask(there, 1)) == [0]
    assert len(there.requests) == 3


def test_requests_grow_while_they_are_quick() -> None:
    """The first one is small; a quick backend soon gets many tasks at a time."""
    with upstream(every(good)) as there:
        ask(there, 600, at_once=1)
    sizes = there.sizes()
    assert sizes[0] <= 4
    assert sizes[:-1] == sorted(sizes[:-1])
    assert max(sizes) >= 128


def test_requests_that_time_out_shrink() -> None:
    """A backend that takes longer than its time for two tasks is asked for one at a time."""
    release = threading.Event()

    def predict(body: Json) -> Any:
        if len(body["tasks"]) > 1:
            release.wait(20)
        return every(good)(body)

    with upstream(predict) as there:
        found = ask(there, 6, seconds=0.3)
        release.set()
    assert answered(found) == list(range(6))


def test_an_answer_that_drips_is_cut_off() -> None:
    """The time of a request is that of the whole answer, not of its next byte."""
    with upstream(lambda body: Reply(body=b" " * 50_000_000)) as there:
        (found,) = ask(there, 1, seconds=1e-4)
    assert "timed out" in found.reason


def test_no_more_requests_than_allowed_are_in_flight() -> None:
    """The backend never works on more than `at_once` of them."""
    gate = threading.Barrier(3, timeout=20)

    def predict(body: Json) -> Any:
        if body["tasks"][0]["id"] < 12:
            gate.wait()
        return every(good)(body)

    with upstream(predict) as there:
        ask(there, 12, at_once=3, most_chunk=2)
    assert there.busiest == 3


def test_what_a_backend_works_on_is_asked_for_again() -> None:
    """Assay's own says so of what was late; a task that never comes is told after some times."""
    asked: Counter[int] = Counter()

    def one(task: Json) -> Json:
        asked[task["id"]] += 1
        late = task["id"] == 3 or (task["id"] > 3 and asked[task["id"]] < 3)
        return {"abstained": "not answered within 90 s", "again": True} if late else good(task)

    with upstream(every(one)) as there:
        found = ask(there, 8)
    assert answered(found) == [0, 1, 2, 4, 5, 6, 7]
    assert found[3].reason == "the generator abstained: not answered within 90 s"
    assert (asked[0], asked[3], asked[5]) == (1, 20, 3)


def test_a_missing_backend_is_given_up_at_once(port: int) -> None:
    """Nobody listens: all tasks are told so, after a few tries."""
    gone = Upstream(f"http://127.0.0.1:{port}", good)
    found = ask(gone, 2000)
    assert {proposal.reason for proposal in found} == {"the generator failed: connection failed"}


def test_a_missing_generator_is_named(port: int) -> None:
    """Freeze refuses before anything is written."""
    with (
        Generator(f"http://127.0.0.1:{port}") as generator,
        pytest.raises(ConfigurationError, match="does not answer"),
    ):
        generator.check()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"result": [{"from_name": "label"}]}, "points to None"),
        ({"result": "other"}, "not a list"),
        ({"result": [*GOOD, *GOOD]}, "answered twice"),
        ({"result": []}, "holds no label"),
    ],
)
def test_an_answer_that_cannot_be_judged_is_no_candidate(
    answer: dict[str, Any], reason: str
) -> None:
    """It is kept out with its reason."""
    (made,) = candidates(tasks(1), [Proposal(answer=answer)], "b", "v", CONFIG)
    assert made.result is None
    assert reason in made.reason


@pytest.mark.parametrize("score", ["high", True, -1, 2, None, float("nan")])
def test_a_strange_score_is_dropped(score: object) -> None:
    """Label Studio refuses a whole import for one of these."""
    answer = {"result": GOOD, "score": score, "model_version": "theirs-3"}
    (made,) = candidates(tasks(1), [Proposal(answer=answer)], "b", "v", CONFIG)
    assert (made.result, made.score, made.generator_version) == (GOOD, None, "theirs-3")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (None, "start it, or set ASSAY_GENERATOR_URL"),
        (401, "ASSAY_BACKEND_URL, _USER and _PASSWORD"),
        (500, "see its log"),
    ],
)
def test_a_generator_that_cannot_be_asked_is_not_taken_for_a_wrong_engine(
    status: int | None, remedy: str, port: int
) -> None:
    """What it says of its engine is known only if it answers; else the remedy is another."""
    with upstream(good, setup=lambda body: Reply(status or 200)) as there:
        url = f"http://127.0.0.1:{port}" if status is None else there.url
        with Generator(url) as generator, pytest.raises(Fatal) as refused:
            generator.problem(PROJECT, "1.5")
    assert remedy in str(refused.value)
    assert "engine" not in str(refused.value)
