"""How few labels a PASS takes, against the least that any sequential test can take."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import frugality
from sync.gating.bounds import anytime_bounds


@pytest.mark.parametrize(("truth", "least"), frugality.CASES)
def test_a_pass_takes_little_more_than_the_least_that_is_possible(
    truth: float, least: float
) -> None:
    """On average at most 1.20 times Wald's floor, with a wrong PASS in at most 5%."""
    price = frugality.price(frugality.assay, truth, least)
    assert price.mean <= 1.20 * frugality.floor(truth, least)
    assert price.wrong <= 0.05


@pytest.mark.parametrize(("truth", "least"), frugality.CASES)
def test_wilson_is_cheaper_and_breaks_its_word(truth: float, least: float) -> None:
    """Looked at after every answer, Wilson's 95% bound passes a quarter of bad batches or more."""
    assert frugality.price(frugality.wilson, truth, least).wrong > 0.25


@pytest.mark.parametrize(("truth", "least"), frugality.CASES)
def test_a_small_batch_takes_less_than_any_endless_one(truth: float, least: float) -> None:
    """Of 200 and of 500 tasks without replacement, the mean lies below Wald's floor."""
    rng = np.random.default_rng(20260102)
    for population in (200, 500):
        labels = frugality.finite(rng, truth, least, population, 1000)
        assert labels.mean() < frugality.floor(truth, least)


@pytest.mark.parametrize("zeros", [0, 3, 10])
def test_the_boundary_is_that_of_the_bounds(zeros: int) -> None:
    """The boundary that is walked against is where the lower bound reaches what is asked."""
    most = frugality.assay(0.9, 300)
    scores = np.r_[np.zeros(zeros), np.ones(300 - zeros)]
    passed = anytime_bounds(scores, None, 0.95)[0] >= 0.9
    assert int(passed.argmax()) == int((most >= zeros).argmax())


def test_the_walk_is_summed_exactly() -> None:
    """A rule with one look passes with the chance of two ones in two answers."""
    alive = frugality.stops(0.75, np.array([-1, 0, -1, -1]))
    assert alive[1] == pytest.approx(0.75**2)
    assert alive.sum() == pytest.approx(0.75**2)


@pytest.mark.parametrize(("least", "labels"), [(0.90, 29), (0.95, 59), (0.98, 149)])
def test_one_look_at_a_perfect_batch(least: float, labels: int) -> None:
    """Without a failure 29, 59 and 149 labels show 90%, 95% and 98% at 95% confidence."""
    # The smallest n with least^n ≤ 0.05.
    assert frugality.fixed(1.0, least, 0.95) == labels
