"""Looks at what is on the other side: Label Studio, and our own backend."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version as installed

from sync.doctor.finding import Warn
from sync.errors import Fatal
from sync.labelstudio import LabelStudio
from sync.records import Json, Project
from sync.settings import Settings

#: Releases of Label Studio that every test runs against.
TESTED = "1.23."
#: Label Studio's clock is told in whole seconds. Access tokens are valid for five minutes.
APART, FAR_APART = timedelta(seconds=5), timedelta(seconds=120)
#: Before which a personal access token should be renewed.
_SOON = timedelta(days=14)


def version(server: LabelStudio) -> str:
    """Ask which release it is.

    Raises:
        AssayError: nobody answers, or not as Label Studio does.
        Warn: it is another release than those that Assay is tested with.
    """
    found = server.version()
    told = f"version {found} at {server.url}"
    if not found.startswith(TESTED):
        raise Warn(
            f"{told}, which Assay was not tested with: use {TESTED}x, or try a project of no "
            "importance first"
        )
    return told


def clock(server: LabelStudio, now: Callable[[], datetime]) -> str:
    """Hold its clock against ours.

    Raises:
        Fatal: they are so far apart that access tokens seem expired, or valid when they are not.
        Warn: they are apart.
    """
    before = now()
    server.version()
    told = server.answered_at
    if told is None:
        raise Warn("Label Studio tells no time: let the proxy before it pass the Date header on")
    # Whole seconds, cut off: half a second is added.
    skew = told + timedelta(seconds=0.5) - (before + (now() - before) / 2)
    said = f"{skew.total_seconds():+.0f} s from ours"
    if abs(skew) > APART:
        text = f"Label Studio's clock is {said}: let both machines keep time by NTP"
        raise (Fatal if abs(skew) > FAR_APART else Warn)(text)
    return said


def account(settings: Settings, server: LabelStudio, now: datetime) -> str:
    """Say whose key it is, and of which kind.

    Raises:
        AssayError: it is not accepted.
        Warn: it expires soon.
    """
    email = server.me()["email"]
    token = payload(settings.require("label_studio_api_key"))
    if token is None:
        return f"account {email}, by a legacy token"
    until = token.get("exp")
    if not isinstance(until, (int, float)):
        return f"account {email}, by a personal access token"
    day = datetime.fromtimestamp(until, UTC)
    text = f"account {email}, by a personal access token that expires on {day:%Y-%m-%d}"
    if day - now < _SOON:
        raise Warn(
            f"{text}: make a new one in Account & Settings and set ASSAY_LABEL_STUDIO_API_KEY"
        )
    return text


def payload(key: str) -> Json | None:
    """What a personal access token says of itself; None for a legacy token.

    It is not verified: only Label Studio can.
    """
    parts = key.split(".")
    if len(parts) != 3:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, dict) else None


def backend(settings: Settings, ask: Callable[[], Json], connected: Sequence[Project]) -> str:
    """Ask our backend who it is, and whether it looks into the same store.

    Raises:
        AssayError: it is not there, refuses our password, or looks into another store.
        Warn: it is of another version.
    """
    told = ask()
    versions = told.get("versions")
    known = set(versions) if isinstance(versions, list) else set()
    missing = [p.project_id for p in connected if p.model_version not in known]
    if missing:
        raise Fatal(
            f"the backend at {settings.backend_url} does not know project {missing[0]}: it looks "
            "into another store and may show candidates of blind tasks, so start it with the same "
            "ASSAY_HOME or ASSAY_DATABASE_URL as this"
        )
    ours, theirs = installed("label-studio-assay"), told.get("assay")
    if ours != theirs:
        raise Warn(
            f"the backend at {settings.backend_url} is of version {theirs or 'unknown'} and this "
            f"is {ours}: start it again from the same installation"
        )
    return f"version {ours} answers at {settings.backend_url} and looks into the same store"
