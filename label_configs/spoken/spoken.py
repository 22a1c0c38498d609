"""Answers to a label config as one JSON object: a property for each control, by its name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from label_configs.compare import Value, read, write
from label_configs.kinds import kind_of
from label_configs.kinds.anchors import identified
from label_configs.kinds.kind import Data, Region
from label_configs.parse import Control, LabelConfig
from label_configs.spoken import places
from label_configs.spoken.forms import Form, Scene, short, strict
from label_configs.spoken.linked import Links
from label_configs.spoken.marked import Marks, PerRegion
from label_configs.spoken.plain import NESTED_CHOICES, PLAIN
from label_configs.spoken.repeated import Several
from sync.errors import Fatal, Skippable
from sync.records import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def controls(config: LabelConfig) -> tuple[str, ...]:
    """Names of the controls whose answers can be said in text."""
    return tuple(c.name for c in config.controls if _schema(c, None) is not None)


def copied(config: LabelConfig) -> tuple[str, ...]:
    """Names of the controls whose answers `values` takes, in text or as they are stored."""
    return tuple(c.name for c in config.controls if _form(c) is not None)


def schema(config: LabelConfig, data: Data = None) -> Json:
    """JSON Schema (draft 2020-12) of an answer: null for a control that is not answered.

    Args:
        config: the label config; controls that cannot be said in text are left out.
        data: the task's data, where choices or items come from it.
    """
    found = {c.name: _schema(c, data) for c in config.controls}
    properties = {
        name: one if _must(config.by_name[name]) else {"anyOf": [one, {"type": "null"}]}
        for name, one in found.items()
        if one is not None
    }
    return {"$schema": DIALECT} | strict(properties)


def values(config: LabelConfig, answer: Mapping[str, Any], data: Data = None) -> dict[str, Value]:
    """The typed value of each control that the answer answers, as `label_configs.read` gives it.

    Raises:
        Skippable: the answer names no control, or says what the control cannot hold; the text
            names what is wrong.
    """
    if not isinstance(answer, Mapping):
        raise Skippable(f"the answer is {short(answer)}, not an object")
    known = copied(config)
    unknown = [name for name in answer if name not in known]
    if unknown:
        raise Skippable(
            f"the answer names the control {short(unknown[0])}: those that can be answered are "
            f"{', '.join(known)}"
        )
    scene = Scene(data)
    for control in sorted((config.by_name[name] for name in answer), key=_turn):
        if answer[control.name] is not None:
            _draw(control, answer[control.name], scene)
    return read(config, scene.drawn, data)


def said(config: LabelConfig, found: Mapping[str, Value], data: Data = None) -> Json:
    """The answer of which `values` makes these values.

    Raises:
        Skippable: one of them cannot be said, such as a region in a text that is not known.
    """
    result = write(config, found)
    by_control: defaultdict[str, list[Region]] = defaultdict(list)
    for region in result:
        named = region.get("from_name")
        control = config.relations if named is None else config.control_of(named)
        if control is not None:
            by_control[control.name].append(region)
    scene, answer = Scene(data, result), {}
    for name, regions in by_control.items():
        control = config.by_name[name]
        form = _form(control)
        if form is None:
            raise Skippable(f"the control {name!r} cannot be said")
        answer[name] = form.said(control, regions, scene)
    return answer


def _draw(control: Control, answer: Any, scene: Scene) -> None:
    """Add the regions of one control's answer, with their ids."""
    form = _form(control)
    names = {"from_name": control.name, "to_name": (*control.to_name, "")[0]}
    beside = {} if control.tag == "Relations" else names
    try:
        regions = [] if form is None else form.regions(control, answer, scene)
        scene.drawn[:] = identified([*scene.drawn, *(beside | region for region in regions)])
    except RecursionError:
        raise Skippable(f"control {control.name!r}: it is nested too deeply") from None
    except Skippable as error:
        raise Skippable(f"control {control.name!r}: {error}") from None


def _turn(control: Control) -> int:
    """Regions are drawn before they are spoken of, and linked at last."""
    return 2 if control.tag == "Relations" else int("perregion" in control.switched_on)


def _must(control: Control) -> bool:
    """Whether people must answer the control; one that is not always shown may be left out."""
    return "required" in control.switched_on and not control.conditional


def _schema(control: Control, data: Data) -> Json | None:
    form = _form(control)
    return None if form is None else form.schema(control, data)


def _form(control: Control) -> Form | None:
    """How answers to the control are said; None where its values cannot be compared anyway."""
    try:
        kind_of(control)
    except Fatal:
        return None
    if control.tag == "Relations":
        return Links()
    on = control.switched_on
    form = _single(control, "allownested" in on, "perregion" in on)
    form = Several(form, named=False) if "peritem" in on else form
    if not control.is_repeated:
        return form
    # A Repeater in a Repeater would make lists of lists.
    return Several(form, named=True) if control.name.count("{{") == 1 else None


def _single(control: Control, nested: bool, per_region: bool) -> Form:
    quoted = places.is_text(control)
    plain = NESTED_CHOICES if nested and control.tag == "Choices" else PLAIN.get(control.tag)
    if plain is None:
        return Marks(quoted)
    return PerRegion(plain, quoted) if per_region else plain
