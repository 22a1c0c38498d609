"""The card, written beside a person who saves the settings page."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Retriable
from sync.labelstudio import LabelStudio, Missing
from sync.push import push, restore
from sync.push.card import LOOKS
from sync.push.push import COLORS
from sync.push.tags import describe, user_text
from sync.records import Batch, Json, Project
from sync.store import Store
from tests.push.test_tags import HOLD, PASS

PROJECT = Project(
    project_id=1, title="T", label_config="", model_version="assay-1", user_color="#AABBCC"
)
WRITTEN: Json = {
    "title": "T",
    "description": describe([PASS], "Ours"),
    "color": COLORS[PASS.state],
}


class Site:
    """A project of Label Studio; `turns` are what a person does before each of our looks."""

    def __init__(self, row: Json, turns: list[Callable[[Json], Json] | None]) -> None:
        self.row, self.turns = dict(row), list(turns)
        self.sent: list[Json] = []
        self.failing = 0

    def card(self, project_id: int) -> Json:
        turn = self.turns.pop(0) if self.turns else None
        self.row |= turn(self.row) if turn else {}
        return dict(self.row)

    def patch_card(self, project_id: int, **values: Any) -> Json:
        self.sent.append(values)
        self.row |= values
        if self.failing:
            self.failing -= 1
            raise Retriable("the answer was lost")
        return dict(self.row)

    def views(self, project_id: int) -> list[Json]:
        return []


class Colors:
    """Of the store, what remembers the user's colour."""

    color = PROJECT.user_color

    def update_project(self, project_id: int, *, user_color: str) -> None:
        self.color = user_color


def pushed(site: Site, colors: Colors | None = None) -> bool:
    """One pass with a held batch: it reads the project, then pushes; looks come without pauses."""
    batch = cast(Batch, SimpleNamespace(name="b7", views={}))
    server, store = cast(LabelStudio, site), cast(Store, colors or Colors())
    return push(server, store, PROJECT, site.card(1), [(batch, HOLD)], sleep=lambda _: None)


def saved(number: int) -> Callable[[Json], Json]:
    """A save of a page that was opened before the first verdict: all fields, stale tags."""
    return lambda row: {
        "title": f"Title {number}",
        "description": describe([PASS], f"Text {number}"),
        "color": "#AABBCC",
    }


@given(st.lists(st.booleans(), max_size=3 * LOOKS))
def test_whatever_is_saved_between_looks_stays(schedule: list[bool]) -> None:
    """After any saves around our writes, the last title and text stand, and so does the verdict."""
    site = Site(WRITTEN, [saved(i) if there else None for i, there in enumerate(schedule)])
    while site.turns:
        pushed(site)
    pushed(site)
    last = max((i for i, there in enumerate(schedule) if there), default=None)
    text, title = ("Ours", "T") if last is None else (f"Text {last}", f"Title {last}")
    assert site.row == {
        "title": title,
        "description": describe([HOLD], text),
        "color": COLORS[HOLD.state],
    }
    assert not any("title" in values for values in site.sent)


def test_nothing_is_sent_where_nothing_differs() -> None:
    """A card that says it already costs no request at all."""
    site = Site(WRITTEN | {"description": describe([HOLD], "Ours")}, [])
    site.row["color"] = COLORS[HOLD.state]
    assert not pushed(site)
    assert site.sent == []


def test_only_what_differs_is_sent() -> None:
    """Where the colour stands already, the description goes alone."""
    site = Site(WRITTEN | {"color": COLORS[HOLD.state]}, [])
    assert pushed(site)
    assert [list(values) for values in site.sent] == [["description"]]


def test_nobody_is_interrupted() -> None:
    """While somebody saves between any two looks, nothing is written."""
    site = Site(WRITTEN, [saved(i) for i in range(LOOKS + 1)])
    assert not pushed(site)
    assert site.sent == []


def test_a_lost_answer_is_no_reason_to_write_again() -> None:
    """The card is looked at, and what was written stands."""
    site = Site(WRITTEN, [])
    site.failing = 1
    pushed(site)
    assert len(site.sent) == 1
    assert user_text(site.row["description"]) == "Ours"


def test_a_colour_chosen_meanwhile_is_given_back() -> None:
    """What a person picked beside the verdict's colour is theirs again after disconnecting."""
    site, colors = Site(WRITTEN, [None, lambda row: {"color": "#123456"}]), Colors()
    pushed(site, colors)
    assert site.row["color"] == COLORS[HOLD.state]
    assert colors.color == "#123456"
    restore(
        cast(LabelStudio, site),
        Project(**vars(PROJECT) | {"user_color": colors.color}),
        sleep=lambda _: None,
    )
    assert site.row == {"title": "T", "description": "Ours", "color": "#123456"}


def test_a_deleted_project_needs_nothing_back() -> None:
    """Disconnecting goes on where Label Studio has no such project."""

    class Gone(Site):
        def card(self, project_id: int) -> Json:
            raise Missing("none")

    site = Gone(WRITTEN, [])
    restore(cast(LabelStudio, site), PROJECT)
    assert site.sent == []
