"""Which training examples stand in the prompt."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import label_configs
from label_configs import LabelConfig

#: Places of the hashed words.
_WIDTH = 512

Array = npt.NDArray[np.float64]


def chosen(
    texts: Sequence[str], labels: Sequence[frozenset[str]], many: int, rng: np.random.Generator
) -> list[int]:
    """Places of examples that show as many labels and as different texts as can be.

    First one for each label, the frequent ones first, each time the one that shows the most labels
    that are not shown yet; then the text that is farthest from all that are chosen (Gonzalez 1985,
    farthest-first traversal), by the cosine of hashed words.

    Args:
        texts: n.
        labels: of each text, n.
        many: how many are chosen at most.
        rng: draws among equals.
    """
    order = [int(i) for i in rng.permutation(len(texts))]
    found: list[int] = []
    left = Counter(label for some in labels for label in some)
    while left and len(found) < many:
        wanted = left.most_common(1)[0][0]
        holders = [i for i in order if wanted in labels[i] and i not in found]
        best = max(holders, key=lambda i: len(labels[i] & left.keys()))
        found.append(best)
        for label in labels[best]:
            left.pop(label, None)
    rows = _hashed(texts)
    near = np.full(len(texts), -np.inf)
    for i in found:
        near = np.maximum(near, rows @ rows[i])
    near[found] = np.inf
    while len(found) < min(many, len(texts)):
        farthest = min(order, key=lambda i: near[i])
        found.append(farthest)
        near = np.maximum(near, rows @ rows[farthest])
        near[farthest] = np.inf
    return found


def labels_of(config: LabelConfig, values: Mapping[str, Any]) -> frozenset[str]:
    """The labels that values hold, each with its control's name."""
    return frozenset(
        f"{name}\n{label}"
        for name, value in values.items()
        for label, _ in label_configs.pairs(config.by_name[name], value, None)
        if label is not None
    )


def _hashed(texts: Sequence[str]) -> Array:
    """How often words stand in each text, by their hashes, of length 1, (n, _WIDTH)."""
    rows = np.zeros((len(texts), _WIDTH))
    for i, text in enumerate(texts):
        places = [zlib.crc32(word.encode("utf-8", "replace")) for word in text.casefold().split()]
        np.add.at(rows[i], np.array(places, dtype=np.int64) % _WIDTH, 1.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Array = rows / np.maximum(lengths, 1e-12)
    return unit
