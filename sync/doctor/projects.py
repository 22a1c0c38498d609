"""Looks at each connected project: rights, ML backend, webhook."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from functools import partial

import label_configs
from sync.connect import HEADER, hooks_of
from sync.doctor.finding import Finding, State, Warn, look
from sync.errors import Fatal
from sync.labelstudio import LabelStudio, Missing
from sync.records import Project
from sync.settings import WAKING_ACTIONS, Settings


def project(settings: Settings, server: LabelStudio, known: Project) -> Iterator[Finding]:
    """All that Assay needs in a project."""
    name = f"project {known.project_id}"
    rights = look(name, partial(_rights, server, known))
    yield rights
    if rights.state is State.WRONG:
        return
    yield look(f"{name}'s ML backend", partial(_backend, settings, server, known))
    yield look(f"{name}'s webhook", partial(_webhook, settings, server, known))


def _again(known: Project) -> str:
    return f"run assay connect --project {known.project_id}, which sets it right"


def _slow(known: Project) -> str:
    return f", so changes are seen only at the next poll: {_again(known)}"


def _rights(server: LabelStudio, known: Project) -> str:
    try:
        there = server.project(known.project_id)
    except Missing:
        raise Fatal(
            "Label Studio has no such project any more, or hides it from this account: "
            f"run assay disconnect --project {known.project_id}, or take a key that may see it"
        ) from None
    label_configs.read(label_configs.parse(there["label_config"]), [])
    server.raw("api/tasks/", project=known.project_id, fields="task_only", page_size=1)
    if not server.may_write(known.project_id):
        raise Fatal(
            f"the account of ASSAY_LABEL_STUDIO_API_KEY may not change project "
            f"{known.project_id}: give it that right, or take the key of an account that has it"
        )
    return f"{there['title']!r}: can be read and written, its label config can be judged"


def _backend(settings: Settings, server: LabelStudio, known: Project) -> str:
    found = server.ml_backends(known.project_id)
    ours = [one for one in found if one["title"] == known.model_version]
    if not ours:
        raise Fatal(f"Assay's ML backend is not there: {_again(known)}")
    if len(ours) > 1:
        raise Fatal(f"Assay's ML backend is there {len(ours)} times: {_again(known)}")
    one = ours[0]
    if one["url"].rstrip("/") != settings.backend_url:
        raise Fatal(f"it has the address {one['url']} and not ASSAY_BACKEND_URL: {_again(known)}")
    if one.get("state") != "CO":
        said = " ".join(str(one.get("error_message") or "").split())[:200]
        raise Fatal(
            f"Label Studio says that it is not connected ({one.get('readable_state')}"
            f"{': ' + said if said else ''}): see that the backend runs, then {_again(known)}"
        )
    others = [one["title"] or one["url"] for one in found if one not in ours]
    if others:
        raise Warn(
            f"beside Assay's there is the ML backend {others[0]!r}, whose predictions spoil blind "
            "tasks: remove it in the project's model settings"
        )
    return "Label Studio says it is connected"


def _webhook(settings: Settings, server: LabelStudio, known: Project) -> str:
    hooks = hooks_of(server, settings, known.project_id)
    if len(hooks) != 1:
        number = "is none" if not hooks else f"are {len(hooks)}"
        raise Warn(f"there {number} at {settings.backend_url}/webhook{_slow(known)}")
    hook = hooks[0]
    secret = str((hook.get("headers") or {}).get(HEADER, ""))
    if not hmac.compare_digest(secret.encode(), known.webhook_secret.encode()):
        raise Warn(f"it does not carry this project's secret{_slow(known)}")
    if not hook.get("is_active", True):
        raise Warn(f"it is switched off{_slow(known)}")
    actions = set(hook.get("actions") or [])
    lacking = [name for name in WAKING_ACTIONS if name not in actions]
    if lacking and not hook.get("send_for_all_actions"):
        raise Warn(f"it is not sent for {lacking[0]}{_slow(known)}")
    return f"there, with its secret, for {len(WAKING_ACTIONS)} actions"
