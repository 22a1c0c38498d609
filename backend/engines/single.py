"""Label configs that ask for one label of a fixed list."""

from __future__ import annotations

import label_configs
from backend.engines.base import Proposal
from label_configs import Control, LabelConfig


def single_choice(config: LabelConfig) -> Control | None:
    """The config's control, if it is one single Choices of a fixed list, for the whole task."""
    if len(config.controls) != 1:
        return None
    control = config.controls[0]
    single = (control.attribute("choice") or "single").startswith("single")
    plain = not control.switched_on & {"allownested", "peritem", "perregion"}
    fixed = bool(control.labels) and not control.attribute("value").startswith("$")
    whole = not control.is_repeated
    return control if control.tag == "Choices" and single and plain and fixed and whole else None


def fields(config: LabelConfig, tag: str) -> list[str]:
    """The data fields that objects of this tag show."""
    return [shown.field for shown in config.objects if shown.tag == tag]


def proposal(config: LabelConfig, control: Control, label: str, score: float) -> Proposal:
    """One label as a proposal."""
    values = {control.name: frozenset({label})}
    return Proposal(result=label_configs.write(config, values, score=score), score=score)
