"""Agreement on a million labels: alpha with its interval and all pairwise kappas.

Run it alone with `make benchmark PARTS=agreement`.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sync.gating.coefficients import krippendorff_alpha, pairwise_kappas, ratings_of_arrays

Array = npt.NDArray[np.int64]

ITEMS, PEOPLE, LABELS = 333_333, 50, 10
#: Each time is the median of so many runs.
RUNS = 5
#: Pairs whose kappa is compared with scikit-learn's.
CHECKED = 25


def million() -> tuple[Array, Array, Array]:
    """Item, annotator and label of three labels an item, in no order."""
    rng = np.random.default_rng(0)
    who = np.argpartition(rng.random((ITEMS, PEOPLE)), 3, axis=1)[:, :3]
    truth = rng.integers(LABELS, size=(ITEMS, 1))
    wrong = rng.random((ITEMS, 3)) < 0.2
    labels = np.where(wrong, rng.integers(LABELS, size=(ITEMS, 3)), truth)
    order = rng.permutation(3 * ITEMS)
    items = np.repeat(np.arange(ITEMS), 3)
    return items[order], who.ravel()[order], labels.ravel()[order]


def ours(labels: tuple[Array, Array, Array]) -> tuple[float, dict[Any, Any]]:
    given = ratings_of_arrays(*labels)
    return float(krippendorff_alpha(given).value or 0), pairwise_kappas(given)


def dense(labels: tuple[Array, Array, Array]) -> float:
    """The package krippendorff, which wants a matrix of annotators and items."""
    import krippendorff

    items, who, label = labels
    table = np.full((PEOPLE, ITEMS), np.nan)
    table[who, items] = label
    return float(krippendorff.alpha(table, level_of_measurement="nominal"))


def crowd_kit(labels: tuple[Array, Array, Array]) -> float:
    import pandas as pd
    from crowdkit.metrics.data import alpha_krippendorff

    columns = dict(zip(("task", "worker", "label"), labels, strict=True))
    return float(alpha_krippendorff(pd.DataFrame(columns)))


def rows() -> list[str]:
    """Lines of the table of benchmarks: what, ours, theirs, ratio."""
    labels = million()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (took, (alpha, kappas)), *theirs = in_turns((ours, dense, crowd_kit), labels)
    peers = dict(zip(("krippendorff", "crowd-kit"), theirs, strict=True))
    peak = grown(ours, labels)
    apart = max(abs(alpha - other) for _, other in peers.values())
    what = (
        f"Nominal alpha with its interval and all {len(kappas):,} pairwise kappas of "
        f"{labels[0].size:,} labels: alpha {alpha:.6f}, at most {apart:.0e} from theirs; kappas at "
        f"most {kappas_apart(labels, kappas):.0e} from scikit-learn's; {peak:.0f} MB beyond the "
        f"labels"
    )
    return [
        f"| {what if name == 'krippendorff' else '– the same'} | {took:.2f} s | {name}, alpha "
        f"alone: {time_:.1f} s | {time_ / took:.0f} |"
        for name, (time_, _) in peers.items()
    ]


def in_turns(works: Sequence[Callable[[Any], Any]], labels: Any) -> list[tuple[float, Any]]:
    """Median seconds and the result of each, run in turns so that a busy machine hits all."""
    times: list[list[float]] = [[] for _ in works]
    found: list[Any] = [None for _ in works]
    for _ in range(RUNS):
        for i, work in enumerate(works):
            began = time.perf_counter()
            found[i] = work(labels)
            times[i].append(time.perf_counter() - began)
    return list(zip(map(statistics.median, times), found, strict=True))


def grown(work: Callable[[Any], object], labels: Any) -> float:
    """Megabytes at the peak of the work."""
    tracemalloc.start()
    work(labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def kappas_apart(labels: tuple[Array, Array, Array], kappas: dict[Any, Any]) -> float:
    """The largest difference to scikit-learn's kappa, of some pairs."""
    from sklearn.metrics import cohen_kappa_score

    items, who, label = labels
    table = np.full((PEOPLE, ITEMS), -1)
    table[who, items] = label
    apart = []
    for (a, b), kappa in list(kappas.items())[:: len(kappas) // CHECKED]:
        both = (table[a] >= 0) & (table[b] >= 0)
        apart.append(abs(cohen_kappa_score(table[a][both], table[b][both]) - kappa.value))
    return max(apart)
