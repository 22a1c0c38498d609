"""Shapes that would overflow numbers or take minutes to clip."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest

import label_configs
from label_configs.kinds import shapes
from sync.errors import Malformed


def read(tag: str, **value: Any) -> Any:
    control = label_configs.parse(
        f'<View><Image name="i" value="$i"/><{tag} name="c" toName="i"/></View>'
    ).by_name["c"]
    size = {"original_width": 100, "original_height": 50}
    region = {"id": "r1", "to_name": "i", "type": tag.lower(), "value": value}
    return shapes.KIND.read(control, [region | size], None)


SIDES = {"Rectangle": ("width", "height"), "Ellipse": ("radiusX", "radiusY")}


@pytest.mark.parametrize("rotation", [0, 30])
@pytest.mark.parametrize("tag", SIDES)
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("far", [1.7e308, -1.7e308])
def test_numbers_without_end_are_malformed(tag: str, rotation: int, place: int, far: float) -> None:
    """Whatever number it is, the message says so and nothing overflows."""
    value = dict.fromkeys(("x", "y", *SIDES[tag]), 5.0)
    value[list(value)[place]] = far
    with pytest.raises(Malformed, match=r"outside of the image|no area"):
        read(tag, rotation=rotation, **value)


def test_a_tangle_is_malformed() -> None:
    """Corners at random cross each other some n**2 / 5 times."""
    corners = np.random.default_rng(1).uniform(0, 100, (10_000, 2)).tolist()
    with pytest.raises(Malformed, match="10000 sides cross each other too often"):
        read("Polygon", points=corners)


def test_fine_outlines_are_read() -> None:
    """A noisy circle, a comb and a small tangle are polygons that people and models draw."""
    rng, n = np.random.default_rng(1), 10_000
    turn = 2 * np.pi * np.arange(n) / n
    radius = 40 + rng.uniform(-0.05, 0.05, n)
    circle = np.stack([50 + radius * np.cos(turn), 50 + radius * np.sin(turn)], axis=1)
    comb = np.stack([np.linspace(0, 100, 5_000), np.tile([10.0, 90.0], 2_500)], axis=1)
    for corners in (circle, comb, rng.uniform(0, 100, (1_000, 2))):
        (shape,) = read("Polygon", points=corners.tolist())
        assert shape.numbers == tuple(chain.from_iterable(corners.tolist()))
