"""Looks at a connected project that a Label Studio without roles cannot show broken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import label_configs
from sync.doctor import State, projects
from sync.records import Json, Project
from sync.settings import WAKING_ACTIONS, Settings

XML = label_configs.load("text_classification")
KNOWN = Project(
    project_id=12, title="t", label_config=XML, model_version="assay-12", webhook_secret="s"
)
URL = Settings().backend_url
OURS: Json = {"title": "assay-12", "url": URL, "state": "CO", "readable_state": "Connected"}


def found(backends: list[Json], *, writable: bool = True) -> dict[str, tuple[State, str]]:
    hook = {
        "url": f"{URL}/webhook",
        "headers": {"X-Assay-Secret": "s"},
        "actions": list(WAKING_ACTIONS),
        "is_active": True,
    }
    server: Any = SimpleNamespace(
        project=lambda project_id: {"title": "t", "label_config": XML},
        raw=lambda path, **params: {"tasks": []},
        may_write=lambda project_id: writable,
        ml_backends=lambda project_id: backends,
        webhooks=lambda project_id: [hook],
    )
    seen = projects.project(Settings(), server, KNOWN)
    return {one.what.removeprefix("project 12"): (one.state, one.detail) for one in seen}


def test_what_is_whole_is_ok() -> None:
    """Rights, ML backend and webhook."""
    assert {state for state, _ in found([OURS]).values()} == {State.OK}


def test_an_account_that_may_not_write_is_named() -> None:
    """Nothing else of the project is looked at then."""
    seen = found([OURS], writable=False)
    assert list(seen) == [""]
    state, text = seen[""]
    assert state is State.WRONG
    assert "ASSAY_LABEL_STUDIO_API_KEY" in text


@pytest.mark.parametrize(
    ("backends", "state", "words"),
    [
        ([], State.WRONG, "run assay connect --project 12"),
        ([OURS, OURS], State.WRONG, "2 times: run assay connect"),
        ([OURS | {"url": "http://old:9090"}], State.WRONG, "http://old:9090"),
        (
            [OURS | {"state": "ER", "readable_state": "Error", "error_message": "401\n Client"}],
            State.WRONG,
            "(Error: 401 Client): see that the backend runs",
        ),
        ([OURS, OURS | {"title": "yolo"}], State.WARNING, "'yolo'"),
    ],
)
def test_what_label_studio_says_of_the_connection_is_told(
    backends: list[Json], state: State, words: str
) -> None:
    """With its own words where it gives any, and what to do."""
    told, text = found(backends)["'s ML backend"]
    assert told is state
    assert words in text
