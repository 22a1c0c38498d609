"""Writing the verdicts where the lead sees them, and only when something changed."""

from __future__ import annotations

from collections.abc import Sequence

from sync.errors import Retriable
from sync.gating.verdict import State, Verdict
from sync.labelstudio import LabelStudio, views
from sync.push.tags import describe, user_text, worst
from sync.records import Batch, Json, Project
from sync.store import Store

COLORS = {State.PASS: "#2E9E5B", State.MORE: "#E8A317", State.HOLD: "#D64545"}

Judged = Sequence[tuple[Batch, Verdict]]


def push(server: LabelStudio, store: Store, project: Project, there: Json, judged: Judged) -> bool:
    """Bring description, colour and tabs in line with the verdicts; True if any was written.

    Every write to a project fires a webhook, and the settings page saves a stale copy of all
    fields, so this writes only on a difference, reads back, and is repeated in each pass.

    Args:
        server: where the project is.
        store: remembers the user's colour and the tabs.
        project: the connected project.
        there: the project as Label Studio holds it now.
        judged: frozen batches with their verdicts, oldest first.

    Raises:
        Retriable: someone else saved the project at the same moment.
    """
    wrote = _card(server, store, project, there, [verdict for _, verdict in judged])
    return _tabs(server, store, project, judged) or wrote


def restore(server: LabelStudio, project: Project) -> None:
    """Give the card back as it was: the user's text and colour."""
    there = server.project(project.project_id)
    values: Json = {"description": user_text(there.get("description") or "")}
    if there.get("color") in COLORS.values() and project.user_color:
        values["color"] = project.user_color
    server.patch_project(project.project_id, **values)


def _card(
    server: LabelStudio, store: Store, project: Project, there: Json, verdicts: list[Verdict]
) -> bool:
    state = worst(verdicts)
    if state is None:
        return False
    color = str(there.get("color") or "")
    if color not in COLORS.values() and color != project.user_color:
        store.update_project(project.project_id, user_color=color)
    description = str(there.get("description") or "")
    wanted = {"description": describe(verdicts, user_text(description)), "color": COLORS[state]}
    if {"description": description, "color": color} == wanted:
        return False
    server.patch_project(project.project_id, **wanted)
    found = server.project(project.project_id)
    if any(found.get(name) != value for name, value in wanted.items()):
        raise Retriable("someone saved the project's settings at the same moment")
    return True


def _tabs(server: LabelStudio, store: Store, project: Project, judged: Judged) -> bool:
    there = {view["id"]: view["data"] for view in server.views(project.project_id)}
    wrote = False
    for batch, verdict in judged:
        changed = _disagreements(server, project, batch, verdict, there)
        if changed != batch.views:
            store.update_batch(project.project_id, batch.name, views=changed)
            wrote = True
    return wrote


def _disagreements(
    server: LabelStudio, project: Project, batch: Batch, verdict: Verdict, there: dict[int, Json]
) -> dict[str, int]:
    """The batch's view ids after its tab of disagreements was brought in line."""
    view_id = batch.views.get("disagree")
    if not verdict.disagreements:
        return batch.views
    wanted = views.disagree(batch.name, verdict.disagreements)
    if view_id is not None and _same(there.get(view_id), wanted):
        return batch.views
    view = server.put_view(project.project_id, view_id if view_id in there else None, wanted)
    return batch.views | {"disagree": view}


def _same(found: Json | None, wanted: Json) -> bool:
    """Title and filter only: columns are the users' to arrange."""
    if found is None:
        return False
    return all(found.get(name) == wanted[name] for name in ("title", "filters"))
