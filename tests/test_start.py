"""`assay start`, as far as it needs no server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import label_configs
from sync.cli.root import assay
from sync.errors import ConfigurationError
from sync.records import Json
from sync.start import start

SAFETY = label_configs.scenario("safety_policy")


class Server:
    """Takes a project and its tasks."""

    def __init__(self) -> None:
        self.project: Json = {}

    def create_project(self, **values: Any) -> Json:
        self.project = values
        return values | {"id": 7}

    def import_tasks(self, project_id: int, tasks: Sequence[Json]) -> list[int]:
        return list(range(1, len(tasks) + 1))


@pytest.fixture
def server() -> Any:
    return Server()


@pytest.mark.parametrize("arguments", [["start"], ["start", "--list"], ["start", "--list", "ner"]])
def test_scenarios_are_listed(arguments: list[str]) -> None:
    """Each stands there with what is labelled, without any setting."""
    output = CliRunner().invoke(assay, arguments).output
    for name in label_configs.names():
        assert f"{name} " in output
        assert label_configs.scenario(name).summary in output


def test_the_label_config_can_be_shown() -> None:
    """It is printed as it is, for a file or another program."""
    output = CliRunner().invoke(assay, ["start", "boxes", "--show"]).output
    assert output == label_configs.load("boxes")


def test_an_unknown_scenario_is_refused() -> None:
    """The message has the names that there are."""
    found = CliRunner().invoke(assay, ["start", "nre", "--show"])
    assert isinstance(found.exception, ConfigurationError)
    assert "there are answer_grading" in str(found.exception)


def test_a_project_has_all_of_its_scenario(tmp_path: Path, server: Server) -> None:
    """Config and instructions go to Label Studio, the files beside the settings file."""
    done = start(server, SAFETY, tmp_path / "team.toml")  # type: ignore[arg-type]
    assert (done.project_id, done.tasks) == (7, 3)
    assert server.project["label_config"] == SAFETY.xml
    assert server.project["expert_instruction"] == SAFETY.html
    assert (tmp_path / "team.toml").read_text() == SAFETY.files["assay.toml"]
    assert (tmp_path / "rules.toml").read_text() == SAFETY.files["rules.toml"]
    assert done.kept == ()


def test_nothing_is_overwritten(tmp_path: Path, server: Server) -> None:
    """Files that are there stay as they are, and are named."""
    (tmp_path / "assay.toml").write_text("mine")
    done = start(server, SAFETY, tmp_path / "assay.toml", "Mine")  # type: ignore[arg-type]
    assert server.project["title"] == "Mine"
    assert (tmp_path / "assay.toml").read_text() == "mine"
    assert done.kept == (tmp_path / "assay.toml",)
    assert done.written == (tmp_path / "rules.toml",)


def test_without_a_place_for_files_there_is_no_project(tmp_path: Path, server: Server) -> None:
    """What cannot be written is named before anything is made on Label Studio."""
    with pytest.raises(ConfigurationError, match=r"gone/assay.toml cannot be written \(No such"):
        start(server, SAFETY, tmp_path / "gone" / "assay.toml")  # type: ignore[arg-type]
    assert server.project == {}
