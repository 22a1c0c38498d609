"""The way of plain requests for predictions, beside the way of all others."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.records import Json
from tests.backend.conftest import Spy

Body = Callable[..., Json]


def login(auth: tuple[str, str], scheme: str) -> dict[str, str]:
    """The login; a scheme in other letters is as good, and not what the short way looks for."""
    return {"Authorization": f"{scheme} {b64encode(':'.join(auth).encode()).decode()}"}


def bodies(made: Json) -> list[bytes]:
    """A body that is right, and some that are not."""
    broken: list[Any] = [None, [], {}, made | {"tasks": 5}, made | {"project": "x"}]
    broken += [made | {"tasks": [{"id": True, "data": {}}]}, made | {"label_config": 3}]
    whole = [json.dumps(one).encode() for one in (made, *broken)]
    return [*whole, b"{", b"[" * 100_000, json.dumps(made).encode("utf-16"), b"\xff"]


@pytest.mark.parametrize("purpose", ["", "candidates"])
@pytest.mark.parametrize("project", ["1.1", "9.1"])
def test_both_ways_answer_alike(
    client: FlaskClient, auth: tuple[str, str], spy: Spy, body: Body, purpose: str, project: str
) -> None:
    """Whatever is asked, the short way gives the status and the JSON of the long one."""
    for raw in bodies(body(1, 2, 3, 8, project=project)):
        short, long = (
            client.post(
                "/predict", data=raw, headers=login(auth, scheme) | {"X-Assay-Purpose": purpose}
            )
            for scheme in ("Basic", "bAsIc")
        )
        assert (short.status_code, short.json) == (long.status_code, long.json)
        assert short.content_type == long.content_type


def test_the_short_way_needs_the_login(
    client: FlaskClient, auth: tuple[str, str], body: Body
) -> None:
    """Nobody gets past the password, be it near, empty or not of this alphabet."""
    user, password = auth
    for wrong in ((user, password[:-1]), (user, ""), ("", password), (user, "pässwörd")):
        headers = login(wrong, "Basic")
        assert client.post("/predict", json=body(1), headers=headers).status_code == 401
    for header in ("", "Basic", "Basic \u00e4", "Bearer x"):
        sent = client.post("/predict", json=body(1), headers={"Authorization": header})
        assert sent.status_code == 401


def test_each_request_counts_once(client: FlaskClient, auth: tuple[str, str], body: Body) -> None:
    """/metrics has the requests of both ways, and the refused ones under their status."""
    for raw in (json.dumps(body(1)).encode(), b"{"):
        for scheme in ("Basic", "bAsIc"):
            client.post("/predict", data=raw, headers=login(auth, scheme))
    told = client.get("/metrics", auth=auth).text.splitlines()
    assert 'assay_requests_total{route="/predict",status="200"} 2.0' in told
    assert 'assay_requests_total{route="/predict",status="400"} 2.0' in told
    assert 'assay_request_seconds_count{route="/predict"} 4.0' in told
