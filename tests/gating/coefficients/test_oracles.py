"""The coefficients of 200 random tables with gaps, against independent calculations."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import cohen_kappa_score

from sync.gating.coefficients import (
    Ratings,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    pairwise_kappas,
    percent_agreement,
    scott_pi,
)

Table = npt.NDArray[np.float64]
RatingsOf = Callable[[Table], Ratings]
LABELS = [1, 2, 3, 4, 5]


def counts_of(table: Table) -> npt.NDArray[np.float64]:
    """How often each item was given each label, of shape (items, 5)."""
    return np.stack([(table == label).sum(axis=0) for label in LABELS], axis=1).astype(float)


def weights_of(name: str) -> npt.NDArray[np.float64]:
    """Gwet's agreement weights of five labels."""
    x = np.array(LABELS, dtype=float)
    apart = np.abs(x[:, None] - x)
    return {
        "nominal": np.eye(5),
        "linear": 1 - apart / apart.max(),
        "quadratic": 1 - apart**2 / apart.max() ** 2,
    }[name]


def by_handbook(table: Table, weights: str, chance: str) -> float:
    """Gwet's Handbook, 4th ed., 2014, chapters 2 and 3, sum by sum."""
    w, agreements, shares, pairable = weights_of(weights), 0.0, np.zeros(5), 0
    rated = [item for item in counts_of(table) if item.sum() >= 1]
    for item in rated:
        r = item.sum()
        shares += item / r / len(rated)
        if r >= 2:
            pairable += 1
            for k in range(5):
                weighted = sum(w[k, other] * item[other] for other in range(5))
                agreements += item[k] * (weighted - 1) / (r * (r - 1))
    p_a = agreements / pairable
    if chance == "none":
        return float(p_a)
    if chance == "fleiss":
        p_e = sum(w[k, other] * shares[k] * shares[other] for k in range(5) for other in range(5))
    else:
        p_e = w.sum() / (5 * 4) * sum(share * (1 - share) for share in shares)
    return float((p_a - p_e) / (1 - p_e))


@pytest.mark.parametrize(
    ("function", "weights", "chance"),
    [
        (percent_agreement, "nominal", "none"),
        (fleiss_kappa, "nominal", "fleiss"),
        (gwet_ac1, "nominal", "gwet"),
        (lambda given: gwet_ac2(given, weights="linear"), "linear", "gwet"),
        (lambda given: gwet_ac2(given, weights="quadratic"), "quadratic", "gwet"),
        (lambda given: gwet_ac2(given, weights="nominal"), "nominal", "gwet"),
    ],
)
def test_the_handbook_with_gaps(
    function: Callable[..., object],
    weights: str,
    chance: str,
    random_tables: list[Table],
    ratings_of: RatingsOf,
) -> None:
    """Percent, Fleiss' kappa, AC1 and AC2 are those of the Handbook's formulae."""
    for table in random_tables:
        found = function(ratings_of(table))
        assert found.value == pytest.approx(by_handbook(table, weights, chance), abs=1e-9)  # type: ignore[attr-defined]


def test_fleiss_of_statsmodels(random_tables: list[Table], ratings_of: RatingsOf) -> None:
    """Fleiss' kappa and Scott's pi without gaps are those of statsmodels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsmodels.stats.inter_rater import fleiss_kappa as theirs
    for table in random_tables:
        whole = np.where(np.isnan(table), 1, table)
        expected = theirs(counts_of(whole), method="fleiss")
        assert fleiss_kappa(ratings_of(whole)).value == pytest.approx(expected, abs=1e-9)
        assert scott_pi(ratings_of(whole)).value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("weights", ["nominal", "linear", "quadratic"])
def test_kappas_of_scikit_learn(
    weights: str, random_tables: list[Table], ratings_of: RatingsOf
) -> None:
    """Each pair's kappa is scikit-learn's of the items that both rated; weighted, the first's."""
    theirs, most = (None, None) if weights == "nominal" else (weights, 1)
    for table in random_tables:
        found = pairwise_kappas(ratings_of(table), weights=weights)
        for a, b in list(combinations(range(len(table)), 2))[:most]:
            both = ~np.isnan(table[a]) & ~np.isnan(table[b])
            labels = set(table[a][both]) | set(table[b][both])
            if len(labels) < 2:
                assert (a, b) not in found or found[a, b].value is None
                continue
            expected = cohen_kappa_score(
                table[a][both], table[b][both], weights=theirs, labels=LABELS
            )
            assert found[a, b].value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("weights", ["nominal", "linear", "quadratic"])
def test_kappa_is_the_mean_over_pairs(
    weights: str, random_tables: list[Table], ratings_of: RatingsOf
) -> None:
    """The overall kappa weighs each pair by its items and leaves out those without a kappa."""
    for table in random_tables:
        pairs = pairwise_kappas(ratings_of(table), weights=weights).values()
        known = [(pair.items, pair.value) for pair in pairs if pair.value is not None]
        mean = sum(n * value for n, value in known) / sum(n for n, _ in known)
        assert cohen_kappa(ratings_of(table), weights=weights).value == pytest.approx(mean)
