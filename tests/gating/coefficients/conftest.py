"""Tables of annotators and items with gaps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from sync.gating.coefficients import Ratings, ratings

Table = npt.NDArray[np.float64]


@pytest.fixture
def ratings_of() -> Callable[[Table], Ratings]:
    """Ratings of a table of shape (annotators, items) of categories 1 to 5, NaN for a gap."""

    def made(table: Table) -> Ratings:
        return ratings(
            (
                (int(item), int(annotator), int(table[annotator, item]))
                for annotator, item in zip(*np.nonzero(~np.isnan(table)), strict=True)
            ),
            categories=range(1, 6),
        )

    return made


@pytest.fixture
def observers() -> Table:
    """Four observers and twelve units with gaps.

    Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, section C; Gwet uses the
    same ratings (Handbook of Inter-Rater Reliability, 4th ed., 2014, p. 120).
    """
    gap = np.nan
    return np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
            [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
        ]
    )


@pytest.fixture(scope="session")
def random_tables() -> list[Table]:
    """200 tables of 2 to 5 annotators and 5 to 30 items with gaps; some items nobody rated."""
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shape = rng.integers(2, 6), rng.integers(5, 31)
        truth = rng.integers(1, 6, shape[1])
        noise = rng.random(shape) < rng.uniform(0.05, 0.6)
        table = np.where(noise, rng.integers(1, 6, shape), truth).astype(float)
        table[rng.random(shape) < 0.2] = np.nan
        found.append(table)
    return found
