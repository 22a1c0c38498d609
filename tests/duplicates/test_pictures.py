"""Near-duplicates among pictures."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from sync.duplicates import similar_pictures


def _small(image: Image.Image) -> npt.NDArray[np.float64]:
    grey = image.convert("L").resize((16, 16), Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.float64).ravel()


def _jpeg(image: Image.Image) -> Image.Image:
    content = BytesIO()
    image.save(content, "JPEG", quality=40)
    return Image.open(content)


@pytest.fixture(scope="module")
def digits() -> list[Image.Image]:
    """Handwritten digits of 1,200 different drawings."""
    found = load_digits().images[:1200]
    return [Image.fromarray((255 - d * 15.9).astype("uint8")).resize((80, 80), 0) for d in found]


@pytest.mark.parametrize(
    "change",
    [_jpeg, lambda i: i.resize((50, 62)), lambda i: i.point(lambda value: value * 0.7 + 10)],
    ids=["compressed", "scaled", "darker"],
)
def test_a_changed_copy_looks_the_same(
    digits: list[Image.Image], change: Callable[[Image.Image], Image.Image]
) -> None:
    """Each of 100 copies is found, and resembles its own original most."""
    copies = [_small(change(digit)) for digit in digits[:100]]
    assert similar_pictures(copies, [_small(d) for d in digits[:100]]) == {i: i for i in range(100)}


def test_other_drawings_of_the_same_digit_do_not(digits: list[Image.Image]) -> None:
    """Of 1,200 real drawings none is taken for another one."""
    small = [_small(digit) for digit in digits]
    assert similar_pictures(small[600:], small[:600]) == {}


def test_a_picture_that_shows_nothing_resembles_nothing() -> None:
    """A blank page is no copy of another blank page, and one that cannot be read is no copy."""
    blank = _small(Image.new("L", (30, 30), 255))
    assert similar_pictures([blank, None], [blank, None]) == {}
    assert similar_pictures([], [blank]) == {}
