"""What Assay asks of a Label Studio server, one method a question."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from sync.errors import Fatal
from sync.labelstudio.listing import Listing
from sync.labelstudio.transport import Observer, Patience, Transport
from sync.labelstudio.views import merged
from sync.records import Json

#: What people and we both write of a project. Naming it keeps Label Studio from counting tasks and
#: annotations, which is most of the work on a large project.
_CARD = "id,title,description,color"
#: What has an id that is remembered.
_MADE = ("id",)
#: What is always used of a project.
_PROJECT = ("title", "label_config", "task_number")
#: Predictions in one import.
IMPORT_CHUNK = 1_000


class LabelStudio(Listing):
    """A Label Studio server under one account."""

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        sleep: Callable[[float], object] = clock.sleep,
        patience: Patience | None = None,
    ) -> None:
        """Nothing is sent before the first question."""
        self.url = url.rstrip("/")
        self._http = Transport(url, api_key, sleep=sleep, patience=patience)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def watch(self, observer: Observer) -> None:
        """Tell the observer of each request from now on."""
        self._http.observer = observer

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def raw(self, path: str, **params: Any) -> Any:
        """What a GET of this path answers."""
        return self._http.get(path, **params)

    def version(self) -> str:
        """The server's release, such as "1.23.2"."""
        return str(self._http.get("api/version", ("release",))["release"])

    def me(self) -> Json:
        """The account of the API key."""
        return dict(self._http.get("api/current-user/whoami", ("email",)))

    def may_write(self, project_id: int) -> bool:
        """Whether the account may change a project; nothing is changed to find out."""
        path = f"api/projects/{project_id}/"
        found = self._http.call("OPTIONS", path, repeat=True, needs=())
        return "PUT" in found.get("actions", {})

    def projects(self) -> list[Json]:
        """All projects of the account."""
        return list(self._http.get("api/projects/", ("results",), page_size=1000)["results"])

    def project(self, project_id: int) -> Json:
        """One project."""
        return dict(self._http.get(f"api/projects/{project_id}/", _PROJECT))

    def create_project(self, **values: Any) -> Json:
        """A new project."""
        return dict(self._http.post("api/projects/", values, _MADE))

    def patch_project(self, project_id: int, **values: Any) -> Json:
        """Change some of a project's settings."""
        return dict(self._http.patch(f"api/projects/{project_id}/", values, ()))

    def card(self, project_id: int) -> Json:
        """Id, title, description and color of a project."""
        return dict(self._http.get(f"api/projects/{project_id}/", (), include=_CARD))

    def patch_card(self, project_id: int, **values: Any) -> Json:
        """Change some of a project's settings as fast as can be, and only once.

        Label Studio writes back all that it had read, so the less it counts in between, the less
        likely it undoes what somebody else saves; a repetition would undo it for sure.
        """
        path, counted = f"api/projects/{project_id}/", {"include": _CARD}
        written = self._http.call(
            "PATCH", path, params=counted, body=values, repeat=False, needs=()
        )
        return dict(written)

    def import_tasks(self, project_id: int, tasks: Sequence[Json]) -> list[int]:
        """Add tasks, each its data or {"data": …, "annotations": …}; their ids, in order."""
        ids: list[int] = []
        for start in range(0, len(tasks), IMPORT_CHUNK):
            chunk = list(tasks[start : start + IMPORT_CHUNK])
            path = f"api/projects/{project_id}/import"
            reply = self._http.post(path, chunk, ("task_ids",), return_task_ids="true")
            ids.extend(reply["task_ids"])
        return ids

    def task(self, task_id: int) -> Json:
        """One task with everything that Label Studio tells of it."""
        return dict(self._http.get(f"api/tasks/{task_id}/", (), resolve_uri="false"))

    def patch_task(self, task_id: int, **values: Any) -> Json:
        """Change a task; `data` must be the whole of its data."""
        return dict(self._http.patch(f"api/tasks/{task_id}/", values, ()))

    def delete_task(self, task_id: int) -> None:
        """Remove a task with all that is on it."""
        self._http.delete(f"api/tasks/{task_id}/")

    def is_predicted(self, task_id: int) -> bool:
        """Whether a task holds a prediction."""
        return bool(self._http.get("api/predictions/", list, task=task_id))

    def import_predictions(self, project_id: int, rows: Sequence[Json]) -> None:
        """Store predictions ({task, result, score, model_version}) in one request.

        Raises:
            Fatal: Label Studio stored fewer than it was given.
        """
        reply = self._http.post(
            f"api/projects/{project_id}/import/predictions", list(rows), ("created",)
        )
        if reply["created"] != len(rows):
            raise Fatal(
                f"Label Studio stored {reply['created']} of {len(rows)} predictions: "
                "its label config does not allow the others, so mend that or the generator"
            )

    def ml_backends(self, project_id: int) -> list[Json]:
        """The ML backends of a project."""
        return list(self._http.get("api/ml/", list, project=project_id))

    def create_ml_backend(self, **values: Any) -> Json:
        """Connect an ML backend; Label Studio calls its /health and /setup at once."""
        return dict(self._http.post("api/ml/", values, _MADE))

    def patch_ml_backend(self, backend_id: int, **values: Any) -> Json:
        """Change an ML backend; `url` and `project` must be among the values."""
        return dict(self._http.patch(f"api/ml/{backend_id}", values, _MADE))

    def delete_ml_backend(self, backend_id: int) -> None:
        """Disconnect an ML backend; its webhook stays."""
        self._http.delete(f"api/ml/{backend_id}")

    def train(self, backend_id: int) -> None:
        """Ask Label Studio to send START_TRAINING to the ML backend."""
        self._http.post(f"api/ml/{backend_id}/train", {}, silent=True)

    def webhooks(self, project_id: int) -> list[Json]:
        """The webhooks of a project."""
        return list(self._http.get("api/webhooks/", list, project=project_id))

    def patch_webhook(self, webhook_id: int, project_id: int, **values: Any) -> Json:
        """Change a webhook."""
        body = {"project": project_id, **values}
        return dict(self._http.patch(f"api/webhooks/{webhook_id}/", body, ()))

    def create_webhook(self, **values: Any) -> Json:
        """Add a webhook."""
        return dict(self._http.post("api/webhooks/", values, ()))

    def delete_webhook(self, webhook_id: int) -> None:
        """Remove a webhook."""
        self._http.delete(f"api/webhooks/{webhook_id}/")

    def views(self, project_id: int) -> list[Json]:
        """The Data Manager tabs of a project."""
        return list(self._http.get("api/dm/views/", list, project=project_id))

    def put_view(self, project_id: int, view_id: int | None, data: Mapping[str, Any]) -> int:
        """Write a Data Manager tab: the one of that id, else of that title, else a new one; its id.

        A request whose answer was lost may have made the tab. Columns stay as people arranged them.
        """
        there = {view["id"]: view["data"] for view in self.views(project_id)}
        if view_id not in there:
            titled = (i for i, found in there.items() if found.get("title") == data["title"])
            view_id = next(titled, None)
        if view_id is None:
            body = {"project": project_id, "data": dict(data)}
            return int(self._http.post("api/dm/views/", body, _MADE)["id"])
        body = {"project": project_id, "data": merged(there[view_id], dict(data))}
        return int(self._http.patch(f"api/dm/views/{view_id}/", body, _MADE)["id"])

    def delete_view(self, view_id: int) -> None:
        """Remove a Data Manager tab."""
        self._http.delete(f"api/dm/views/{view_id}/")

    def delete_project(self, project_id: int) -> None:
        """Remove a project with all that is in it."""
        self._http.delete(f"api/projects/{project_id}/")
