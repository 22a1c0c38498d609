"""How many labels a correct PASS takes, beside what other rules take, and what those let through.

Scores are yes or no. Drawn with replacement, the zeros so far are a random walk, and a rule is a
boundary: the most zeros with which it passes after n answers. The chances of the walk are summed
exactly; only the finite batches are simulated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from sync.gating.wealth import log_wealth

Array = npt.NDArray[Any]
#: From the mean that is asked and a number of looks n to the most zeros that pass at each look.
Rule = Callable[[float, int], Array]

ERROR = 0.05
#: True acceptance and what is asked.
CASES = ((0.96, 0.90), (0.90, 0.80), (0.98, 0.95))
#: Wilson's bound is looked at from this many answers on.
FEWEST = 20
#: Looks at a walk, in multiples of Wald's floor; hardly any walk of a good batch is left then.
HORIZON = 14


def floor(truth: float, least: float) -> float:
    """Labels that any sequential test of this error takes on average, drawn with replacement.

    log(1/α) / KL(truth, least), for a test that rejects with certainty in the end (Wald,
    "Sequential Tests of Statistical Hypotheses", 1945).
    """
    yes = truth * math.log(truth / least)
    no = (1 - truth) * math.log((1 - truth) / (1 - least))
    return -math.log(ERROR) / (yes + no)


def _most(passes: Array) -> Array:
    """The most zeros with which a rule passes at each look; passes has shape (looks, zeros)."""
    found: Array = passes.sum(axis=1) - 1
    return found


def assay(least: float, looks: int) -> Array:
    """PASS where the anytime-valid lower bound reaches what is asked."""
    n, zeros = np.arange(looks)[:, None], np.arange(_more_than_enough(least, looks))
    # Without a population the order is of no account, so the zeros may come first.
    wealth = log_wealth((n >= zeros).astype(float), None, least)
    return _most((wealth >= -math.log(ERROR)) & (zeros <= n + 1))


def wilson(least: float, looks: int) -> Array:
    """PASS where Wilson's one-sided 95% bound reaches what is asked, from 20 answers on."""
    n, zeros = np.arange(1, looks + 1)[:, None], np.arange(_more_than_enough(least, looks))
    z, p = float(stats.norm.ppf(1 - ERROR)), 1 - zeros / n
    p = np.maximum(p, 0)
    centre = p + z * z / (2 * n)
    bound = (centre - z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    return _most((bound >= least) & (n >= FEWEST) & (zeros <= n))


def _more_than_enough(least: float, looks: int) -> int:
    return int((1 - least) * looks) + 2


def stops(truth: float, most: Array) -> Array:
    """The chance that the walk first passes at each of the looks."""
    alive = np.zeros(int(most.max()) + 2)
    alive[0] = 1.0
    found = np.zeros(len(most))
    for i, allowed in enumerate(most):
        alive[1:] = alive[1:] * truth + alive[:-1] * (1 - truth)
        alive[0] *= truth
        found[i] = alive[: allowed + 1].sum()
        alive[: allowed + 1] = 0.0
    return found


@dataclass(frozen=True)
class Price:
    """What a rule takes, and what it lets through."""

    #: Mean labels to a PASS of a batch that is good.
    mean: float
    #: Chance that a batch at what is asked, and no better, ever passes.
    wrong: float


def price(rule: Rule, truth: float, least: float) -> Price:
    """Mean labels to PASS, and the chance of a wrong PASS within the same horizon."""
    most = rule(least, int(HORIZON * floor(truth, least)))
    good = stops(truth, most)
    return Price(float((1 - np.cumsum(good)[:-1]).sum() + 1), float(stops(least, most).sum()))


def fixed(truth: float, least: float, power: float) -> int:
    """Labels of a test at one look: exact binomial, of that power at the truth."""
    for n in range(1, 100_000):
        zeros = int(stats.binom.ppf(ERROR, n, 1 - least))
        zeros -= stats.binom.cdf(zeros, n, 1 - least) > ERROR
        if stats.binom.cdf(zeros, n, 1 - truth) >= power:
            return n
    raise ValueError(f"no test of power {power} in 100,000 labels")


def finite(
    rng: np.random.Generator, truth: float, least: float, population: int, runs: int
) -> Array:
    """Labels to PASS of good batches of that many tasks, drawn without replacement."""
    batch = (np.arange(population) < round(truth * population)).astype(float)
    parts = []
    for _ in range(0, runs, 500):
        scores = rng.permuted(np.tile(batch, (500, 1)), axis=1).T
        passed = log_wealth(scores, population, least) >= -math.log(ERROR)
        parts.append(passed.argmax(axis=0) + 1)
    found: Array = np.concatenate(parts)[:runs]
    return found


def rows(seed: int = 20260102, runs: int = 2000) -> list[str]:
    """Rows of Markdown: what, Assay, the peer, the ratio."""
    rng = np.random.default_rng(seed)
    found = []
    for truth, least in CASES:
        wald, ours, theirs = floor(truth, least), *(price(r, truth, least) for r in (assay, wilson))
        what = f"Labels to PASS at true {truth:.2f} against {least:.2f}"
        found += [
            f"| {what}, a look after each, mean | {ours.mean:.0f} (wrong PASS {ours.wrong:.1%}) | "
            f"Wald's floor for any test: {wald:.0f} | {ours.mean / wald:.2f} |",
            f"| the same | {ours.mean:.0f} ({ours.wrong:.1%}) | Wilson's 95% bound with as many "
            f"looks: {theirs.mean:.0f} (wrong PASS {theirs.wrong:.1%}) | "
            f"{ours.mean / theirs.mean:.2f} |",
            f"| the same | {ours.mean:.0f} ({ours.wrong:.1%}) | one look, exact binomial: "
            f"{fixed(truth, least, 0.8)} for power 80%, {fixed(truth, least, 0.95)} for 95% | – |",
        ]
        for population in (200, 500, 2000):
            mean = finite(rng, truth, least, population, runs).mean()
            found.append(
                f"| {what}, batch of {population}, mean | {mean:.0f} | Wald's floor, if endless: "
                f"{wald:.0f} | {mean / wald:.2f} |"
            )
    return found


if __name__ == "__main__":
    print("\n".join(rows()))
