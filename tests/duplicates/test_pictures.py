"""Near-duplicates among pictures."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sync.duplicates import picture_hash, similar_pictures


def _scenes(count: int) -> list[Image.Image]:
    """Pictures of different smooth shapes."""
    rng = np.random.default_rng(3)
    small = rng.uniform(0, 255, (count, 7, 7)).astype("uint8")
    return [Image.fromarray(one).resize((200, 160), Image.Resampling.BICUBIC) for one in small]


def _hash(image: Image.Image) -> int | None:
    return picture_hash(np.asarray(image.convert("L"), dtype=np.float64))


@pytest.mark.parametrize("change", ["smaller", "compressed", "darker"])
def test_a_changed_copy_looks_the_same(change: str) -> None:
    """Scaled, compressed or darkened pictures are found, each as its own original."""
    scenes, copies = _scenes(60), []
    for scene in scenes:
        if change == "smaller":
            copies.append(scene.resize((90, 72)))
        elif change == "darker":
            copies.append(scene.point(lambda value: value * 0.7 + 10))
        else:
            content = BytesIO()
            scene.save(content, "JPEG", quality=40)
            copies.append(Image.open(content))
    found = similar_pictures([_hash(c) for c in copies], [_hash(s) for s in scenes])
    assert found == {i: i for i in range(60)}


def test_other_pictures_do_not() -> None:
    """Of 60 different pictures none resembles one of the first 30 but these themselves."""
    hashes = [_hash(scene) for scene in _scenes(60)]
    assert similar_pictures(hashes[30:], hashes[:30]) == {}


def test_a_picture_that_shows_nothing_resembles_nothing() -> None:
    """A blank page is no copy of another blank page."""
    blank = _hash(Image.new("L", (30, 30), 255))
    assert blank is None
    assert similar_pictures([blank], [blank]) == {}
    assert similar_pictures([1], []) == {}


def test_a_tiny_picture_has_a_hash() -> None:
    """Fewer pixels than the grid has cells are enough."""
    assert picture_hash(np.array([[0.0, 9.0], [9.0, 0.0]])) is not None
