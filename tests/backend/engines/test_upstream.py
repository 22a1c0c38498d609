"""What users of plain ML backends suffer from does not reach users of one behind Assay.

The numbers are those of the threads in which they tell of it: LS is HumanSignal/label-studio, ml
is HumanSignal/label-studio-ml-backend.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.engines import Abstention
from backend.engines.behind import Asked
from backend.engines.upstream import Options, UpstreamEngine
from backend.progress import read
from sync.records import Json
from tests.backend.engines.upstream_cases import around, model, proposed, reasons, tasks
from tests.upstreams import CONFIG, GOOD, Reply, every, good, upstream

Wait = Callable[[Callable[[], bool]], None]


def test_what_is_late_is_there_at_the_next_question(tmp_path: Path, wait_until: Wait) -> None:
    """LS#6422, #9098, #6330, #1773: a retrieval dies while the backend keeps working."""
    release = threading.Event()

    def predict(body: Json) -> Any:
        if body["tasks"][0]["id"] >= 4:
            release.wait(30)
        return every(good)(body)

    with upstream(predict) as there:
        slow = model(there, tmp_path, deadline_seconds=0.5, most_chunk=4)
        first = slow.predict(tasks(range(40)))
        assert proposed(first) == [0, 1, 2, 3]
        assert reasons(first) == {"not answered within 0.5 s"}
        release.set()
        wait_until(lambda: len(there.ids()) == 40 and not there.working)
        second = slow.predict(tasks(range(40)))
        assert proposed(second) == list(range(40))
        assert sorted(there.ids()) == list(range(40))
        told = read(tmp_path)
    assert (told["running"], told["total"], told["done"]) == (False, 40, 40)


def test_a_question_that_is_repeated_is_not_asked_again(tmp_path: Path) -> None:
    """LS#6422: every click on retrieve starts the same work once more."""
    with upstream(every(good)) as there:
        asked = model(there, tmp_path)
        first = asked.predict(tasks(range(30)))
        assert asked.predict(tasks(range(30))) == first
        assert model(there, tmp_path).predict(tasks(range(30))) == first
        assert len(there.ids()) == 30


def test_two_who_ask_for_the_same_wait_for_one_answer(tmp_path: Path) -> None:
    """ml#192: the same tasks are computed once for each request that is open."""
    release, asking = threading.Event(), threading.Event()

    def predict(body: Json) -> Any:
        asking.set()
        release.wait(30)
        return every(good)(body)

    with upstream(predict) as there:
        shared = model(there, tmp_path)
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.append(shared.predict(tasks([1]))))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        assert asking.wait(30)
        release.set()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        assert there.ids() == [1]


def test_the_backend_is_set_up_once(tmp_path: Path) -> None:
    """ml#164, #192: the model is loaded again at every request, since each begins with a setup."""
    with upstream(every(good)) as there:
        asked = model(there, tmp_path)
        for i in range(20):
            asked.predict(tasks([i]))
        (body,) = there.bodies("/setup")
    assert body["schema"] == CONFIG.xml
    assert body["project"] == "7.0"
    assert not body["access_token"]


def test_one_bad_element_costs_one_task(tmp_path: Path) -> None:
    """LS#1755: one task that the backend cannot do loses the whole batch."""
    bad: dict[int, Any] = {
        3: None,
        5: {"result": GOOD, "score": "high"},
        7: {"result": GOOD, "score": float("nan")},
        9: {"result": [GOOD[0] | {"from_name": "gone"}], "score": 0.5},
        11: {"result": [GOOD[0] | {"value": {"choices": ["unheard of"]}}], "score": 0.5},
        13: {"result": "other"},
        15: [],
        17: {"result": GOOD, "score": 7.5},
        19: "oops",
    }
    with upstream(every(lambda task: bad.get(task["id"], good(task)))) as there:
        found = model(there, tmp_path).predict(tasks(range(20)))
    assert proposed(found) == [i for i in range(20) if i not in bad]
    told = {i: answer.reason for i, answer in enumerate(found) if isinstance(answer, Abstention)}
    assert "null" in told[3]
    assert told[5] == told[7] == told[17] == "the generator's score is no number from 0 to 1"
    assert "gone" in told[9]
    assert "abstained" in told[15]


def test_a_crash_on_one_task_costs_one_task(tmp_path: Path) -> None:
    """LS#1755: a batch that fails is asked for one by one, and computed twice."""

    def predict(body: Json) -> Any:
        return Reply(status=500) if any(t["id"] == 33 for t in body["tasks"]) else every(good)(body)

    with upstream(predict) as there:
        found = model(there, tmp_path).predict(tasks(range(64)))
        assert proposed(found) == [i for i in range(64) if i != 33]
        assert len(there.ids()) < 2 * 64


