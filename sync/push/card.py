"""A project's card, written beside people who save its settings page.

Label Studio changes a project by reading its whole row, setting what it was sent and writing the
whole row back; it knows no version and no condition. So whatever is saved between our look and the
end of our write is lost, and leaves no trace. Hence: write seldom, little and fast, never while
somebody is at it, and look again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sync.errors import Retriable
from sync.labelstudio import LabelStudio
from sync.records import Json

#: Seconds for which the card must stand still before it is written; longer once somebody was seen
#: to save, since who has saved once is likely to save again.
QUIET, PATIENT = 0.5, 2.0
#: Looks in one call; then the writing is left to the next pass.
LOOKS = 4

_FIELDS = ("title", "description", "color")

#: What description and colour should be, given the card as it stands.
Wanted = Callable[[Json], Json]


class Settled(NamedTuple):
    """What came of bringing a card in line."""

    wrote: bool
    #: False if somebody went on saving, so that the card is not what it should be.
    done: bool


def settle(
    server: LabelStudio,
    project_id: int,
    there: Json,
    wanted: Wanted,
    sleep: Callable[[float], object],
) -> Settled:
    """Bring the card in line with `wanted`, writing only what differs.

    The title is never sent. A write whose answer is lost is not repeated, since the card may have
    changed meanwhile: it is looked at again, like after every write.

    Args:
        server: where the project is.
        project_id: whose card.
        there: the project as it was read last.
        wanted: asked anew for each state of the card; gives `description` and `color`.
        sleep: waits for so many seconds.

    Raises:
        Retriable: Label Studio cannot be reached.
    """
    seen, wrote, pause = _card(there), False, QUIET
    for _ in range(LOOKS):
        if not _changes(seen, wanted(seen)):
            return Settled(wrote, True)
        sleep(pause)
        now = _card(server.card(project_id))
        if now != seen:
            seen, pause = now, PATIENT
            continue
        wrote = _write(server, project_id, _changes(now, wanted(now))) or wrote
        seen = _card(server.card(project_id))
    return Settled(wrote, not _changes(seen, wanted(seen)))


def _card(project: Json) -> Json:
    return {name: project.get(name) or "" for name in _FIELDS}


def _changes(card: Json, wanted: Json) -> Json:
    return {name: value for name, value in wanted.items() if card[name] != value}


def _write(server: LabelStudio, project_id: int, changes: Json) -> bool:
    try:
        server.patch_card(project_id, **changes)
    except Retriable:
        return False
    return True
