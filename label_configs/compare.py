"""Reading, writing and comparing the labels of whole results."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from label_configs import choices
from label_configs.parse import Control, LabelConfig
from sync.errors import Fatal, Skippable
from sync.records import Result

Value = frozenset[str]

#: How the values of a control tag are handled.
_KINDS: dict[str, ModuleType] = {"Choices": choices}


def read(config: LabelConfig, result: Result) -> dict[str, Value]:
    """The typed value of each control that the result answers.

    A control without a region, or with nothing chosen in it, is absent.

    Raises:
        Skippable: a region is malformed, names no control, or holds an unknown label.
        Fatal: the label config has a control whose values cannot be compared.
    """
    kinds = {control.name: _kind(control) for control in config.controls}
    if not isinstance(result, list):
        raise Skippable(f"a result is a list of regions, not {type(result).__name__}")
    found: dict[str, Value | None] = {}
    for region in result:
        name = region.get("from_name") if isinstance(region, dict) else None
        control = config.by_name.get(name) if isinstance(name, str) else None
        if control is None:
            raise Skippable(f"a region names the control {name!r}: the label config has none such")
        if region.get("to_name") not in control.to_name:
            raise Skippable(
                f"a region of {name!r} points to {region.get('to_name')!r}, "
                f"not to {' or '.join(control.to_name)}"
            )
        if control.name in found:
            raise Skippable(f"control {name!r} is answered twice")
        found[control.name] = kinds[control.name].read(control, region)
    return {name: value for name, value in found.items() if value is not None}


def write(config: LabelConfig, values: Mapping[str, Value], score: float | None = None) -> Result:
    """A Label Studio result that holds these values, each region with the score if given.

    An empty value gives no region, as Label Studio leaves none where nothing is chosen.

    Raises:
        Skippable: a value names no control of the config, or the control cannot hold it.
        Fatal: the control's values cannot be compared, and so not be written either.
    """
    unknown = sorted(values.keys() - config.by_name.keys())
    if unknown:
        raise Skippable(
            f"a value names the control {unknown[0]!r}: the label config has "
            f"{', '.join(config.by_name)}"
        )
    return [_region(config.by_name[name], value, score) for name, value in values.items() if value]


def _region(control: Control, value: Value, score: float | None) -> dict[str, Any]:
    region: dict[str, Any] = {
        "from_name": control.name,
        "to_name": control.to_name[0],
        **_kind(control).write(control, value),
    }
    return region if score is None else region | {"score": score}


def distance(config: LabelConfig, a: Result, b: Result) -> float:
    """How far two results are apart, in [0, 1]: the mean over the config's controls.

    A control that only one of them holds counts 1, one that neither holds counts 0.

    Raises:
        Skippable: one of the results cannot be read.
        Fatal: the label config has a control whose values cannot be compared.
    """
    left, right = read(config, a), read(config, b)
    apart = [_apart(c, left.get(c.name), right.get(c.name)) for c in config.controls]
    return sum(apart) / len(apart)


def _apart(control: Control, a: Value | None, b: Value | None) -> float:
    if a is None or b is None:
        return float(a is not b)
    # Reading has made sure that the kind is known.
    return float(_KINDS[control.tag].distance(a, b))


def categories(config: LabelConfig, result: Result) -> dict[str, str]:
    """Each control's value as one nominal category, for coefficients of agreement.

    A control that is absent from the result is absent here.

    Raises:
        Skippable: the result cannot be read.
        Fatal: the label config has a control whose values cannot be compared.
    """
    found = {}
    for name, value in read(config, result).items():
        control = config.by_name[name]
        found[name] = str(_KINDS[control.tag].category(control, value))
    return found


def _kind(control: Control) -> ModuleType:
    kind = _KINDS.get(control.tag)
    obstacle = kind.obstacle(control) if kind else ""
    if kind is None or obstacle:
        what = f"{control.tag} with {obstacle}" if obstacle else control.tag
        raise Fatal(
            f"values of {what} (control {control.name!r}) cannot be compared yet: Assay "
            f"judges {', '.join(_KINDS)} of a fixed set of labels"
        )
    return kind
