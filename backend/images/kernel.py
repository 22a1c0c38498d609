"""Images by how similar they are to some of those that were learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.images.features import SORTS

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

#: Images that stand for all.
_MOST = 400
#: What outlines, colours and places of colours count.
_WORTH = (3.0, 1.0, 1.0)
#: How fast similarity falls with the squared distance, of which 2 is the mean.
_FALL = 0.25
#: Squared length of an image's row: what a penalty of strength 1 is told by.
_LENGTH = 10.0


#: What a kernel is made of.
PARTS = ("scale", "landmarks", "project")


@dataclass(frozen=True)
class Kernel:
    """The Nystroem map of a radial kernel (Williams & Seeger 2001)."""

    #: What each number is multiplied with, shape (SORTS[-1],).
    scale: Floats
    #: The images that stand for all, scaled, shape (k, SORTS[-1]).
    landmarks: Floats
    #: From similarities to coordinates, shape (k, k).
    project: Floats

    @classmethod
    def of(cls, x: Array, rng: np.random.Generator) -> Kernel:
        """The map for the features of images, shape (n, SORTS[-1])."""
        scale = _scale(x)
        chosen = np.sort(rng.permutation(len(x))[:_MOST])
        landmarks = x[chosen].astype(np.float64) * scale
        values, vectors = np.linalg.eigh(_similar(landmarks, landmarks))
        project = np.sqrt(_LENGTH) * vectors / np.sqrt(np.maximum(values, 1e-6))
        return cls.stored(scale, landmarks, project)

    @classmethod
    def stored(cls, *parts: npt.NDArray[Any]) -> Kernel:
        """The map of these parts, as exact as they are when they were stored."""
        return cls(*(part.astype(np.float32).astype(np.float64) for part in parts))

    @property
    def parts(self) -> dict[str, Array]:
        """What is to be stored, by the names in `PARTS`."""
        return {name: getattr(self, name).astype(np.float32) for name in PARTS}

    def rows(self, x: Array) -> Floats:
        """The coordinates of images, each with a last one that is 1, shape (n, k + 1)."""
        coordinates = _similar(x * self.scale, self.landmarks) @ self.project
        return np.column_stack([coordinates, np.ones(len(x))])


@dataclass(frozen=True)
class Weights:
    """One row a coordinate, the last of them the bias; one column an outcome."""

    rows: Array

    def scaled(self, scale: Array, offset: Array) -> Weights:
        """Those that give each margin times `scale` plus `offset`."""
        rows = self.rows * scale
        rows[-1] += offset
        return Weights(rows)


@dataclass(frozen=True)
class Rows:
    """Coordinates of examples, see `Kernel.rows`."""

    x: Array

    def gram(self, a: Array) -> Array:
        """X Xᵀ a."""
        return self.times(self.back(a))

    def times(self, weights: Weights) -> Array:
        """The margins, shape (examples, columns)."""
        margins: Array = self.x @ weights.rows
        return margins

    def back(self, a: Array) -> Weights:
        """The combination of the rows with the factors `a`."""
        return Weights(self.x.T @ a)

    def of(self, examples: npt.NDArray[np.int64]) -> Rows:
        """Some of the examples."""
        return Rows(self.x[examples])


def _scale(x: Array) -> Floats:
    """Factors under which each sort of numbers has its worth in the mean squared distance."""
    parts: list[Any] = []
    for worth, start, end in zip(_WORTH, SORTS, SORTS[1:], strict=False):
        spread = float(x[:, start:end].astype(np.float64).var(axis=0).sum())
        # A sort that is the same in all images, such as colour in grey ones, says nothing.
        factor = np.sqrt(worth / sum(_WORTH) / spread) if spread > 1e-6 else 0.0
        parts.append(np.full(end - start, factor))
    return np.concatenate(parts)


def _similar(a: Floats, b: Floats) -> Floats:
    # In double precision: what one image is told must not depend on those beside it.
    lengths = np.einsum("ij,ij->i", a, a)[:, None] + np.einsum("ij,ij->i", b, b)
    distance = lengths - 2 * (a @ b.T)
    similar: Floats = np.exp(-_FALL * np.maximum(distance, 0.0))
    return similar
