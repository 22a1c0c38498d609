"""What each control counts in the whole, by Label Studio's own weights of a project."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from label_configs.nesting import nested
from label_configs.parse import Control, LabelConfig
from sync.errors import ConfigurationError


@dataclass(frozen=True)
class Weighing:
    """What the controls of a config count."""

    #: Each control with its name and what it counts.
    parts: tuple[tuple[str, Control, float], ...]
    #: What all count together.
    total: float


def weighing(config: LabelConfig) -> Weighing:
    """What the controls of a config count, worked out once for each config."""
    kept = vars(config)
    found: Weighing | None = kept.get("weighing")
    if found is None:
        parts = tuple((c.name, c, config.weight(c.name)) for c in config.controls)
        found = kept["weighing"] = Weighing(parts, sum(weight for _, _, weight in parts))
    return found


def weighted(config: LabelConfig, control_weights: Mapping[str, Any] | None) -> LabelConfig:
    """The label config with the weights that a Label Studio project gives its controls.

    Label Studio keeps them in the project's field `control_weights`:
    `{control: {"overall": 0.5, "type": "Choices", "labels": {"cat": 1.0, "dog": 0.0}}}`.
    `overall` is what the control counts in the weighted mean; 0 leaves the control out. The
    weights of labels are checked and otherwise unused: a distance that forgave a mistake on a
    label of weight 0 would call different answers equal. Labels have figures of their own.

    Args:
        config: the label config.
        control_weights: the project's weights; a control that they lack counts 1, and a tag that
            merely names what another control draws counts nothing. None, as Label Studio has it
            for a project without a config, changes nothing.

    Raises:
        ConfigurationError: the weights are malformed, name an unknown control or label, are
            negative or not finite, or leave every control out.
    """
    if control_weights is None:
        return config
    if not isinstance(control_weights, Mapping):
        raise ConfigurationError(f"control_weights is {control_weights!r}: it must be an object")
    known = nested(config.xml).keys()
    weights = {
        name: _overall(config, name, entry)
        for name, entry in control_weights.items()
        # Labels that name what another control draws have no value of their own.
        if name in config.by_name or name not in known
    }
    whole = replace(config, weights=weights)
    if not any(whole.weight(control.name) for control in config.controls):
        raise ConfigurationError("control_weights leave every control out: give one more than 0")
    return whole


def _overall(config: LabelConfig, name: str, entry: Any) -> float:
    control = config.by_name.get(name)
    if control is None:
        raise ConfigurationError(
            f"control_weights name the control {name!r}: the label config has "
            f"{', '.join(config.by_name)}"
        )
    if entry is None:
        return 1.0
    if not isinstance(entry, Mapping) or not isinstance(entry.get("labels") or {}, Mapping):
        raise ConfigurationError(
            f'control_weights[{name!r}] is {entry!r}: it must look like {{"overall": 1.0, '
            f'"type": {control.tag!r}, "labels": {{}}}}'
        )
    for label, weight in (entry.get("labels") or {}).items():
        _weight(f"control_weights[{name!r}].labels[{label!r}]", weight)
        if control.labels and label not in control.allowed:
            raise ConfigurationError(
                f"control_weights[{name!r}] name the label {label!r}, which the label config "
                "does not know"
            )
    return _weight(f"control_weights[{name!r}].overall", entry.get("overall"))


def _weight(place: str, value: Any) -> float:
    if value is None:
        return 1.0
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1.0
    if not 0 <= number < math.inf:
        raise ConfigurationError(f"{place} is {value!r}: a weight is a number of at least 0")
    return float(number)
