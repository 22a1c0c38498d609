"""Connecting a project when Label Studio does not answer to the end, or refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import label_configs
from sync.connect import connect, disconnect
from sync.errors import AssayError, ConfigurationError, Fatal, Retriable
from sync.records import Json
from sync.settings import Settings
from sync.store import Store


class Cut:
    """A Label Studio that makes the ML backend, and whose answer to that fails."""

    def __init__(self, error: AssayError) -> None:
        self._error = error
        self.backends: list[Json] = []

    def project(self, project_id: int) -> Json:
        """The project."""
        config = label_configs.load("text_classification")
        return {"id": project_id, "title": "t", "label_config": config}

    def ml_backends(self, project_id: int) -> list[Json]:
        """What was made."""
        return list(self.backends)

    def create_ml_backend(self, **values: Any) -> Json:
        """Make one and fail."""
        self.backends.append({"id": 5, **values})
        raise self._error

    def delete_ml_backend(self, backend_id: int) -> None:
        """Take it away."""
        self.backends = [one for one in self.backends if one["id"] != backend_id]

    def webhooks(self, project_id: int) -> list[Json]:
        """None."""
        return []

    views = webhooks


@pytest.mark.parametrize(("error", "known"), [(Retriable("cut off"), True), (Fatal("no"), False)])
def test_a_project_is_remembered_unless_label_studio_refuses_it(
    tmp_path: Path, error: AssayError, known: bool
) -> None:
    """The backend may be there after a lost answer: it must know whom Label Studio asks for."""
    settings = Settings(backend_password="secret", backend_url="http://127.0.0.1:9")
    server: Any = Cut(error)
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as store:
        with pytest.raises(type(error)):
            connect(server, store, settings, 1)
        project = store.project(1)
        assert (project is not None) == known
        if project is not None:
            disconnect(server, store, settings, project)
            assert (server.backends, store.project(1)) == ([], None)


class Kept:
    """A Label Studio that keeps the ML backend and the webhook of a project."""

    def __init__(self) -> None:
        self.backends: list[Json] = []
        self.hooks: list[Json] = []

    def project(self, project_id: int) -> Json:
        """The project."""
        config = label_configs.load("text_classification")
        return {"id": project_id, "title": "t", "label_config": config, "model_version": "assay-1"}

    def ml_backends(self, project_id: int) -> list[Json]:
        """What was made."""
        return list(self.backends)

    def webhooks(self, project_id: int) -> list[Json]:
        """What was made."""
        return list(self.hooks)

    def create_ml_backend(self, **values: Any) -> Json:
        """Make one, and its webhook, as Label Studio does."""
        self.backends.append({"id": 5, **values})
        self.hooks.append({"id": 6, "url": f"{values['url']}/webhook", "headers": {}})
        return self.backends[-1]

    def patch_ml_backend(self, backend_id: int, **values: Any) -> Json:
        """Change it."""
        self.backends[0] |= values
        return self.backends[0]

    def patch_webhook(self, webhook_id: int, project_id: int, **values: Any) -> None:
        """Change it."""
        self.hooks[0] |= values

    def patch_project(self, project_id: int, **values: Any) -> None:
        """Keep nothing of it."""


def test_a_project_of_another_store_is_taken_over_only_when_asked(tmp_path: Path) -> None:
    """The store that is connected repeats it in silence; another one would end its webhook."""
    settings = Settings(backend_password="secret", backend_url="http://127.0.0.1:9")
    server: Any = Kept()

    def secret() -> str:
        ((_, found),) = server.hooks[0]["headers"].items()
        return str(found)

    with (
        Store.open(f"sqlite:///{tmp_path / 'one.db'}") as one,
        Store.open(f"sqlite:///{tmp_path / 'other.db'}") as other,
    ):
        connect(server, one, settings, 1)
        first = connect(server, one, settings, 1)
        assert secret() == first.webhook_secret
        moved = Settings(backend_password="secret", backend_url="http://127.0.0.1:10")
        for theirs in (settings, moved):
            with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1:9/webhook .*--take-over"):
                connect(server, other, theirs, 1)
        assert (other.project(1), secret()) == (None, first.webhook_secret)
        taken = connect(server, other, settings, 1, take_over=True)
        assert secret() == taken.webhook_secret != first.webhook_secret
        connect(server, other, settings, 1)
