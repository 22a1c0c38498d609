"""Intervals for the difference of two shares and the ratio of two medians, at one look."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import binom, norm


def difference(
    a: float, n_a: int, b: float, n_b: int, confidence: float
) -> tuple[float, float, float]:
    """The share a minus the share b with its two-sided interval.

    Newcombe, "Interval estimation for the difference between independent proportions" (1998),
    method 10: the hybrid of the two Wilson intervals, without continuity correction. For shares
    that are means of values in [0, 1] it is wide enough: none has a larger variance than a
    proportion of that mean.

    Args:
        a: share in [0, 1].
        n_a: what it is the mean of, at least 1.
        b: the other share.
        n_b: likewise.
        confidence: of the interval, in (0, 1).
    """
    low_a, high_a = wilson(a, n_a, confidence)
    low_b, high_b = wilson(b, n_b, confidence)
    gap = a - b
    lower = gap - math.hypot(a - low_a, high_b - b)
    upper = gap + math.hypot(high_a - a, b - low_b)
    return gap, max(-1.0, lower), min(1.0, upper)


def wilson(share: float, n: int, confidence: float) -> tuple[float, float]:
    """Wilson's two-sided score interval of a share of n.

    Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    z = float(norm.ppf((1 + confidence) / 2))
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def median_ratio(
    x: Sequence[float], y: Sequence[float], confidence: float
) -> tuple[float, float, float]:
    """The median of x by the median of y with its two-sided interval.

    Price & Bonett, "Distribution-free confidence intervals for difference and ratio of medians"
    (2002): a normal interval for the difference of the log medians, whose variances come from
    the order statistics around each median.

    Args:
        x: at least five numbers above 0.
        y: likewise.
        confidence: of the interval, in (0, 1).

    Raises:
        ValueError: there are fewer than five numbers, or one is not above 0.
    """
    log_x, log_y = _logs(x), _logs(y)
    gap = float(np.median(log_x) - np.median(log_y))
    z = float(norm.ppf((1 + confidence) / 2))
    half = z * math.sqrt(_median_variance(log_x) + _median_variance(log_y))
    return math.exp(gap), math.exp(gap - half), math.exp(gap + half)


#: With fewer numbers the order statistics around a median do not exist.
FEWEST = 5


def _logs(x: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = np.asarray(x, dtype=np.float64)
    if len(values) < FEWEST or not (values > 0).all():
        raise ValueError(f"{len(values)} numbers: allowed are at least {FEWEST}, all above 0")
    return np.sort(np.log(values))


def _median_variance(ordered: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Of the sample's median: ((x_(n-c+1) - x_(c)) / (2 z))² with c = (n + 1) / 2 - √n."""
    n = len(ordered)
    c = max(1, round((n + 1) / 2 - math.sqrt(n)))
    z = float(norm.ppf(1 - binom.cdf(c - 1, n, 0.5)))
    return float((ordered[n - c] - ordered[c - 1]) / (2 * z)) ** 2
