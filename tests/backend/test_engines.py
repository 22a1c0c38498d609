"""What becomes of what engines learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import skops.io

import label_configs
from backend.engines import ENGINES, Example, Surroundings
from backend.registry import Registry
from backend.serving import Serving
from label_configs import LabelConfig
from sync.errors import Fatal
from sync.records import Json
from sync.settings import Settings


@pytest.fixture
def image_config() -> LabelConfig:
    return label_configs.parse(label_configs.load("image_classification"))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def examples(data: Sequence[Json], labels: Sequence[str], control: str = "label") -> list[Example]:
    return [
        Example(data=item, values={control: frozenset({label})})
        for item, label in zip(data, labels, strict=True)
    ]


def texts(count: int) -> list[Example]:
    return examples(
        [{"text": f"{('awful', 'lovely')[i % 2]} day number {i}"} for i in range(count)],
        [("negative", "positive")[i % 2] for i in range(count)],
    )


class Stranger:
    """A type that no model of ours holds."""

    value = 1


def test_a_model_with_strange_types_is_not_loaded(tmp_path: Path) -> None:
    """A file whose types are not on the list is refused before it is read."""
    registry = Registry(tmp_path)
    version = registry.publish(1, "sklearn_text", {"x": 1}, {})
    skops.io.dump(Stranger(), tmp_path / "1" / version / "model.skops")
    with pytest.raises(Fatal, match="Stranger"):
        registry.load(1, version)


def test_a_model_for_another_config_is_not_used(
    team_settings: Settings, image_config: LabelConfig
) -> None:
    """A text model does not answer once the project shows images."""
    Registry(team_settings.home / "models").publish(1, "sklearn_text", {"x": 1}, {})
    with pytest.raises(Fatal, match="not of the engine sklearn_image"):
        Serving(team_settings).model(1, image_config)


def test_a_model_is_read_once_and_replaced(tmp_path: Path, config: LabelConfig) -> None:
    """A published version is current, loaded once, and gives way to the next one."""
    learned = ENGINES["sklearn_text"].fit(texts(40), config, rng(), Surroundings())
    registry = Registry(tmp_path)
    first = registry.publish(1, "sklearn_text", learned, {"n": 1})
    there = registry.load(1, first)
    (tmp_path / "1" / first / "model.skops").unlink()
    assert registry.load(1, first) is there
    second = registry.publish(1, "sklearn_text", learned, {"n": 2})
    assert Registry(tmp_path).current(1) == second != first
    assert registry.load(1, second) is not there
    with pytest.raises(FileNotFoundError):
        registry.load(1, first)
