"""An ML backend behind Assay, as Label Studio and the command line ask for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.records import Json
from sync.settings import Settings
from tests.upstreams import GOOD, Upstream, every, upstream

Body = Callable[..., Json]
Auth = tuple[str, str]
FREEZE = {"X-Assay-Purpose": "candidates"}
DRAWN = {"context": {"result": [{"type": "choices"}]}}


def answer(task: Json) -> Json:
    if task["data"]["text"] == "text 8":
        return {"result": [GOOD[0] | {"value": {"choices": ["unheard of"]}}]}
    return {"result": GOOD, "score": 0.5, "model_version": "theirs-2"}


@pytest.fixture
def there(team_settings: Settings) -> Iterator[Upstream]:
    """A backend that the settings file names."""
    with upstream(every(answer)) as found:
        (team_settings.home / "assay.toml").write_text(
            f'[engine]\nuse = "upstream"\n[engine.upstream]\nurl = "{found.url}"\n'
        )
        yield found


def elements(client: FlaskClient, sent: Json, auth: Auth, **headers: Any) -> list[Json]:
    found: Any = client.post("/predict", json=sent, auth=auth, **headers).json
    return list(found["results"])


def test_a_project_is_answered_by_it_under_assays_version(
    client: FlaskClient, there: Upstream, body: Body, auth: Auth
) -> None:
    """A retrieval gets what can be stored, and an empty element for what cannot."""
    found = elements(client, body(7, 8, 9, project="9.1"), auth)
    assert [bool(element) for element in found] == [True, False, True]
    assert {element["model_version"] for element in found if element} == {"assay-9"}


def test_a_freeze_is_told_its_own_versions_and_reasons(
    client: FlaskClient, there: Upstream, body: Body, auth: Auth
) -> None:
    """The version is the one that it names, and an abstention says why."""
    good, bad = elements(client, body(7, 8), auth, headers=FREEZE)
    assert good["model_version"] == "theirs-2"
    assert "unheard of" in bad["abstained"]


def test_a_freeze_is_told_what_is_only_late(
    client: FlaskClient, team_settings: Settings, body: Body, auth: Auth
) -> None:
    """It may ask again for what the backend works on; a retrieval gets an empty element."""
    release = threading.Event()

    def slow(body: Json) -> Any:
        release.wait(60)
        return every(answer)(body)

    with upstream(slow) as there:
        (team_settings.home / "assay.toml").write_text(
            f'[engine]\nuse = "upstream"\n[engine.upstream]\nurl = "{there.url}"\n'
            "deadline_seconds = 0.2\n"
        )
        late = {"abstained": "not answered within 0.2 s", "again": True}
        assert elements(client, body(7), auth, headers=FREEZE) == [late]
        assert elements(client, body(7), auth) == [{}]
        release.set()


@pytest.mark.parametrize(("task_id", "helped"), [(1, False), (2, True), (3, False), (4, True)])
def test_who_draws_is_helped_unless_the_task_is_withheld(
    client: FlaskClient, there: Upstream, body: Body, auth: Auth, task_id: int, helped: bool
) -> None:
    """On a connected project too; on blind and gold tasks the backend is not even asked."""
    (found,) = elements(client, body(task_id) | {"params": DRAWN}, auth)
    assert bool(found) is helped
    assert [sent["params"] for sent in there.bodies()] == [DRAWN] * helped


def test_opening_a_task_of_a_connected_project_asks_nobody(
    client: FlaskClient, there: Upstream, body: Body, auth: Auth
) -> None:
    """The ledger alone answers, so that no candidate appears where none was frozen."""
    assert [bool(element) for element in elements(client, body(1, 2, 3, 4), auth)] == [
        False,
        True,
        False,
        False,
    ]
    assert there.requests == []


def test_progress_is_told(
    client: FlaskClient,
    there: Upstream,
    body: Body,
    auth: Auth,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """ml#908: there is no way to see how far a retrieval is."""
    assert client.get("/progress?project=9").status_code == 401
    assert client.get("/progress", auth=auth).status_code == 400
    elements(client, body(*range(10, 40), project="9.1"), auth)

    def told() -> Any:
        return client.get("/progress?project=9.17", auth=auth).json

    # It is counted just after the answers are given.
    wait_until(lambda: told()["done"] == 30)
    assert (told()["project"], told()["total"]) == (9, 30)
    assert (told()["running"], told()["failures"]) == (False, {})


def test_health_and_setup_do_not_wait_for_it(
    client: FlaskClient, team_settings: Settings, auth: Auth, config: Any
) -> None:
    """ml#288: Label Studio gives them 1 s and 3 s, and takes the backend away after that."""
    release = threading.Event()

    def hang(body: Json) -> Json:
        release.wait(60)
        return {}

    with upstream(hang, setup=hang) as stuck:
        (team_settings.home / "assay.toml").write_text(
            f'[engine]\nuse = "upstream"\n[engine.upstream]\nurl = "{stuck.url}"\n'
        )
        began = time.monotonic()
        assert client.get("/health").status_code == 200
        sent = {"project": "9.1", "schema": config.xml}
        assert client.post("/setup", json=sent, auth=auth).json == {"model_version": "assay-9"}
        assert time.monotonic() - began < 1
        release.set()


def test_a_password_stays_out_of_all_that_is_told(
    monkeypatch: pytest.MonkeyPatch, team_settings: Settings, tmp_path: Path
) -> None:
    """It reaches the backend, and neither reasons nor files."""
    from backend.engines import Surroundings
    from backend.engines.upstream import Options, UpstreamEngine
    from tests.upstreams import CONFIG, Reply

    monkeypatch.setenv("ASSAY_UPSTREAM_USER", "them")
    monkeypatch.setenv("ASSAY_UPSTREAM_PASSWORD", "hush-hush")
    with upstream(lambda body: Reply(status=500)) as failing:
        around = Surroundings(
            options=Options(url=failing.url), settings=Settings.load(), folder=tmp_path
        )
        engine = UpstreamEngine()
        found = engine.model(None, CONFIG, around).predict([{"id": 1, "data": {}}])
        assert failing.requests[0][2]["Authorization"].startswith("Basic ")
    assert "hush" not in repr(found) + engine.version(around, CONFIG)
    assert not any(b"hush" in path.read_bytes() for path in tmp_path.iterdir())
