"""Krippendorff's alpha, against published examples and independent libraries."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import krippendorff
import numpy as np
import numpy.typing as npt
import pytest

from sync.gating.coefficients import Ratings, krippendorff_alpha, ratings

Table = npt.NDArray[np.float64]
RatingsOf = Callable[[Table], Ratings]
METRICS = ("nominal", "ordinal", "interval", "ratio")


@pytest.fixture
def crowd_kit() -> Iterator[Any]:
    """crowd-kit's alpha."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from crowdkit.metrics.data import alpha_krippendorff

        yield alpha_krippendorff


@pytest.mark.parametrize(
    ("metric", "published"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_the_published_example(
    metric: str, published: float, observers: Table, ratings_of: RatingsOf
) -> None:
    """Krippendorff (2011), sections C and E: four observers, twelve units, with gaps."""
    found = krippendorff_alpha(ratings_of(observers), metric=metric)
    assert found.value == pytest.approx(published, abs=5e-4)
    assert found.items == 11


@pytest.mark.parametrize("metric", METRICS)
def test_the_independent_library(
    metric: str, random_tables: list[Table], ratings_of: RatingsOf
) -> None:
    """Alpha of 200 random tables with gaps is that of the package krippendorff."""
    for table in random_tables:
        ours = krippendorff_alpha(ratings_of(table), metric=metric).value
        theirs = krippendorff.alpha(table, level_of_measurement=metric)
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_a_second_library(
    crowd_kit: Any, random_tables: list[Table], ratings_of: RatingsOf
) -> None:
    """Nominal alpha of 200 random tables with gaps is that of crowd-kit."""
    import pandas as pd

    for table in random_tables:
        who, item = np.nonzero(~np.isnan(table))
        rows = {"task": item, "worker": who, "label": table[who, item]}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = crowd_kit(pd.DataFrame(rows))
        ours = krippendorff_alpha(ratings_of(table)).value
        assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_many_categories(metric: str) -> None:
    """Where counts do not fit one number the result is still that of the library."""
    rng = np.random.default_rng(0)
    table = rng.integers(0, 90, (4, 60)).astype(float)
    table[1] = np.where(rng.random(60) < 0.5, table[0], table[1])
    rows = [(i, a, table[a, i]) for a in range(4) for i in range(60)]
    theirs = krippendorff.alpha(table, level_of_measurement=metric)
    ours = krippendorff_alpha(ratings(rows), metric=metric).value
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_unused_categories_do_not_matter(observers: Table) -> None:
    """With 5,000 categories declared, the published example stays what it is."""
    given = [(i, a, observers[a, i]) for a, i in zip(*np.nonzero(observers > 0), strict=True)]
    found = krippendorff_alpha(ratings(given, categories=range(5000)))
    assert found.value == pytest.approx(0.743, abs=5e-4)


def test_an_unknown_metric_is_named() -> None:
    """The message lists those that are known."""
    with pytest.raises(ValueError, match=r"'cosine'.*nominal, ordinal, interval, ratio"):
        krippendorff_alpha(ratings([]), metric="cosine")


def test_interval_and_ratio_want_numbers() -> None:
    """Text and, for ratio, numbers below 0 are refused."""
    with pytest.raises(ValueError, match="'bad' is no finite number"):
        krippendorff_alpha(ratings([(1, 1, "good"), (1, 2, "bad")]), metric="interval")
    with pytest.raises(ValueError, match="below 0"):
        krippendorff_alpha(ratings([(1, 1, -1), (1, 2, 1)]), metric="ratio")