def test_a_slow_setup_is_waited_for_only_shortly(tmp_path: Path) -> None:
    """ml#288: Label Studio gives /setup 3 s, and disconnects a backend that loads a model there."""
    release = threading.Event()

    def setup(body: Json) -> Any:
        release.wait(60)
        return {"model_version": "v1"}

    with upstream(every(good), setup=setup) as there:
        began = time.monotonic()
        found = model(there, tmp_path).predict(tasks(range(3)))
        assert time.monotonic() - began < 30
        assert proposed(found) == [0, 1, 2]
        release.set()


def test_a_refused_password_names_the_setting(tmp_path: Path) -> None:
    """ml#749, #773, #810, LS#7519: a wrong token is a 401 without a word."""
    with upstream(lambda body: Reply(status=401)) as there:
        found = model(there, tmp_path).predict(tasks(range(500)))
    assert reasons(found) == {"the generator failed: it answered 401: check its user and password"}
    assert len(there.bodies()) <= 2


def test_a_backend_that_is_down_is_told_at_once(tmp_path: Path, port: int) -> None:
    """ml#74, #155, #245, #384, #709, LS#7092: nobody says that localhost is another machine."""
    with upstream(every(good)) as there:
        pass
    found = model(there, tmp_path).predict(tasks(range(500)))
    assert reasons(found) == {"the generator failed: connection failed"}


def test_a_backend_that_dies_in_the_middle_is_asked_again(tmp_path: Path) -> None:
    """LS#1773: a worker that the server ends takes the whole retrieval with it."""
    deaths = iter([True, True])

    def predict(body: Json) -> Any:
        return Reply(hang_up=True) if next(deaths, False) else every(good)(body)

    with upstream(predict) as there:
        assert proposed(model(there, tmp_path).predict(tasks(range(9)))) == list(range(9))


def test_interactive_requests_pass_straight_through(tmp_path: Path) -> None:
    """What a person drew reaches the backend, alone, and its answer is not kept."""
    drawn = {"result": [{"type": "keypointlabels", "value": {"x": 1, "y": 2}}]}
    with upstream(every(good)) as there:
        asked = model(there, tmp_path)
        for _ in range(2):
            assert proposed(asked.predict(tasks([1]), drawn)) == [0]
        sent = there.bodies()
    assert [body["params"] for body in sent] == [{"context": drawn}] * 2


def test_redirects_are_not_followed(tmp_path: Path) -> None:
    """Only the address that is configured is asked, whatever it answers."""
    with upstream(every(good)) as other:
        away = Reply(status=307, headers={"Location": f"{other.url}/predict"})
        with upstream(lambda body: away, setup=lambda body: away) as there:
            found = model(there, tmp_path).predict(tasks([1]))
        assert other.requests == []
    assert "redirect" in next(iter(reasons(found)))


def test_a_person_does_not_wait_behind_a_big_request(tmp_path: Path) -> None:
    """LS#9098: while thousands of tasks are retrieved, opening one task takes minutes."""
    big, release = threading.Event(), threading.Event()

    def predict(body: Json) -> Any:
        if body["tasks"][0]["id"] < 5000:
            big.set()
            release.wait(0.05)
        return every(good)(body)

    with upstream(predict) as there:
        asked = model(there, tmp_path, most_chunk=2, at_once=1)
        crowd = threading.Thread(target=lambda: asked.predict(tasks(range(100))))
        crowd.start()
        assert big.wait(30)
        assert proposed(asked.predict(tasks([9000]))) == [0]
        place = there.ids().index(9000)
        release.set()
        crowd.join()
    assert place < 20


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"url": "ftp://x"}, "http"),
        ({"url": "http://user:secret@x"}, "ASSAY_UPSTREAM_PASSWORD"),
        ({"deadline_seconds": 100.0}, "0.1 to 95"),
        ({"at_once": 0}, "1 to 32"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], named: str) -> None:
    """The setting and what is allowed are named, and no secret."""
    with pytest.raises(ValueError, match=named) as error:
        Options(**options)
    assert "secret" not in str(error.value)


def test_projects_share_the_bound_on_requests(tmp_path: Path) -> None:
    """One backend is never asked more at once than its option allows, whoever asks."""
    engine = UpstreamEngine()
    with upstream(lambda b: (time.sleep(0.01), every(good)(b))[1]) as there:
        models = [
            engine.model(None, CONFIG, around(there, tmp_path / str(i), most_chunk=2))
            for i in range(3)
        ]
        threads = [threading.Thread(target=m.predict, args=(tasks(range(20)),)) for m in models]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert there.busiest <= Options().at_once


def test_what_is_kept_is_the_projects_own(tmp_path: Path) -> None:
    """Answers lie in the folder of the project, and a task's data is not among them."""
    with upstream(every(good)) as there:
        asked = model(there, tmp_path)
        asked.predict(tasks([1]))
    assert isinstance(asked.asked, Asked)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"other" in content
    assert b"text 1" not in content
