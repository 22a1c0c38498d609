"""Krippendorff's alpha for nominal values, with an interval and a bound that holds at all times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import lambertw
from scipy.stats import norm

Unit = Sequence[Hashable]


@dataclass(frozen=True, kw_only=True)
class Alpha:
    """The coefficient over n units; None with the reason where it is not defined."""

    value: float | None
    #: Jackknife interval over units, for reports.
    interval: tuple[float, float] | None
    #: Time-uniform one-sided bounds, for the gate.
    lower: float | None
    upper: float | None
    n: int
    reason: str = ""


def krippendorff_alpha(units: Sequence[Unit], confidence: float) -> Alpha:
    """Nominal alpha of units that each hold the values given by different annotators.

    With o_cc the coincidences on the diagonal, n_c the number of pairable values c and n their
    total, alpha = 1 - (n - 1) (n - Σ o_cc) / (n² - Σ n_c²) (Krippendorff, "Computing
    Krippendorff's Alpha-Reliability", 2011, section C). Units with fewer than two values hold
    no pair and are left out.

    The interval is the jackknife's, over units. The bounds are the asymptotic confidence
    sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory
    and asymptotic confidence sequences", 2024, one-sided) of the mean of the jackknife's
    pseudo-values. To the pseudo-values' variance is added what two disagreeing units more would
    bring: disagreement is rare, so a few units show too little of it or none, and without the
    addition the lower bound of simulated streams is wrong more often than it says.

    Args:
        units: values of each unit, in the order in which the units came in.
        confidence: of the two-sided interval and of each one-sided bound, in (0, 1).
    """
    pairable = [tuple(unit) for unit in units if len(unit) >= 2]
    n = len(pairable)
    if n < 2:
        return _undefined(n, "fewer than two tasks have two answers")
    agreeing, totals = _coincidences(pairable)
    full = _alpha(agreeing.sum(axis=0), totals.sum(axis=0))
    if full is None:
        return _undefined(n, "all answers are one and the same label, so chance explains it all")
    pseudo = n * full - (n - 1) * _left_out(agreeing, totals)
    expected = _expected_disagreement(totals.sum(axis=0))
    spread = math.sqrt(float(pseudo.var(ddof=1)) + 2 / (expected**2 * (n + 1)))
    half = float(norm.ppf((1 + confidence) / 2)) * spread / math.sqrt(n)
    margin = _time_uniform_margin(spread, n, 1 - confidence)
    return Alpha(
        value=full,
        interval=(max(-1.0, full - half), min(1.0, full + half)),
        lower=max(-1.0, full - margin),
        upper=min(1.0, full + margin),
        n=n,
    )


def _undefined(n: int, reason: str) -> Alpha:
    return Alpha(value=None, interval=None, lower=None, upper=None, n=n, reason=reason)


def _coincidences(units: Sequence[Unit]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Per unit: the diagonal coincidences and the values, both of shape (units, labels)."""
    labels = {value: i for i, value in enumerate(dict.fromkeys(v for u in units for v in u))}
    agreeing = np.zeros((len(units), len(labels)))
    totals = np.zeros((len(units), len(labels)))
    for row, unit in enumerate(units):
        for value, count in Counter(unit).items():
            totals[row, labels[value]] = count
            agreeing[row, labels[value]] = count * (count - 1) / (len(unit) - 1)
    return agreeing, totals


def _alpha(agreeing: npt.NDArray[Any], totals: npt.NDArray[Any]) -> float | None:
    n = float(totals.sum())
    expected = n * n - float((totals**2).sum())
    if expected < 0.5:
        return None
    return 1.0 - (n - 1) * (n - float(agreeing.sum())) / expected


def _left_out(agreeing: npt.NDArray[Any], totals: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Alpha without each unit in turn, of shape (units,)."""
    all_totals = totals.sum(axis=0)
    n = float(all_totals.sum()) - totals.sum(axis=1)
    squares = (all_totals**2).sum() - 2 * totals @ all_totals + (totals**2).sum(axis=1)
    expected = n * n - squares
    observed = (n - 1) * (n - (agreeing.sum() - agreeing.sum(axis=1)))
    # Without the one unit that varies, agreement is complete, whatever chance would do.
    alpha: npt.NDArray[Any] = 1.0 - observed / np.where(expected < 0.5, np.inf, expected)
    return alpha


def _expected_disagreement(totals: npt.NDArray[Any]) -> float:
    n = float(totals.sum())
    return (n * n - float((totals**2).sum())) / (n * (n - 1))


def _time_uniform_margin(spread: float, n: int, error: float) -> float:
    """Half-width of the one-sided asymptotic confidence sequence after n values.

    σ √( 2 (n ρ² + 1) / (n² ρ²) · log(1 + √(n ρ² + 1) / (2 error)) ), with ρ chosen so that it is
    tightest at 50 values (the paper's one-sided boundary).
    """
    rho2 = _rho2(50, error)
    scale = n * rho2 + 1
    return spread * math.sqrt(
        2 * scale / (n * n * rho2) * math.log(1 + math.sqrt(scale) / (2 * error))
    )


def _rho2(n: int, error: float) -> float:
    a2 = 4 * error * error
    return float((-lambertw(-a2 * math.exp(-1), k=-1).real - 1) / n)


def units_needed(alpha: float, lower: float, n: int, threshold: float, confidence: float) -> int:
    """About how many units put the lower bound at the threshold, if alpha stays what it is.

    Args:
        alpha: the coefficient now, above the threshold.
        lower: its time-uniform lower bound now, over `n` units.
        n: units so far.
        threshold: what the bound must reach.
        confidence: of the bound.
    """
    error = 1 - confidence
    spread = (alpha - lower) / _time_uniform_margin(1.0, n, error)
    needed = n
    while alpha - _time_uniform_margin(spread, needed, error) < threshold and needed < 100_000:
        needed += max(1, needed // 20)
    return needed
