"""assay store check names what differs, and assay store rebuild mends it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from sync.cli.root import assay
from sync.store import schema as s
from tests.server.edits import Edits, choice

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(edits: Edits, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`assay store …` on the project: exit code and output."""
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_URL", edits.site.url)
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", edits.site.account.token)
    monkeypatch.setenv("ASSAY_DATABASE_URL", str(edits.store._engine.url))
    monkeypatch.setenv("ASSAY_PROJECT", str(edits.project_id))

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(assay, ["store", *arguments])
        return result.exit_code, result.stdout

    return run


def tamper(edits: Edits, statement: sa.Executable) -> None:
    """Change the mirror behind Assay's back."""
    with edits.store._write() as connection:
        connection.execute(statement)


def test_each_kind_of_damage_is_named_and_mended(edits: Edits, command: Command) -> None:
    """A lost task, a ghost, a changed result and lead time are named; a rebuild ends them."""
    lost, changed, ghost = edits.add(["one", "two", "three"], "positive")
    edits.pull()
    assert command("check") == (
        0,
        f"project {edits.project_id}: Assay holds what Label Studio holds\n",
    )
    held = {a.task_id: a.annotation_id for a in edits.store.annotations(edits.project_id)}
    edits.change(held[changed], result=choice("negative"))
    edits.settle()
    a = s.annotations
    one = a.c.annotation_id == held[changed]
    values = {"lead_time": 99.0, "ground_truth": True, "result": choice("other")}
    tamper(edits, sa.update(a).where(one).values(**values))
    tamper(edits, sa.delete(s.tasks).where(s.tasks.c.task_id == lost))
    row = {"project_id": edits.project_id, "data": {}, "data_hash": "", "batch": "b"}
    stamp = {"updated_at": edits.now(), "task_id": ghost + 1000}
    tamper(edits, sa.insert(s.tasks).values(**row, **stamp))
    found = {(d.kind, d.task, d.annotation, d.field) for d in edits.differences()}
    mine = ("annotation", changed, held[changed])
    assert found == {
        ("task", lost, None, "missing"),
        ("task", ghost + 1000, None, "extra"),
        (*mine, "lead_time"),
        (*mine, "ground_truth"),
        (*mine, "result"),
    }
    code, output = command("check", "--json")
    assert code == 1
    assert {one["field"] for one in json.loads(output)} >= {"lead_time", "result"}
    assert command("rebuild")[0] == 0
    assert command("check")[0] == 0
    (first,) = edits.store.first_submissions(edits.project_id, [changed])
    assert (first["result"], first["edits"]) == (choice("positive"), 1)


def test_what_people_change_meanwhile_is_no_difference(edits: Edits, command: Command) -> None:
    """An answer given after the pull differs, and `assay store check` looks again."""
    (task,) = edits.add(["one"])
    edits.pull()
    edits.answer(task, "positive")
    assert {d.field for d in edits.differences()} == {"updated_at", "missing"}
    assert command("check")[0] == 0


def test_an_unusable_annotation_is_set_aside_until_it_is_mended(edits: Edits) -> None:
    """A result that is no list is told with its reason, and keeps what was known of it."""
    (task,) = edits.add(["one"])
    answer = edits.answer(task, "positive")
    edits.pull()
    damage = "UPDATE task_completion SET result = ? WHERE id = ?"
    edits.sql(damage, '{"not": "a list"}', answer)
    edits.stamp(task, edits.now())
    assert edits.mirrored() == []
    (aside,) = edits.store.set_aside(edits.project_id)
    assert (aside["kind"], aside["item_id"]) == ("annotation", answer)
    assert edits.annotation(answer) is not None
    edits.sql(damage, json.dumps(choice("negative")), answer)
    edits.stamp(task, edits.now())
    assert edits.mirrored() == []
    assert edits.store.set_aside(edits.project_id) == []
