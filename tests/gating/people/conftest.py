"""Real teams, read once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from label_configs import LabelConfig
from sync.records import Item
from tests.gating.people.team import real

Team = tuple[list[Item], LabelConfig, list[str]]


class RealTeam:
    """The items, the label config and the annotators of a public set, by its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = cache(lambda name: real(folder / name))

    def __call__(self, name: str) -> Team:
        return self._read(name)

    def slices(self, name: str) -> list[dict[str, Any]]:
        """What the set says of each task besides."""
        lines = (self._folder / name / "items.jsonl").read_bytes().splitlines()
        return [json.loads(line)["slice"] for line in lines]


@pytest.fixture(scope="session")
def real_team(datasets: Path) -> RealTeam:
    """Public sets of people's answers."""
    return RealTeam(datasets)
