"""Dawid & Skene's estimates of a million labels, beside crowd-kit's."""

from __future__ import annotations

import time
import warnings

import numpy as np

from sync.gating.coefficients.ratings import Ratings
from sync.gating.people.dawid_skene import dawid_skene

ITEMS, PEOPLE, LABELS, ITERATIONS = 333_333, 50, 10, 20


def million() -> Ratings:
    """Three of fifty people on each item; between 60 and 95 per cent of what they say is meant."""
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(LABELS, size=ITEMS), 3)
    steps = np.arange(3) * rng.integers(1, PEOPLE // 3, size=(ITEMS, 1))
    who = ((rng.integers(PEOPLE, size=(ITEMS, 1)) + steps) % PEOPLE).ravel()
    meant = rng.random(3 * ITEMS) < rng.uniform(0.6, 0.95, PEOPLE)[who]
    return Ratings(
        items=np.repeat(np.arange(ITEMS), 3),
        annotators=who,
        values=np.where(meant, truth, rng.integers(LABELS, size=3 * ITEMS)),
        annotator_names=tuple(range(PEOPLE)),
        item_names=tuple(range(ITEMS)),
        categories=tuple(range(LABELS)),
    )


def rows() -> list[str]:
    """One row of the table: what, Assay, peer, ratio."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas as pd
        from crowdkit.aggregation import DawidSkene

        data = million()
        names = ("task", "worker", "label")
        columns = (data.items, data.annotators, data.values)
        frame = pd.DataFrame(dict(zip(names, columns, strict=True)))
        began = time.perf_counter()
        theirs = DawidSkene(n_iter=ITERATIONS, tol=-np.inf).fit(frame)
        middle = time.perf_counter()
        ours = dawid_skene(data, smoothing=1e-10, tolerance=-np.inf, most=ITERATIONS)
        ended = time.perf_counter()
    other = theirs.probas_.sort_index()[range(LABELS)].to_numpy()
    gap = float(np.abs(ours.posteriors - other).max())
    took, peer = ended - middle, middle - began
    return [
        f"| Dawid–Skene on {len(data.values):,} labels, {ITERATIONS} iterations; posteriors at "
        f"most {gap:.0e} apart | {took:.2f} s | crowd-kit: {peer:.1f} s | {peer / took:.0f} |"
    ]


if __name__ == "__main__":
    print("\n".join(rows()))
