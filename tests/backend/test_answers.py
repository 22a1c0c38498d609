"""What requests for predictions are answered with."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.answers import UNTRAINED, Answers
from backend.registry import Registry
from backend.serving import Serving
from label_configs import LabelConfig
from sync.records import Gold, Json
from sync.settings import Settings
from sync.store import Store

Body = Callable[..., Json]
Auth = tuple[str, str]
FREEZE = {"X-Assay-Purpose": "candidates"}


def elements(client: FlaskClient, sent: Json, auth: Auth, **headers: Any) -> list[Json]:
    answer = client.post("/predict", json=sent, auth=auth, **headers)
    assert answer.status_code == 200
    assert answer.json is not None
    found: list[Json] = answer.json["results"]
    return found


def test_the_ledger_answers_in_the_order_asked(
    client: FlaskClient, body: Body, auth: Auth, result: Callable[[str], list[Json]]
) -> None:
    """Shown tasks get their frozen candidate; blind, gold and unfrozen ones an empty element."""
    candidate = {"result": result("other"), "score": 0.7, "model_version": "assay-1"}
    found = elements(client, body(4, 2, 1, 3, 2), auth)
    assert found == [{}, candidate, {}, {}, candidate]


def test_a_candidate_for_other_data_is_not_told(
    client: FlaskClient, body: Body, auth: Auth, result: Callable[[str], list[Json]]
) -> None:
    """Label Studio may give the id of a deleted task to a new one; a place in the queue is none."""
    sent = body(2)
    sent["tasks"][0]["data"]["queue_id"] = "b-1"
    assert elements(client, sent, auth)[0]["result"] == result("other")
    sent["tasks"][0]["data"]["text"] = "another text"
    assert elements(client, sent, auth) == [{}]


def test_a_trained_model_does_not_break_the_blind(
    client: FlaskClient, body: Body, auth: Auth, spy: Any
) -> None:
    """In a connected project no engine is asked outside a freeze."""
    found = elements(client, body(1, 3, 4), auth)
    assert found == [{}, {}, {}]
    assert spy.seen == []


def test_no_annotation_reaches_an_engine(
    client: FlaskClient, body: Body, auth: Auth, spy: Any
) -> None:
    """An engine is shown the data alone, and its abstention is an empty element."""
    found = elements(client, body(7, 8, 9, project="9.1"), auth)
    assert [bool(element) for element in found] == [True, False, True]
    assert {e["model_version"] for e in found if e} == {"assay-9"}
    assert spy.seen == [{"text": "text 7"}, {"text": "text 8"}, {"text": "text 9"}]


def test_a_freeze_is_answered_by_the_engine(
    client: FlaskClient, body: Body, auth: Auth, spy: Any
) -> None:
    """With the header of a freeze every task is asked, under the engine's own version."""
    found = elements(client, body(1, 2, 3, 4), auth, headers=FREEZE)
    assert [e["model_version"].split("@")[0] for e in found] == ["spy"] * 4
    setup = client.post("/setup", json={"project": "1.1"}, headers=FREEZE, auth=auth)
    assert setup.json == {"model_version": found[0]["model_version"]}


def test_without_a_model_all_abstain(
    client: FlaskClient, body: Body, auth: Auth, caplog: pytest.LogCaptureFixture
) -> None:
    """Before the first training each task gets an empty element; log and freeze are told why."""
    caplog.set_level(logging.INFO)
    assert elements(client, body(1, 2, project="9.1"), auth) == [{}, {}]
    assert "no model is trained yet" in caplog.text
    told = elements(client, body(1, 2), auth, headers=FREEZE)
    assert [element["abstained"] for element in told] == [UNTRAINED, UNTRAINED]
    setup = client.post("/setup", json={"project": "1.1"}, headers=FREEZE, auth=auth)
    assert setup.json == {"model_version": ""}


