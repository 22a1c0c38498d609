"""The order in which tasks outside the validation sample are worth labelling.

Label Studio's own "Uncertainty sampling" serves the task with the lowest prediction score first. So
the score that is placed there is a task's rank in this order. What its model thought of it stays in
the scores of its regions and in the ledger.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from label_configs import LabelConfig
from sync.duplicates import shown
from sync.duplicates.normal import words
from sync.records import Candidate, Json, Result

Array = npt.NDArray[np.float32]

#: Buckets that words are hashed into.
_WIDTH = 256
#: Tasks that are spread, of how many uncertain ones; nobody labels more before the next training.
_SPREAD, _AMONG = 500, 2_000
#: What a candidate without a score is taken for.
_UNKNOWN = 0.5


def prioritised(
    made: Sequence[Candidate],
    validation: Collection[int],
    data: Mapping[int, Json],
    config: LabelConfig,
) -> list[Candidate]:
    """The candidates with their places in the order of labelling as scores.

    Those of the validation sample keep their own scores: they are labelled in draw order from a
    queue of their own, and people are to see them as any candidate.

    Args:
        made: candidates with a result.
        validation: ids of the tasks of the draw order.
        data: the data of each of the tasks.
        config: the label config.
    """
    rest = [c for c in made if c.task_id not in validation]
    ranks = priorities(
        [c.score for c in rest],
        [c.result or [] for c in rest],
        [shown(data.get(c.task_id, {}), config).text for c in rest],
    )
    score = {c.task_id: rank for c, rank in zip(rest, ranks, strict=True)}
    return [replace(c, score=score.get(c.task_id, c.score)) for c in made]


def priorities(
    scores: Sequence[float | None], results: Sequence[Result], texts: Sequence[str]
) -> list[float]:
    """A number in (0, 1) for each of n tasks, ascending in the order of labelling.

    Greedily, the next task is the one with the largest u (1 - s)^2 / sqrt(1 + c), where u is one
    less its score, s its cosine similarity to the most similar task before it, and c the number of
    tasks before it whose candidate has the same labels. The first factor is the uncertainty of the
    least confident label (Lewis & Gale, "A Sequential Algorithm for Training Text Classifiers",
    1994); the second keeps from asking twice for what says the same, like the greedy choice of
    centres of Sener & Savarese, "Active Learning for Convolutional Neural Networks", 2018; the
    third spreads tasks without text. Past five hundred tasks they follow by the same value as it
    stands then.

    Args:
        scores: of the candidates, in [0, 1], None where there is none.
        results: of the candidates.
        texts: what the tasks say; empty where they say nothing.
    """
    n = len(scores)
    uncertain = np.array([1.0 - (_UNKNOWN if s is None else s) for s in scores], dtype=np.float32)
    # A task that the model is sure of is still worth more than a copy.
    uncertain += 1e-6
    among = np.argsort(-uncertain, kind="stable")[:_AMONG]
    chosen = _spread(uncertain[among], _labels([results[i] for i in among]),
                     _features([texts[i] for i in among]))  # fmt: skip
    order = list(dict.fromkeys([*among[chosen].tolist(), *np.argsort(-uncertain, kind="stable")]))
    found = [0.0] * n
    for rank, i in enumerate(order):
        found[i] = round((rank + 0.5) / n, 9)
    return found


def _spread(uncertain: Array, labels: npt.NDArray[np.int64], features: Array) -> list[int]:
    """The order of all tasks, the first of them chosen one by one."""
    nearest, before = np.zeros_like(uncertain), np.zeros_like(uncertain)
    left = np.ones(len(uncertain), dtype=bool)
    order: list[int] = []

    def worth() -> Array:
        found: Array = uncertain * (1 - nearest) ** 2 / np.sqrt(1 + before)
        return np.where(left, found, -1.0)

    for _ in range(min(_SPREAD, len(uncertain))):
        best = int(worth().argmax())
        order.append(best)
        left[best] = False
        before[labels == labels[best]] += 1
        nearest = np.clip(np.maximum(nearest, features @ features[best]), 0, 1)
    last = np.argsort(-worth(), kind="stable")[: len(uncertain) - len(order)]
    return [*order, *last.tolist()]


def _labels(results: Sequence[Result]) -> npt.NDArray[np.int64]:
    """(n,): the same number for candidates with the same labels."""
    known: defaultdict[tuple[str, ...], int] = defaultdict(lambda: len(known))
    return np.array([known[_named(result)] for result in results], dtype=np.int64)


def _named(result: Result) -> tuple[str, ...]:
    found = {
        label
        for region in result
        for value in (region.get("value") or {}).values()
        if isinstance(value, list)
        for label in value
        if isinstance(label, str)
    }
    return tuple(sorted(found))


def _features(texts: Sequence[str]) -> Array:
    """(n, 256): words by their rarity, hashed with signs, each row of length 1 or 0.

    Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009.
    """
    said = [set(words(text)) for text in texts]
    known = Counter(word for text in said for word in text)
    found = np.zeros((len(texts), _WIDTH), dtype=np.float32)
    for row, text in zip(found, said, strict=True):
        for word in text:
            code = zlib.crc32(word.encode("utf-8", "replace"))
            sign = 1.0 if code & 1 << 20 else -1.0
            row[code % _WIDTH] += sign * math.log(1 + len(texts) / known[word])
    length = np.linalg.norm(found, axis=1, keepdims=True)
    scaled: Array = found / np.maximum(length, np.float32(1e-9))
    return scaled
