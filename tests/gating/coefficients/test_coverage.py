"""How often the intervals hold the truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from sync.gating.coefficients import (
    Coefficient,
    Ratings,
    cohen_kappa,
    gwet_ac1,
    krippendorff_alpha,
)

RUNS = 2_500
FUNCTIONS: dict[str, Callable[[Ratings], Coefficient]] = {
    "alpha": krippendorff_alpha,
    "kappa": cohen_kappa,
    "ac1": gwet_ac1,
}
#: Shares of the true labels, annotators, chance of an error, share of answers that are missing.
TEAMS = {
    "even": ((0.5, 0.5), 2, 0.15, 0.0),
    "skewed": ((0.8, 0.15, 0.05), 2, 0.1, 0.0),
    "with gaps": ((0.25, 0.25, 0.25, 0.25), 3, 0.08, 0.2),
}


def answers(rng: np.random.Generator, team: str, items: int) -> Ratings:
    """Each annotator names the true label or, by an error of their own, any other one."""
    shares, people, error, gaps = TEAMS[team]
    item, who = np.indices((items, people)).reshape(2, -1)
    truth = rng.choice(len(shares), items, p=shares)[item]
    wrong = rng.random(item.size) < error
    given = (truth + wrong * rng.integers(1, len(shares), item.size)) % len(shares)
    kept = rng.random(item.size) >= gaps
    return Ratings(
        items=item[kept],
        annotators=who[kept],
        values=given[kept],
        annotator_names=tuple(range(people)),
        item_names=tuple(range(items)),
        categories=tuple(range(len(shares))),
    )


@cache
def long_run(team: str) -> dict[str, float]:
    """The coefficients of 400,000 items."""
    many = answers(np.random.default_rng(0), team, 400_000)
    return {name: function(many).value or 0.0 for name, function in FUNCTIONS.items()}


@pytest.mark.slow
@pytest.mark.parametrize("team", TEAMS)
@pytest.mark.parametrize("items", [50, 200, 1000])
def test_the_interval_covers_the_truth(items: int, team: str) -> None:
    """Of 2,500 intervals 95% ± 1.5 hold the coefficient of endless items."""
    rng, covered = np.random.default_rng(items), dict.fromkeys(FUNCTIONS, 0)
    for _ in range(RUNS):
        given = answers(rng, team, items)
        for name, function in FUNCTIONS.items():
            found = function(given)
            lower, upper = found.lower or -1.0, found.upper or -1.0
            covered[name] += lower <= long_run(team)[name] <= upper
    shares = {name: hits / RUNS for name, hits in covered.items()}
    assert all(0.935 <= share <= 0.965 for share in shares.values()), shares
