"""How good a model's proposals are on tasks that it never learned from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import label_configs
from backend.engines import Answer, Example, Model, Proposal
from label_configs import LabelConfig
from sync.errors import Skippable
from sync.records import Json

FloatArray = npt.NDArray[np.float64]

#: Held-out tasks without which nothing is said of a model.
FEWEST = 15
#: Bins of the calibration error (Guo et al. 2017), and the normal quantile of 97.5%.
_BINS, _Z = 15, 1.959964
#: Tasks asked at once, and random sign changes of a comparison.
_CHUNK, _DRAWS = 256, 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """A model's answers to n held-out tasks."""

    #: (n,): likeness to what people said, in [0, 1]; 0 where the model abstained or failed.
    quality: FloatArray
    #: (n,): the score that came with the proposal, in [0, 1]; NaN where there was none.
    confidence: FloatArray


def scored(
    model: Model, held_out: Sequence[Example], config: LabelConfig, served: Sequence[str]
) -> Scored:
    """Ask a model for the held-out tasks; over the controls `served`, by the config's weights."""
    quality, confidence = np.zeros(len(held_out)), np.full(len(held_out), np.nan)
    for i, (one, answer) in enumerate(zip(held_out, _answers(model, held_out), strict=True)):
        if isinstance(answer, Proposal):
            confidence[i] = answer.score
            quality[i] = _quality(one, answer, config, served)
    return Scored(quality=quality, confidence=confidence)


def _answers(model: Model, held_out: Sequence[Example]) -> list[Answer]:
    tasks: list[Json] = [{"id": i, "data": one.data} for i, one in enumerate(held_out)]
    found: list[Answer] = []
    for start in range(0, len(tasks), _CHUNK):
        found += model.predict(tasks[start : start + _CHUNK])
    return found


def _quality(
    example: Example, proposal: Proposal, config: LabelConfig, served: Sequence[str]
) -> float:
    try:
        values = label_configs.read(config, proposal.result, example.data)
    except Skippable:
        return 0.0
    names = [name for name in served if config.weight(name)] or list(served)
    weights = np.array([config.weight(name) or 1.0 for name in names])
    apart = [
        label_configs.control_distance(
            config.by_name[name], values.get(name), example.values.get(name)
        )
        for name in names
    ]
    return float(1.0 - (weights * apart).sum() / weights.sum())


def summary(found: Scored) -> Json:
    """Mean score with its interval and the calibration error, as a version's account keeps them.

    The interval is that of Wilson ("Probable Inference, the Law of Succession, and Statistical
    Inference", 1927), at 95%. It takes scores for yes or no, and no scores in [0, 1] of the same
    mean vary more than those.
    """
    n = len(found.quality)
    if n < FEWEST:
        return {"tasks": n, "score": None, "reason": f"fewer than {FEWEST} held-out tasks"}
    mean = float(found.quality.mean())
    middle = (mean + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z * math.sqrt(mean * (1 - mean) / n + _Z * _Z / (4 * n * n)) / (1 + _Z * _Z / n)
    return {
        "tasks": n,
        "score": round(mean, 4),
        "lower": round(max(middle - half, 0.0), 4),
        "upper": round(min(middle + half, 1.0), 4),
        "calibration_error": calibration_error(found),
        "abstained": int(np.isnan(found.confidence).sum()),
    }


def calibration_error(found: Scored) -> float | None:
    """The mean gap between confidence and quality, over 15 bins of confidence; None without any.

    Expected calibration error as in Guo, Pleiss, Sun & Weinberger, "On Calibration of Modern
    Neural Networks", 2017, with the quality in [0, 1] in place of right or wrong.
    """
    there = ~np.isnan(found.confidence)
    confidence, quality = found.confidence[there], found.quality[there]
    if not len(confidence):
        return None
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=confidence - quality, minlength=_BINS)
    return round(float(np.abs(gaps).sum() / len(confidence)), 4)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A new version beside the one in use, on the same tasks."""

    tasks: int
    #: Mean score of the new one less that of the other.
    difference: float
    #: 1 - p, one-sided: how sure it is that the new one is worse, in [0, 1].
    sure_worse: float


def compared(new: Scored, old: Scored, rng: np.random.Generator) -> Compared | None:
    """Both versions task by task; None with fewer than 15 tasks.

    If neither were better, each task's difference might as well have the other sign (Fisher's
    randomisation test, "The Design of Experiments", 1935).
    """
    apart = new.quality - old.quality
    if len(apart) < FEWEST:
        return None
    told = apart[apart != 0]
    signs = rng.integers(0, 2, (_DRAWS, len(told)), dtype=np.int8) * 2 - 1
    as_low = (signs @ told <= told.sum() + 1e-12).sum() if len(told) else _DRAWS
    return Compared(
        tasks=len(apart),
        difference=float(apart.mean()),
        sure_worse=1.0 - float(1 + as_low) / (_DRAWS + 1),
    )
