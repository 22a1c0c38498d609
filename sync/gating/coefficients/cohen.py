"""Cohen's kappa of two annotators, and its mean over the pairs of more."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sync.gating.coefficients.coefficient import ONE_CATEGORY, Coefficient, undefined
from sync.gating.coefficients.counts import no_pair
from sync.gating.coefficients.disagreement import BLOCK, Disagreement
from sync.gating.coefficients.intervals import with_interval
from sync.gating.coefficients.pairs import PairCells, pair_cells, pair_codes
from sync.gating.coefficients.ratings import IntArray, Ratings
from sync.gating.coefficients.weights import weighted

Array = npt.NDArray[Any]

_NAME = "cohen_kappa"
#: An expected sum this small is 0, but for rounding.
_ROUNDING = 1e-9


def cohen_kappa(
    ratings: Ratings, confidence: float = 0.95, *, weights: str = "nominal"
) -> Coefficient:
    """Cohen's kappa; of more than two annotators the mean over their pairs.

    Each pair's kappa = 1 - D_o / D_e is that of the items both rated, with each one's own
    marginals (Cohen, "A coefficient of agreement for nominal scales", Educational and
    Psychological Measurement 20, 1960; weighted: Psychological Bulletin 70, 1968). The mean over
    pairs weighs each by its items and leaves out pairs without a kappa, who gave one and the
    same category only. Kappa of few items is poor: for many annotators with few items in
    common, Fleiss' kappa or alpha says more.

    Args:
        ratings: the answers.
        confidence: of the interval and the bounds, in (0, 1).
        weights: "nominal", "linear" or "quadratic", see `weighted`.

    Raises:
        ValueError: no such weights.
    """
    delta = weighted(ratings.categories, weights)
    cells = pair_cells(ratings)
    if not cells.first.size:
        return undefined(_NAME, 0, no_pair(ratings))
    kappas = _kappas(cells, delta, len(ratings.categories))
    known = np.where(kappas.known, cells.items, 0)
    total, weight = float(known @ kappas.value), float(known.sum())
    lost, lighter, apart = _changes(ratings, cells, kappas)
    if not weight:
        return undefined(_NAME, lost.size, ONE_CATEGORY)
    without = weight - lighter
    left_out = np.where(without > 0, total - lost, 1.0) / np.maximum(without, 1.0)
    return with_interval(
        _NAME,
        total / weight,
        left_out,
        np.ones(lost.size),
        apart,
        items=lost.size,
        expected=float(known @ kappas.expected) / weight,
        confidence=confidence,
        extent=_extent(ratings, delta),
    )


def pairwise_kappas(
    ratings: Ratings, confidence: float = 0.95, *, weights: str = "nominal"
) -> dict[tuple[Hashable, Hashable], Coefficient]:
    """Cohen's kappa of each two annotators who rated an item together.

    Args:
        ratings: the answers.
        confidence: of the intervals and the bounds, in (0, 1).
        weights: see `cohen_kappa`.

    Raises:
        ValueError: no such weights.
    """
    cells, delta = pair_cells(ratings), weighted(ratings.categories, weights)
    kappas, extent = _kappas(cells, delta, len(ratings.categories)), _extent(ratings, delta)
    starts = np.searchsorted(cells.pair, np.arange(cells.first.size + 1)).tolist()
    found = {}
    names = ratings.annotator_names
    for q, (first, second) in enumerate(zip(cells.first, cells.second, strict=True)):
        part, n = slice(starts[q], starts[q + 1]), int(cells.items[q])
        found[names[first], names[second]] = (
            with_interval(
                _NAME,
                float(kappas.value[q]),
                kappas.without[part],
                cells.count[part].astype(float),
                kappas.apart[part],
                items=n,
                expected=float(kappas.expected[q]),
                confidence=confidence,
                extent=extent,
            )
            if kappas.known[q]
            else undefined(_NAME, n, ONE_CATEGORY)
        )
    return found


def _extent(ratings: Ratings, delta: Disagreement) -> float:
    return delta.extent(np.bincount(ratings.values, minlength=len(ratings.categories)))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Kappas:
    """Of Q pairs with C cells."""

    #: (Q,) whether there is a kappa; the kappa, or 0; D_e.
    known: Array
    value: Array
    expected: Array
    #: (C,) the cell's own disagreement.
    apart: Array
    #: (C,) the same without an item of the cell; the kappa is 1 where it is not known.
    known_without: Array
    without: Array


def _kappas(cells: PairCells, delta: Disagreement, k: int) -> _Kappas:
    n = cells.items
    apart = delta.between(cells.a, cells.b)
    observed = np.bincount(cells.pair, cells.count * apart, n.size)
    expected, against = _expected(cells, delta, k)
    known = expected > _ROUNDING
    value = np.where(known, 1 - n * observed / np.where(known, expected, 1), 0.0)
    left = expected[cells.pair] - against + apart
    known_without = left > _ROUNDING
    ratio = (n[cells.pair] - 1) * (observed[cells.pair] - apart)
    return _Kappas(
        known=known,
        value=value,
        expected=expected / np.maximum(n, 1) ** 2,
        apart=apart,
        known_without=known_without,
        without=1 - np.where(known_without, ratio / np.where(known_without, left, 1), 0.0),
    )


def _expected(cells: PairCells, delta: Disagreement, k: int) -> tuple[Array, Array]:
    """Σ r_c s_k δ(c, k) of each pair's marginals r and s, and what an item of a cell adds to it.

    Returns:
        The sums, of shape (Q,), and for each cell (a, b) Σ_k s_k δ(a, k) + Σ_c r_c δ(c, b), of
        shape (C,).
    """
    expected, against = np.empty(cells.items.size), np.empty(cells.pair.size)
    step = max(1, BLOCK // max(k, 1))
    for start in range(0, expected.size, step):
        stop = min(start + step, expected.size)
        part = slice(*np.searchsorted(cells.pair, [start, stop]))
        pair, a, b = cells.pair[part] - start, cells.a[part], cells.b[part]
        r, s = (_marginal(pair * k + x, cells.count[part], stop - start, k) for x in (a, b))
        to_s, to_r = delta.against(s), delta.against(r)
        expected[start:stop] = (r * to_s).sum(axis=1)
        against[part] = to_s[pair, a] + to_r[pair, b]
    return expected, against


def _marginal(cell: IntArray, count: IntArray, pairs: int, k: int) -> Array:
    found: Array = np.bincount(cell, count, pairs * k).reshape(pairs, k)
    return found


def _changes(ratings: Ratings, cells: PairCells, kappas: _Kappas) -> tuple[Array, Array, Array]:
    """What Σ n kappa and Σ n over pairs lose with each item, and its mean disagreement.

    Returns:
        Each of the shape of the items that hold a pair.
    """
    n = cells.items[cells.pair]
    before = np.where(kappas.known, cells.items, 0)[cells.pair]
    after = np.where(kappas.known_without, n - 1, 0)
    lost = before * kappas.value[cells.pair] - after * kappas.without
    parts = np.stack([lost, before - after, kappas.apart, np.ones(lost.size)])
    number = len(ratings.item_names)
    sums: Array = np.zeros((4, number))
    for items, codes in pair_codes(ratings):
        found = parts[:, cells.find(codes)]
        sums += [np.bincount(items, part, number) for part in found]
    sums = sums[:, sums[3] > 0]
    return sums[0], sums[1], sums[2] / sums[3]
