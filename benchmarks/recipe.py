"""The scikit-learn text classifier that label-studio-ml publishes, to compare with.

Its example `sklearn_text_classifier` counts words and runs of two and three words, weighs them by
TF-IDF, and fits a logistic regression with C = 10. Rewritten here without the service around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

#: Words of two letters and more, and single letters.
WORDS = r"(?u)\b\w\w+\b|\w"


class Recipe:
    """The recipe: `fit`, then `predict_proba`."""

    def __init__(self) -> None:
        """Nothing is learned yet."""
        self._pipeline: Any = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 3), token_pattern=WORDS), LogisticRegression(C=10)
        )

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the columns of `predict_proba`."""
        return [str(label) for label in self._pipeline.classes_]

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Recipe:
        """Learn from texts with a label each."""
        self._pipeline.fit(texts, labels)
        return self

    def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """The probability of each label, shape (texts, labels)."""
        found: npt.NDArray[np.float64] = self._pipeline.predict_proba(texts)
        return found


def generated(
    count: int, rng: np.random.Generator, *, labels: int = 10, length: int = 30
) -> tuple[list[str], list[str]]:
    """Texts of `length` words with a label each, to measure speed on.

    Words are as frequent as their rank tells (Zipf). One in six comes from 60 words that its
    label prefers.
    """
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or")]
    words = np.array(["".join(rng.choice(syllables, 2 + i % 3)) for i in range(20_000)])
    share = 1 / (np.arange(len(words)) + 10.0)
    drawn = rng.choice(len(words), size=(count, length), p=share / share.sum())
    of = rng.integers(labels, size=count)
    preferred = 500 + of[:, None] * 60 + rng.integers(60, size=drawn.shape)
    drawn = np.where(rng.random(drawn.shape) < 1 / 6, preferred, drawn)
    return [" ".join(words[row]) for row in drawn], [f"label {one}" for one in of]
