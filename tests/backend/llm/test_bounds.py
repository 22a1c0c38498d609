"""How many requests there are, how long they may take, and what they may cost."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.engines import Abstention, Late, Proposal
from backend.engines.llm import LlmEngine
from backend.llm.account import Account, Spent
from backend.llm.cache import Cache
from backend.llm.storage import FILE, Storage
from sync.errors import Fatal
from tests.backend.llm.conftest import Make, Set
from tests.backend.llm.endpoint import Json, Response, completion

RED = completion(json.dumps({"c": "red"}))
PRICES = {"price_per_million_input": 1.0, "price_per_million_output": 10.0}


def spent(used: Set) -> Spent:
    around = used.around()
    return Account(Storage(around.folder), around.options).spent()


def test_requests_run_side_by_side_within_the_bound(made: Make) -> None:
    """Three at once are three: a barrier of three opens, and a fourth never comes beside them."""
    barrier = threading.Barrier(3, timeout=20)

    def together(request: Json) -> Response:
        barrier.wait()
        return RED

    used = made(together, at_once=3)
    with ThreadPoolExecutor(2) as pool:  # two requests of Label Studio share the bound
        found = list(pool.map(lambda k: used.texts(*(f"{k} {i}" for i in range(6))), range(2)))
    assert all(isinstance(answer, Proposal) for answers in found for answer in answers)
    assert used.endpoint.busiest == 3


def test_what_takes_too_long_is_there_the_next_time(
    made: Make, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """At the deadline it is an abstention; its answer is kept when it comes, and asked for once."""
    free = threading.Event()

    def held(request: Json) -> Response:
        free.wait(20)
        return RED

    used = made(held, at_once=1)
    found = used.texts("one", "two", deadline_seconds=0.2)
    assert found == [Late("not answered within 0.2 seconds")] * 2
    free.set()
    wait_until(lambda: spent(used).output_tokens > 0)
    assert isinstance(used.texts("one")[0], Proposal)
    # The second had not begun, so it was taken back.
    assert len(used.endpoint.requests) == 1


def test_a_task_is_asked_once(made: Make) -> None:
    """Twice in one request, at the same time in two, or again: one request to the endpoint."""
    entered, free = threading.Event(), threading.Event()

    def held(request: Json) -> Response:
        entered.set()
        free.wait(20)
        return RED

    used = made(held)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(used.texts, "one", "one")
        entered.wait(20)
        second = pool.submit(used.texts, "one")
        free.set()
        assert first.result() == second.result() * 2
    assert used.texts("one") == second.result()
    assert len(used.endpoint.requests) == 1


def test_answers_outlive_the_process(made: Make) -> None:
    """Another engine on the same folder asks nothing; the account counts it."""
    used = made(lambda request: RED)
    before = used.texts("one")
    used.engine = LlmEngine()
    assert used.texts("one") == before
    assert len(used.endpoint.requests) == 1
    assert spent(used) == Spent(1, 100, 10, 1, 0.0)


@pytest.mark.parametrize(
    "change",
    [{"model": "n"}, {"temperature": 0.5}, {"body": {"seed": 1}}, {"max_output_tokens": 9}],
)
def test_another_question_is_asked_anew(made: Make, change: Json) -> None:
    """Whatever the answer may depend on is part of what it is known by, and of the version."""
    used = made(lambda request: RED)
    used.texts("one")
    used.texts("one", **change)
    assert len(used.endpoint.requests) == 2
    versions = {used.engine.version(used.around(**more), used.config) for more in ({}, change)}
    assert len(versions) == 2


@pytest.mark.parametrize(
    "change", [{"at_once": 1}, {"retries": 1}, {"most_cost": 1.0} | PRICES, {"timeout_seconds": 9}]
)
def test_what_answers_do_not_depend_on_makes_no_new_generator(made: Make, change: Json) -> None:
    """A project keeps its version and its answers when it is asked faster or more patiently."""
    used = made(lambda request: RED)
    used.texts("one")
    used.texts("one", **change)
    assert len(used.endpoint.requests) == 1
    versions = {used.engine.version(used.around(**more), used.config) for more in ({}, change)}
    assert len(versions) == 1


def test_the_cache_keeps_what_was_used_last() -> None:
    """Within its bound; what was not asked for the longest time goes first."""
    time = iter(range(10_000))
    cache = Cache(Storage(None), 1, clock=lambda: next(time))
    for i in range(30):
        cache.put(f"key {i}", {"answer": "x" * 100_000})
        assert cache.get("key 0") is not None
    kept = [i for i in range(30) if cache.get(f"key {i}")]
    assert kept == [0, *range(30 - len(kept) + 1, 30)]
    assert 8 <= len(kept) <= 10
    cache.put("huge", {"answer": "x" * 1_000_000})
    assert cache.get("huge") is None


def test_cost_is_tokens_times_prices(made: Make) -> None:
    """100 tokens of input at 1 and 10 of output at 10 a million are 0.0002."""
    used = made(lambda request: RED, **PRICES)
    used.texts("one", "two")
    found = spent(used)
    assert (found.requests, found.input_tokens, found.output_tokens) == (2, 200, 20)
    assert found.cost == pytest.approx(0.0004)


def test_the_budget_is_never_passed(made: Make) -> None:
    """However many ask at once, and however little the endpoint tells, cost stays below it."""
    used = made(
        lambda request: completion('{"c": "red"}', tokens=(900, 50)),
        at_once=8,
        most_cost=0.02,
        max_output_tokens=50,
        **PRICES,
    )
    found = used.texts(*(f"text {i}" for i in range(40)))
    proposed = sum(isinstance(answer, Proposal) for answer in found)
    reasons = {answer.reason for answer in found if isinstance(answer, Abstention)}
    assert reasons == {"the budget is used up: engine.llm.most_cost is 0.02 for the project"}
    assert 5 <= proposed <= 14
    assert proposed * 0.0014 == pytest.approx(spent(used).cost)
    assert spent(used).cost <= 0.02
    # What was answered stays answered, and costs nothing.
    assert sum(isinstance(a, Proposal) for a in used.texts(*(f"text {i}" for i in range(40)))) >= 5
    assert isinstance(used.texts("text 99", most_cost=9.0)[0], Proposal)


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1, "completion_tokens": 2}, "x"])
def test_tokens_that_are_not_told_count_at_their_most(made: Make, usage: object) -> None:
    """No token is shorter than a byte, and the output has its bound."""

    def silent(request: Json) -> Response:
        status, headers, content = RED
        return status, headers, json.dumps(json.loads(content) | {"usage": usage}).encode()

    used = made(silent, max_output_tokens=77)
    assert isinstance(used.texts("one")[0], Proposal)
    asked = sum(len(m["content"].encode()) for m in used.endpoint.requests[0]["messages"])
    assert spent(used).input_tokens >= asked
    assert spent(used).output_tokens == 77


def test_what_was_never_sent_costs_nothing(made: Make) -> None:
    """Where nobody listens, the budget stays; a request that breaks off is taken to be billed."""
    used = made(lambda request: (0, {}, b""), most_cost=9.0, retries=1, **PRICES)
    found = used.texts("one", url="http://127.0.0.1:9/v1")
    assert found == [Abstention("the endpoint does not answer")]
    assert spent(used) == Spent(2, 0, 0, 0, 0.0)
    used.texts("two")
    assert spent(used).cost > 2 * 1_000 * 10 / 1e6


def test_reservations_add_up(tmp_path: Path) -> None:
    """Of 40 threads on two connections that reserve 1 of 10 each, ten may go."""
    from backend.llm.account import Usage
    from backend.llm.options import LlmOptions

    options = LlmOptions(model="m", price_per_million_input=1.0, most_cost=10.0)
    accounts = [Account(Storage(tmp_path), options) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        worst = Usage(1_000_000, 0)
        gone = list(pool.map(lambda i: accounts[i % 2].reserve(worst), range(40)))
    assert sum(gone) == 10
    accounts[0].settle(worst, Usage(500_000, 0))
    assert accounts[1].spent().cost == pytest.approx(9.5)


def test_a_broken_account_is_not_begun_anew(made: Make) -> None:
    """Nothing is asked, and the reason names the file."""
    used = made(lambda request: RED)
    folder = used.around().folder
    assert folder is not None
    folder.mkdir()
    (folder / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(Fatal, match=r"llm\.sqlite cannot be read: restore it, or delete it"):
        used.texts("one")
    assert used.endpoint.requests == []


def test_an_answer_that_cannot_be_kept_is_given(
    made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs the cache, not what was paid for."""

    def full(self: Cache, key: str, answer: Json) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Cache, "put", full)
    used = made(lambda request: RED)
    assert isinstance(used.texts("one")[0], Proposal)
