"""Real teams, read once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from label_configs import LabelConfig
from sync.records import Item
from tests.gating.people.team import real

Team = tuple[list[Item], LabelConfig, list[str]]


@pytest.fixture(scope="session")
def real_team(datasets: Path) -> Callable[[str], Team]:
    """The items, the label config and the annotators of a public set."""
    return cache(lambda name: real(datasets / name))
