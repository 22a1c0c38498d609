"""Near-duplicates of 1,000 held-out texts among 100,000, and near-duplicates that are planted."""

from __future__ import annotations

import itertools
import time

import numpy as np

from sync.duplicates import near

MANY, FEW, WORDS, PLANTED = 100_000, 1_000, 30, 3_000


def texts(rng: np.random.Generator, count: int, length: int) -> list[list[str]]:
    """Random words of 20,000, as frequent as Zipf's law has them."""
    chance = 1 / np.arange(1, 20_001)
    drawn = rng.choice(20_000, size=(count, length), p=chance / chance.sum())
    return [[f"w{word}" for word in row] for row in drawn]


def jaccard(a: list[str], b: list[str]) -> float:
    """Of the sets of neighbouring words, as defined."""
    x, y = set(itertools.pairwise(a)), set(itertools.pairwise(b))
    return len(x & y) / len(x | y)


def rows(seed: int = 20260103) -> list[str]:
    """Rows of Markdown."""
    rng = np.random.default_rng(seed)
    many, few = texts(rng, MANY, WORDS), texts(rng, FEW, WORDS)
    planted: dict[int, int] = {}
    for i, index in enumerate(rng.choice(MANY, PLANTED, replace=False)):
        planted[int(index)] = of = int(rng.integers(FEW))
        copy = list(few[of])
        for place in rng.choice(WORDS, (1, 3, 6)[i % 3], replace=False):
            copy[place] = f"w{rng.integers(20_000)}"
        many[int(index)] = copy
    left, right = [" ".join(t) for t in many], [" ".join(t) for t in few]
    started = time.process_time()
    found = {one.index: one.of for one in near(left, right)}
    seconds = time.process_time() - started
    true = {i for i, of in planted.items() if jaccard(many[i], few[of]) >= 0.5}
    hit = sum(i in found for i in true) / len(true)
    right_ones = sum(planted.get(i) == of for i, of in found.items()) / len(found)
    return [
        f"| Near-duplicates of {FEW:,} texts among {MANY:,} of {WORDS} words, {PLANTED:,} planted "
        f"with 1, 3 or 6 words changed: recall of those with Jaccard ≥ 0.5 {hit:.3f}, "
        f"precision {right_ones:.3f} | {seconds:.1f} s of one core | – | – |"
    ]


if __name__ == "__main__":
    print("\n".join(rows()))
