"""The coefficients that make sense for a control's kind of values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np

import label_configs
from label_configs import Control
from sync.gating.coefficients.coefficient import Coefficient, undefined
from sync.gating.coefficients.cohen import cohen_kappa
from sync.gating.coefficients.distances import compared
from sync.gating.coefficients.fleiss import fleiss_kappa
from sync.gating.coefficients.gwet import gwet_ac1
from sync.gating.coefficients.krippendorff import krippendorff_alpha
from sync.gating.coefficients.percent import percent_agreement
from sync.gating.coefficients.ratings import Ratings, ratings

#: (item, annotator, typed value; None where the answer leaves the control empty)
Row = tuple[Hashable, Hashable, Any | None]

NO_CATEGORIES = "values of {tag} are no categories: see percent and krippendorff_alpha"
_KAPPAS: dict[str, Callable[[Ratings, float], Coefficient]] = {
    "cohen_kappa": cohen_kappa,
    "fleiss_kappa": fleiss_kappa,
    "gwet_ac1": gwet_ac1,
}


def control_agreement(
    control: Control, rows: Sequence[Row], confidence: float = 0.95
) -> dict[str, Coefficient]:
    """percent, cohen_kappa, fleiss_kappa, krippendorff_alpha and gwet_ac1 of a control's values.

    By the scale of the control's kind:

    - nominal: percent is the mean similarity, 1 - distance, and alpha has that distance. For
      single choices that is percent agreement and nominal alpha; sets of choices and paths may
      agree in part. Kappas and AC1 take each value, such as a set, as one category.
    - ordinal: percent, kappas and AC1 count equal values; alpha is ordinal. An answer that is
      empty is a category of its own but for alpha, which has no place for it on the scale.
    - interval: percent is the mean similarity, alpha is that of the numbers, without the empty
      answers; no kappas.
    - none, as for regions and texts: percent is the mean similarity, alpha has the distance; no
      kappas.

    Args:
        control: the control.
        rows: its values, at most one for each item and annotator.
        confidence: of the intervals and the bounds, in (0, 1).

    Raises:
        ValueError: an annotator answers an item twice.
        Fatal: the control's values cannot be compared.
    """
    scale = label_configs.kind_of(control).SCALE
    by_distance = compared(rows, partial(label_configs.control_distances, control))
    found = {"percent": by_distance.agreement(confidence)}
    if scale in ("nominal", "ordinal"):
        given = _categories(control, rows)
        found |= {name: kappa(given, confidence) for name, kappa in _KAPPAS.items()}
        if scale == "ordinal":
            found["percent"] = percent_agreement(given, confidence)
    else:
        reason, items = NO_CATEGORIES.format(tag=control.tag), found["percent"].items
        found |= {name: undefined(name, items, reason) for name in _KAPPAS}
    return found | {"krippendorff_alpha": control_alpha(control, rows, confidence)}


def control_alpha(
    control: Control, rows: Sequence[Row], confidence: float = 0.95, pairs: int | None = None
) -> Coefficient:
    """Krippendorff's alpha of a control's values alone, as `control_agreement` gives it.

    Args:
        control: the control.
        rows: its values, at most one for each item and annotator.
        confidence: of the interval and the bounds, in (0, 1).
        pairs: where values have only a distance, about the most that are taken to learn what
            chance brings; the error of that sample is part of the bounds.

    Raises:
        ValueError: an annotator answers an item twice.
        Fatal: the control's values cannot be compared.
    """
    scale = label_configs.kind_of(control).SCALE
    if scale in ("ordinal", "interval"):
        return krippendorff_alpha(_numbers(control, rows), confidence, metric=scale)
    by_distance = compared(rows, partial(label_configs.control_distances, control))
    return by_distance.alpha(confidence, np.random.default_rng(0), pairs)


def _categories(control: Control, rows: Sequence[Row]) -> Ratings:
    """Each value as one category; the config's own labels are categories even if unused."""
    kind = label_configs.kind_of(control)
    given = [
        (item, annotator, None if value is None else kind.category(control, value))
        for item, annotator, value in rows
    ]
    seen = list(dict.fromkeys(category for _, _, category in given))
    single = {category for category in seen if category is not None} <= set(control.labels)
    return ratings(given, list(dict.fromkeys([*control.labels, *seen])) if single else seen)


def _numbers(control: Control, rows: Sequence[Row]) -> Ratings:
    given = [
        (item, annotator, label_configs.number(control, value))
        for item, annotator, value in rows
        if value is not None
    ]
    return ratings(given)
