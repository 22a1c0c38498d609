"""The cache of answers, the progress of predictions and the pace of requests."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.answer_cache import AnswerCache
from backend.progress import FILE, Progress, read
from sync.generator import Proposal
from sync.generator.pace import Pace
from tests.backend.engines.upstream_cases import model, proposed, tasks
from tests.upstreams import every, good, upstream

ANSWER = Proposal(answer={"result": [{"value": "ü😀"}], "score": 0.5})


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_answers_survive_the_process(tmp_path: Path) -> None:
    """Another cache on the same file has them, abstentions too, and no failure."""
    path = tmp_path / "deep" / "cache.sqlite"
    first = AnswerCache(path)
    abstained = Proposal(answer=None, reason="the generator abstained")
    first.put({b"a": ANSWER, b"b": abstained, b"c": Proposal(answer=None, failed=True)})
    assert AnswerCache(path).get([b"a", b"b", b"c"]) == {b"a": ANSWER, b"b": abstained}
    first.close()


def test_the_oldest_answers_go_first() -> None:
    """No more are kept than allowed, and a very long one not at all."""
    clock = Clock()
    cache = AnswerCache(None, most=3, clock=clock)
    for i in range(5):
        clock.now += 1
        cache.put({bytes([i]): ANSWER})
    cache.put({b"long": Proposal(answer={"result": "x" * 2_000_000})})
    assert sorted(cache.get([bytes([i]) for i in range(5)] + [b"long"])) == [b"\2", b"\3", b"\4"]


def test_old_answers_can_be_left_out() -> None:
    """Those of a backend without a version count for a while only."""
    clock = Clock()
    cache = AnswerCache(None, clock=clock)
    cache.put({b"a": ANSWER})
    assert cache.get([b"a"], since=1000.0) == {b"a": ANSWER}
    assert cache.get([b"a"], since=1000.5) == {}


def test_many_keys_are_found_at_once() -> None:
    """More than SQLite takes in one statement."""
    cache = AnswerCache(None)
    keys = [str(i).encode() for i in range(1200)]
    cache.put(dict.fromkeys(keys, ANSWER))
    assert set(cache.get(keys)) == set(keys)


def test_progress_is_told_to_other_processes(tmp_path: Path) -> None:
    """Counts, rate, the time left, and failures by their reason."""
    clock = Clock()
    progress = Progress(tmp_path, clock)
    assert read(tmp_path)["total"] == 0
    progress.asked(100)
    clock.now += 10
    progress.answered([""] * 18 + ["timed out", "timed out"])
    assert read(tmp_path) == {
        "running": True,
        "total": 100,
        "done": 20,
        "failed": 2,
        "seconds": 10.0,
        "tasks_per_second": 2.0,
        "seconds_left": 40.0,
        "failures": {"timed out": 2},
    }
    progress.answered([""] * 80)
    assert (read(tmp_path)["running"], read(tmp_path)["done"]) == (False, 100)


def test_requests_that_follow_each_other_are_one_run(tmp_path: Path) -> None:
    """After a pause the next one begins anew."""
    clock = Clock()
    progress = Progress(tmp_path, clock)
    for _ in range(2):
        progress.asked(5)
        clock.now += 1
        progress.answered([""] * 5)
    assert read(tmp_path)["total"] == 10
    clock.now += 60
    progress.asked(7)
    assert json.loads((tmp_path / FILE).read_text())["total"] == 7


def test_answers_that_cannot_be_kept_are_given(tmp_path: Path) -> None:
    """Whatever the disk refuses, each question is answered, the third like the first."""
    (tmp_path / FILE).mkdir()
    with upstream(every(good)) as there:
        asked = model(there, tmp_path, at_once=1, deadline_seconds=5)
        for number in range(3):
            assert proposed(asked.predict(tasks([number]))) == [0]


def test_two_processes_do_not_write_to_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their main threads may have the same number, and one would take away the other's file."""
    written = []
    write = Path.write_text

    def kept(path: Path, *given: str, **named: str) -> int:
        written.append(path)
        return write(path, *given, **named)

    monkeypatch.setattr(Path, "write_text", kept)
    for process in (11, 12):
        monkeypatch.setattr(os, "getpid", lambda number=process: number)
        Progress(tmp_path).asked(1)
    assert len(set(written)) == 2


def test_a_broken_progress_file_is_no_error(tmp_path: Path) -> None:
    """Nothing is known then."""
    (tmp_path / FILE).write_text("{")
    assert read(tmp_path)["done"] == 0


@given(st.lists(st.tuples(st.floats(1e-6, 1e3), st.booleans()), max_size=60))
def test_the_pace_stays_within_its_bounds(steps: list[tuple[float, bool]]) -> None:
    """Whatever requests take, and however they fail, the next has 1 to the most tasks."""
    pace = Pace(5.0, 64)
    for seconds, failed in steps:
        if failed:
            pace.failed(pace.size)
        else:
            pace.took(pace.size, seconds)
        assert 1 <= pace.size <= 64


@pytest.mark.parametrize("each", [0.01, 0.3, 2.0, 8.0])
def test_the_pace_settles_near_its_aim(each: float) -> None:
    """A backend of constant speed gets as many tasks as fit the aim, one at least."""
    pace = Pace(5.0, 10_000)
    for _ in range(30):
        pace.took(pace.size, each * pace.size)
    assert pace.size == max(1, int(5.0 / each)) or abs(pace.size * each - 5.0) <= each