def test_a_broken_setting_places_nothing(
    client: FlaskClient, body: Body, auth: Auth, spy: Any, team_settings: Settings
) -> None:
    """A freeze gets no candidates of the engine of before, but what is wrong with the file."""
    setup = {"json": {"project": "1.1"}, "headers": FREEZE, "auth": auth}
    assert client.post("/setup", **setup).json["model_version"].startswith("spy@")
    (team_settings.home / "assay.toml").write_text('[engine]\nuse = "spie"\n')
    told = client.post("/setup", **setup).json
    assert told["model_version"] == ""
    assert "'spie'" in told["problem"]
    (element,) = elements(client, body(1), auth, headers=FREEZE)
    assert element == {"abstained": told["problem"]}


def test_a_task_that_breaks_the_engine_costs_itself_alone(
    client: FlaskClient, body: Body, auth: Auth, spy: Any
) -> None:
    """The tasks beside it keep their predictions and places."""
    spy.fails_on = {"text 7"}
    found = elements(client, body(6, 7, 9, project="9.1"), auth)
    assert [bool(element) for element in found] == [True, False, True]


def test_an_engine_that_fails_abstains_and_is_counted(
    client: FlaskClient, body: Body, auth: Auth, spy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Label Studio gets empty elements; log and metrics tell, without the task's content."""
    spy.fails_on = {f"text {i}" for i in range(100)}
    assert elements(client, body(*range(20), project="9.1"), auth) == [{}] * 20
    text = client.get("/metrics", auth=auth).get_data(as_text=True)
    assert 'assay_predictions_total{source="failed"} 20.0' in text
    assert "text 7" not in caplog.text
    assert caplog.text


@pytest.mark.parametrize("score", [float("nan"), 1.5, -0.1])
def test_a_score_out_of_range_is_not_sent(
    client: FlaskClient, body: Body, auth: Auth, spy: Any, score: float
) -> None:
    """A score that Label Studio would refuse makes the task an abstention."""
    spy.score = score
    assert elements(client, body(9, project="9.1"), auth) == [{}]


@pytest.mark.parametrize(
    "xml", ["", "<View", "<!DOCTYPE x><View/>", "<View><Text name='t' value='$t'/></View>"]
)
def test_an_unreadable_config_abstains(
    client: FlaskClient, body: Body, auth: Auth, spy: Any, xml: str
) -> None:
    """A label config that cannot be read is no reason for an error page."""
    assert elements(client, body(9, project="9.1") | {"label_config": xml}, auth) == [{}]


def test_a_lost_model_abstains(
    client: FlaskClient, body: Body, auth: Auth, spy: Any, team_settings: Settings
) -> None:
    """A model file that is gone or of an unknown engine makes all tasks abstentions."""
    home = team_settings.home / "models"
    version = Registry(home).publish(8, "unheard-of", {"a": 1}, {})
    assert elements(client, body(5, project="8.1"), auth) == [{}]
    current = Registry(home).current(9)
    assert current is not None
    (home / "9" / current / "model.skops").unlink()
    assert elements(client, body(5, project="9.1"), auth) == [{}]
    assert version != current


@pytest.mark.parametrize("context", [None, {"result": []}])
def test_what_is_frozen_while_an_engine_works_is_withheld(
    team_settings: Settings, store: Store, config: LabelConfig, spy: Any, context: Json | None
) -> None:
    """Its answer comes too late, whether a task is opened or a person draws."""
    now = 0.0
    answers = Answers(store, Serving(team_settings), "queue_id", lambda: now)
    ask = spy.predict

    def slow(tasks: Sequence[Json], context: Json | None = None) -> Any:
        nonlocal now
        now += 60
        found = ask(tasks, context)
        connected = store.project(1)
        assert connected is not None
        store.save_project(replace(connected, project_id=9))
        store.add_gold(9, [Gold(task_id=5, result=[])])
        return found

    spy.predict = slow
    sent = [{"id": 5, "data": {"text": "t"}}]
    found, count = answers.predict(9, sent, config.xml, for_freeze=False, context=context)
    assert found == [{}]
    assert count == {"withheld": 1}
