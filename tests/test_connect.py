"""Connecting a project when Label Studio does not answer to the end, or refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import label_configs
from sync.connect import connect, disconnect
from sync.errors import AssayError, Fatal, Retriable
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
