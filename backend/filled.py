"""Controls filled with values, as the regions of a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import label_configs
from label_configs import Control, LabelConfig, kind_of
from sync.records import Result


class Filled(NamedTuple):
    """What one control is filled with."""

    #: As `label_configs.read` gives it; None for no region where that says something.
    value: Any
    #: The score of each region in the value's order, or one for all; at least one, in [0, 1].
    scores: tuple[float, ...]


def written(config: LabelConfig, filled: Mapping[str, Filled]) -> tuple[Result, float]:
    """The regions, each with its score, and the score of the whole.

    The whole is as likely to be right as the least sure part at most (Fréchet's upper bound), and
    exactly so where the parts stand and fall together.
    """
    result = [region for name, found in filled.items() for region in _regions(config, name, found)]
    return result, min(min(found.scores) for found in filled.values())


def _regions(config: LabelConfig, name: str, found: Filled) -> Result:
    result = label_configs.write(config, {name: found.value})
    each = len(found.scores) == len(result)
    scores = found.scores if each else (min(found.scores),) * len(result)
    return [region | {"score": score} for region, score in zip(result, scores, strict=True)]


def takes_several(control: Control) -> bool:
    """Whether a value is a set of labels, of which people may choose any."""
    if control.is_repeated or control.switched_on & {"perregion", "peritem"}:
        return False
    if control.tag == "Choices":
        return not (control.attribute("choice") or "single").startswith("single")
    return control.tag == "Taxonomy" and control.attribute("maxUsages") != "1"


def marks(control: Control) -> bool:
    """Whether a value is a list of regions, each with a place and labels."""
    return control.tag != "Relations" and hasattr(kind_of(control), "counts")
