"""Connecting Assay to a project and disconnecting it; `assay doctor` tries it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import label_configs
from sync.errors import AssayError, ConfigurationError, Fatal
from sync.labelstudio import LabelStudio, Missing
from sync.records import Json, Project
from sync.settings import WAKING_ACTIONS, Settings, model_version
from sync.store import Store

#: The header by which Label Studio's webhook shows that it is the one of our store.
HEADER = "X-Assay-Secret"
_BLOCKED = (
    "Label Studio refuses private addresses: start it with ML_BLOCK_LOCAL_IP=false and "
    "SSRF_PROTECTION_ENABLED=false, or give Assay's backend a public address"
)


def connect(
    server: LabelStudio,
    store: Store,
    settings: Settings,
    project_id: int,
    *,
    take_over: bool = False,
) -> Project:
    """Register the ML backend and its webhook, and remember the project; can be repeated.

    Args:
        server: where the project is.
        store: remembers the project.
        settings: address and password of our backend.
        project_id: of the project.
        take_over: whether to go on where another store is connected to the project.

    Raises:
        ConfigurationError: the label config cannot be judged, a setting is missing, or another
            store is connected.
        Fatal: Label Studio cannot or may not reach the backend; the project is not connected.
        Retriable: Label Studio did not answer to the end; to repeat it ends what was begun.
    """
    there = server.project(project_id)
    config = label_configs.parse(there["label_config"])
    label_configs.read(config, [])
    known = store.project(project_id)
    if known is None and not take_over:
        _refuse_another(server, project_id)
    project = known or Project(
        project_id=project_id,
        title=there["title"],
        label_config=there["label_config"],
        model_version=model_version(project_id),
        user_color=str(there.get("color") or ""),
        webhook_secret=secrets.token_urlsafe(32),
    )
    # The backend must know the project before Label Studio first asks it for predictions.
    store.save_project(project)
    try:
        backend_id = _register(server, settings, project)
        _hook(server, settings, project)
    except Fatal:
        # Of what was cut off, Label Studio may have made the backend: then it stays known here.
        if known is None:
            store.forget_project(project_id)
        raise
    project = replace(project, backend_id=backend_id)
    store.update_project(project_id, backend_id=backend_id)
    return project


def _refuse_another(server: LabelStudio, project_id: int) -> None:
    """A webhook with a secret is what another store leaves, for a store remembers its own."""
    for hook in server.webhooks(project_id):
        if (hook.get("headers") or {}).get(HEADER):
            raise ConfigurationError(
                f"project {project_id} is connected to another store of Assay, for its webhook to "
                f"{hook['url']} carries a secret that is not in this one: set ASSAY_DATABASE_URL "
                "or ASSAY_HOME to that store, or, if that is gone or shall lose the project, add "
                "--take-over"
            )


def disconnect(server: LabelStudio, store: Store, settings: Settings, project: Project) -> None:
    """Take backend, webhook and tabs away; the evidence stays in the store.

    What somebody removed already, or the whole project, is let be.
    """
    try:
        server.project(project.project_id)
    except Missing:
        pass
    else:
        _take_away(server, store, settings, project)
    store.forget_project(project.project_id)


def _take_away(server: LabelStudio, store: Store, settings: Settings, project: Project) -> None:
    # Only what is there: of what is not, Label Studio answers as if it were down.
    for backend in _ours(server, settings, project):
        server.delete_ml_backend(backend["id"])
    for hook in hooks_of(server, settings, project.project_id):
        server.delete_webhook(hook["id"])
    there = {view["id"] for view in server.views(project.project_id)}
    for batch in store.batches(project.project_id):
        for view_id in there & set(batch.views.values()):
            server.delete_view(view_id)
        store.update_batch(project.project_id, batch.name, views={})


def _register(server: LabelStudio, settings: Settings, project: Project) -> int:
    values: Json = {
        "project": project.project_id,
        "url": settings.backend_url,
        "title": project.model_version,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": settings.backend_user,
        "basic_auth_pass": settings.require("backend_password"),
    }
    ours = _ours(server, settings, project)
    # A refused attempt leaves a row behind, so there may be several.
    for extra in ours[1:]:
        server.delete_ml_backend(extra["id"])
    with _reachable(settings):
        if ours:
            backend = server.patch_ml_backend(ours[0]["id"], **values)
        else:
            backend = server.create_ml_backend(**values, is_interactive=False)
    version = server.project(project.project_id).get("model_version")
    if version != project.model_version:
        server.patch_project(project.project_id, model_version=project.model_version)
    return int(backend["id"])


def _ours(server: LabelStudio, settings: Settings, project: Project) -> list[Json]:
    return [
        backend
        for backend in server.ml_backends(project.project_id)
        if backend["title"] == project.model_version
        or backend["url"] == settings.backend_url
        or backend["id"] == project.backend_id
    ]


@contextmanager
def _reachable(settings: Settings) -> Iterator[None]:
    """Say in plain words why Label Studio does not take the backend."""
    try:
        yield
    except Fatal as error:
        text = str(error)
        if "reserved network address" in text:
            raise Fatal(_BLOCKED) from None
        if "401 Client Error" in text:
            raise Fatal(
                f"Assay's backend at {settings.backend_url} refuses the password: set "
                "ASSAY_BACKEND_USER and ASSAY_BACKEND_PASSWORD to what it was started with"
            ) from None
        if "health check failed" in text or "Can't connect" in text:
            raise Fatal(
                f"Label Studio cannot reach Assay's backend at {settings.backend_url}: start the "
                "backend, and set ASSAY_BACKEND_URL to its address as seen from Label Studio"
            ) from None
        raise


def hooks_of(server: LabelStudio, settings: Settings, project_id: int) -> list[Json]:
    """The webhooks of a project that go to our backend."""
    url = f"{settings.backend_url}/webhook"
    return [hook for hook in server.webhooks(project_id) if hook["url"].rstrip("/") == url]


def _hook(server: LabelStudio, settings: Settings, project: Project) -> None:
    """Label Studio makes a webhook with every backend: give it our secret and few actions."""
    values: Json = {
        "url": f"{settings.backend_url}/webhook",
        "send_payload": True,
        "send_for_all_actions": False,
        "is_active": True,
        "headers": {HEADER: project.webhook_secret},
        "actions": list(WAKING_ACTIONS),
    }
    hooks = hooks_of(server, settings, project.project_id)
    for extra in hooks[1:]:
        server.delete_webhook(extra["id"])
    if hooks:
        server.patch_webhook(hooks[0]["id"], project.project_id, **values)
    else:
        server.create_webhook(project=project.project_id, **values)


_TRIAL_CONFIG = (
    '<View><Text name="text" value="$text"/>'
    '<Choices name="label" toName="text"><Choice value="a"/><Choice value="b"/></Choices></View>'
)


def trial(settings: Settings, server: LabelStudio) -> str:
    """Connect a temporary project, to see what Label Studio permits, and remove it again.

    Raises:
        AssayError: Label Studio cannot or may not reach the backend.
    """
    made = server.create_project(title="Assay doctor (temporary)", label_config=_TRIAL_CONFIG)
    try:
        trial = Project(
            project_id=made["id"],
            title="",
            label_config=_TRIAL_CONFIG,
            model_version=model_version(made["id"]),
            webhook_secret=secrets.token_urlsafe(16),
        )
        _register(server, settings, trial)
        with _reachable(settings):
            _hook(server, settings, trial)
        return f"Label Studio reaches {settings.backend_url} and may call its webhook"
    finally:
        with suppress(AssayError):
            server.delete_project(made["id"])
