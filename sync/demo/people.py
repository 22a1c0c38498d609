"""Annotator accounts on a Label Studio server, and labelling under them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

import requests

from sync.errors import Fatal
from sync.records import Result

#: Seconds.
_TIMEOUT = 60

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(?P<token>[^"]+)"')


@dataclass(frozen=True)
class Person:
    """An account that can log in."""

    email: str
    password: str
    user_id: int
    token: str


def join(url: str, lead_token: str, email: str) -> Person:
    """Make an account by the server's invite link, as a person would.

    Raises:
        Fatal: Label Studio refuses.
    """
    lead = {"Authorization": f"Token {lead_token}"}
    invite = _json(requests.get(f"{url}/api/invite", headers=lead, timeout=_TIMEOUT))
    token = invite["token"]
    page = f"{url}/user/signup/?token={token}"
    password = secrets.token_urlsafe(12)
    with requests.Session() as session:
        found = _CSRF.search(session.get(page, timeout=_TIMEOUT).text)
        if found is None:
            raise Fatal("Label Studio's sign-up page has no form: is signing up disabled?")
        form = {
            "csrfmiddlewaretoken": found["token"],
            "email": email,
            "password": password,
            "allow_newsletters": "false",
        }
        answer = session.post(
            page, data=form, headers={"Referer": page}, timeout=_TIMEOUT, allow_redirects=False
        )
        if answer.status_code != 302:
            raise Fatal(f"Label Studio did not sign up {email} (answer {answer.status_code})")
        own = _json(session.get(f"{url}/api/current-user/token", timeout=_TIMEOUT))["token"]
        me = _json(session.get(f"{url}/api/current-user/whoami", timeout=_TIMEOUT))
    return Person(email=email, password=password, user_id=int(me["id"]), token=own)


def personal_access_token(url: str, token: str) -> str:
    """A personal access token for the account of a legacy token."""
    headers = {"Authorization": f"Token {token}"}
    answer = requests.post(f"{url}/api/token/", headers=headers, timeout=_TIMEOUT)
    return str(_json(answer)["token"])


def submit(
    url: str, person: Person, task_id: int, result: Result, lead_time: float, *, skip: bool = False
) -> int:
    """Submit an annotation (or skip the task) as a person; its id."""
    body: dict[str, Any] = {"result": result, "lead_time": lead_time, "was_cancelled": skip}
    answer = requests.post(
        f"{url}/api/tasks/{task_id}/annotations/",
        json=body,
        headers={"Authorization": f"Token {person.token}"},
        timeout=_TIMEOUT,
    )
    return int(_json(answer)["id"])


def displayed(url: str, person: Person, view_id: int, project_id: int) -> list[dict[str, Any]]:
    """The tasks of a Data Manager tab in its order, as a person sees them."""
    params: dict[str, str | int] = {
        "view": view_id,
        "project": project_id,
        "page_size": 2000,
        "fields": "all",
    }
    answer = requests.get(
        f"{url}/api/tasks/",
        params=params,
        headers={"Authorization": f"Token {person.token}"},
        timeout=_TIMEOUT,
    )
    return list(_json(answer)["tasks"])


def _json(answer: requests.Response) -> Any:
    if answer.status_code >= 400:
        raise Fatal(f"Label Studio answered {answer.status_code}: {answer.text[:200]}")
    return answer.json()
