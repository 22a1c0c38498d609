"""Writing the verdicts where the lead sees them, and only when something changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from sync.errors import Retriable
from sync.gating.verdict import State, Verdict
from sync.labelstudio import LabelStudio, Missing, views
from sync.push.card import settle
from sync.push.tags import describe, user_text, worst
from sync.records import Batch, Json, Project
from sync.store import Store

_log = logging.getLogger(__name__)

COLORS = {State.PASS: "#2E9E5B", State.MORE: "#E8A317", State.HOLD: "#D64545"}
#: Label Studio's own colour of a new project.
_PLAIN = "#FFFFFF"

Judged = Sequence[tuple[Batch, Verdict]]
Sleep = Callable[[float], object]


def push(
    server: LabelStudio,
    store: Store,
    project: Project,
    there: Json,
    judged: Judged,
    *,
    sleep: Sleep = time.sleep,
) -> bool:
    """Bring description, colour and tabs in line with the verdicts; True if any was written.

    Every write to a project fires a webhook, and the settings page saves a stale copy of all
    fields, so this writes only on a difference, looks again, and is repeated in each pass.

    Args:
        server: where the project is.
        store: remembers the user's colour and the tabs.
        project: the connected project.
        there: the project as Label Studio held it when it was last read.
        judged: frozen batches with their verdicts, oldest first.
        sleep: waits for so many seconds.
    """
    wrote = _card(server, store, project, there, [verdict for _, verdict in judged], sleep)
    return _tabs(server, store, project, judged) or wrote


def restore(server: LabelStudio, project: Project, *, sleep: Sleep = time.sleep) -> None:
    """Give the card back as it was: the user's text and colour.

    A project that Label Studio no longer has needs nothing.

    Raises:
        Retriable: somebody goes on saving its settings.
    """

    def theirs(card: Json) -> Json:
        ours = card["color"] in COLORS.values()
        color = (project.user_color or _PLAIN) if ours else card["color"]
        return {"description": user_text(card["description"]), "color": color}

    project_id = project.project_id
    try:
        settled = settle(server, project_id, server.card(project_id), theirs, sleep)
    except Missing:
        return
    if not settled.done:
        raise Retriable(
            f"somebody goes on saving the settings of project {project_id}: "
            "run assay disconnect again when they are done"
        )


def _card(
    server: LabelStudio,
    store: Store,
    project: Project,
    there: Json,
    verdicts: list[Verdict],
    sleep: Sleep,
) -> bool:
    state = worst(verdicts)
    if state is None:
        return False
    remembered = project.user_color

    def wanted(card: Json) -> Json:
        nonlocal remembered
        if card["color"] not in COLORS.values() and card["color"] != remembered:
            remembered = card["color"]
            store.update_project(project.project_id, user_color=remembered)
        description = describe(verdicts, user_text(card["description"]))
        return {"description": description, "color": COLORS[state]}

    wrote, done = settle(server, project.project_id, there, wanted, sleep)
    if not done:
        _log.warning(
            "project %s: somebody is saving its settings; the next pass writes the verdict",
            project.project_id,
        )
    return wrote


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
    if view_id is not None and views.same(there.get(view_id), wanted):
        return batch.views
    return batch.views | {"disagree": server.put_view(project.project_id, view_id, wanted)}
