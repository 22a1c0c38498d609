"""Label configs as Label Studio's own SDK reads them, behind a guard against hostile XML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from label_configs.nesting import Condition, Nested, nested, relations
from sync.errors import ConfigurationError

#: Characters; the largest configs in use have some ten thousand.
LARGEST = 1_000_000

_DECLARATION = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
#: What a file begins with, whose text is no longer in any encoding.
_PROLOGUE = re.compile(r"""\A\s*<\?xml\s[^>]*encoding=["']utf-8["'][^>]*\?>""", re.IGNORECASE)
#: What a Repeater replaces by the number of the repetition.
_FLAG = re.compile(r"\{\{[^{}]*\}\}")
#: Repetitions of a control that are kept.
_REMEMBERED = 1_000
_FLAG_OR_TEXT = re.compile(rf"{_FLAG.pattern}|.", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class ObjectTag:
    """An object tag: what people look at."""

    name: str
    #: The tag, such as "Text".
    tag: str
    #: Where its content is in the task's data, such as "$text".
    value: str
    attrs: Mapping[str, str] = field(default_factory=dict)

    @property
    def field(self) -> str:
        """The key of the task's data, such as "text"."""
        return self.value.lstrip("$")

    @cached_property
    def settings(self) -> dict[str, str]:
        """The attributes by their names in lower case: Label Studio reads them in any case."""
        return {name.lower(): value for name, value in self.attrs.items()}


@dataclass(frozen=True, kw_only=True)
class Control:
    """A control tag: what people decide."""

    name: str
    #: The tag, such as "Choices".
    tag: str
    to_name: tuple[str, ...]
    #: Every value that may be chosen, as it is stored: the alias where there is one.
    labels: tuple[str, ...]
    attrs: Mapping[str, str] = field(default_factory=dict)
    #: The objects that `to_name` names, in its order.
    objects: tuple[ObjectTag, ...] = ()
    #: The way from the topmost choice to each, where choices stand inside choices.
    paths: tuple[tuple[str, ...], ...] = ()
    #: The names of a Ranker's buckets.
    buckets: tuple[str, ...] = ()
    #: All under which it is shown: its own, and those of the tags around it.
    conditions: tuple[Condition, ...] = ()

    @property
    def conditional(self) -> bool:
        """Whether it is shown only under conditions."""
        return bool(self.conditions)

    @cached_property
    def allowed(self) -> frozenset[str]:
        """The labels as a set."""
        return frozenset(self.labels)

    def attribute(self, name: str) -> str:
        """An attribute, whose name Label Studio reads in any case; empty where there is none."""
        return self._attributes.get(name.lower(), "")

    @cached_property
    def _attributes(self) -> dict[str, str]:
        return {key.lower(): value for key, value in self.attrs.items()}

    @cached_property
    def is_repeated(self) -> bool:
        """Whether a Repeater completes the name, as in "choice_{{idx}}"."""
        return bool(_FLAG.search(self.name))

    def index_of(self, name: str) -> tuple[int, ...] | None:
        """The numbers with which a Repeater completes the control's name to `name`.

        Returns:
            One number for each flag in the name, in the order of the flags; None where `name` is
            not that of a repetition of this control.
        """
        found = self._pattern.fullmatch(name)
        return None if found is None else tuple(int(number) for number in found.groups())

    def numbered(self, template: str, index: tuple[int, ...]) -> str:
        """The control's or an object's name in one repetition."""
        numbers = dict(zip(self._flags, index, strict=True))
        return _FLAG.sub(lambda flag: str(numbers.get(flag[0], flag[0])), template)

    def repetition(self, index: tuple[int, ...]) -> Control:
        """The control as it stands in one repetition, with its objects."""
        if index not in self._repetitions:
            if len(self._repetitions) > _REMEMBERED:
                self._repetitions.clear()
            self._repetitions[index] = replace(
                self,
                name=self.numbered(self.name, index),
                to_name=tuple(self.numbered(name, index) for name in self.to_name),
                objects=tuple(
                    replace(
                        shown,
                        name=self.numbered(shown.name, index),
                        value=self.numbered(shown.value, index),
                    )
                    for shown in self.objects
                ),
            )
        return self._repetitions[index]

    @cached_property
    def _repetitions(self) -> dict[tuple[int, ...], Control]:
        return {}

    @cached_property
    def _flags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_FLAG.findall(self.name)))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Another flag than Label Studio's default is one only if it stands in double braces.
        parts, seen = [], list[str]()
        for part in _FLAG_OR_TEXT.findall(self.name):
            if not _FLAG.fullmatch(part):
                parts.append(re.escape(part))
            elif part in seen:
                parts.append(f"\\{seen.index(part) + 1}")
            else:
                seen.append(part)
                parts.append("(0|[1-9][0-9]{0,8})")
        return re.compile("".join(parts))

    @cached_property
    def switched_on(self) -> frozenset[str]:
        """The attributes that are "true", in lower case: Label Studio reads them in any case."""
        return frozenset(k.lower() for k, v in self.attrs.items() if v.lower() == "true")


@dataclass(frozen=True, kw_only=True)
class LabelConfig:
    """A label config."""

    xml: str
    controls: tuple[Control, ...]
    objects: tuple[ObjectTag, ...]
    #: What each control counts in the whole, from 0 (left out) up; one that is not named counts 1.
    weights: Mapping[str, float] = field(default_factory=dict)

    def weight(self, control: str) -> float:
        """What the control counts in the whole."""
        return self.weights.get(control, 1.0)

    def control_of(self, name: str) -> Control | None:
        """The control whose regions bear the name, which a Repeater may have completed."""
        found = self.by_name.get(name)
        if found is not None and not found.is_repeated:
            return found
        repeated = (c for c in self.controls if c.is_repeated)
        return next((c for c in repeated if c.index_of(name) is not None), None)

    @cached_property
    def relations(self) -> Control | None:
        """The Relations tag, if there is one."""
        return next((control for control in self.controls if control.tag == "Relations"), None)

    @cached_property
    def by_name(self) -> dict[str, Control]:
        """The controls by their name."""
        return {control.name: control for control in self.controls}


def parse(xml: str) -> LabelConfig:
    """Read a label config.

    Raises:
        ConfigurationError: it is too large, declares a DOCTYPE or an entity, is no XML, or has
            no control tag, or one that points to no object.
    """
    if len(xml) > LARGEST:
        raise ConfigurationError(
            f"the label config has {len(xml)} characters: at most {LARGEST} are read"
        )
    # Looked for before any XML parser sees it: entities could expand without end.
    if _DECLARATION.search(xml):
        raise ConfigurationError("the label config declares a DOCTYPE or an entity: remove it")
    if "\x00" in xml:
        raise ConfigurationError("the label config holds a NUL character: remove it")
    # lxml refuses text that declares an encoding, as files do.
    xml = _PROLOGUE.sub("", xml)
    # Importing the SDK takes a second.
    from label_studio_sdk.label_interface import LabelInterface

    try:
        interface: Any = LabelInterface(xml)
        objects = {tag.name: _object(tag) for tag in interface.objects}
        inside = nested(xml)
        controls = _tracks(_control(tag, objects, inside) for tag in interface.controls)
        config = LabelConfig(
            xml=xml,
            controls=(*controls, *_relations(xml, controls, tuple(objects.values()))),
            objects=tuple(objects.values()),
        )
    except Exception as error:  # the SDK raises many kinds, some of them lxml's
        text = " ".join(str(error).split())[:200]
        raise ConfigurationError(f"the label config cannot be read: {text}") from None
    _check(config)
    return config


def _object(tag: Any) -> ObjectTag:
    return ObjectTag(
        name=tag.name, tag=tag.tag, value=str(tag.value or ""), attrs=dict(tag.attr or {})
    )


def _control(tag: Any, objects: Mapping[str, ObjectTag], inside: Mapping[str, Nested]) -> Control:
    to_name = tuple(tag.to_name or ())
    found = inside.get(tag.name, Nested())
    return Control(
        name=tag.name,
        tag=tag.tag,
        to_name=to_name,
        labels=tuple(tag.labels or ()),
        attrs=dict(tag.attr or {}),
        objects=tuple(objects[name] for name in to_name if name in objects),
        paths=found.paths,
        buckets=found.buckets,
        conditions=found.conditions,
    )


def _tracks(controls: Iterable[Control]) -> tuple[Control, ...]:
    """The controls, where those that draw tracks have the labels of the Labels on the same video.

    Label Studio keeps these labels in the regions of the VideoRectangle and stores nothing for such
    Labels themselves, so they are no controls of their own.
    """
    found = tuple(controls)
    videos = {n for control in found if control.tag == "VideoRectangle" for n in control.to_name}
    given = [c for c in found if c.tag == "Labels" and c.to_name and videos.issuperset(c.to_name)]
    return tuple(
        replace(control, labels=_labels_on(control.to_name, given))
        if control.tag == "VideoRectangle"
        else control
        for control in found
        if control not in given
    )


def _labels_on(objects: Iterable[str], controls: Iterable[Control]) -> tuple[str, ...]:
    known = set(objects)
    return tuple(label for c in controls if known.intersection(c.to_name) for label in c.labels)


def _relations(
    xml: str, controls: tuple[Control, ...], objects: tuple[ObjectTag, ...]
) -> tuple[Control, ...]:
    """The Relations tag, which the SDK leaves out; it may have a name, and points to no object."""
    found = relations(xml)
    if found is None:
        return ()
    attrs, labels = found
    name = attrs.get("name") or "relations"
    while any(name == control.name for control in controls):
        name += "_"
    return (
        Control(
            name=name, tag="Relations", to_name=(), labels=labels, attrs=attrs, objects=objects
        ),
    )


def _check(config: LabelConfig) -> None:
    if not config.controls:
        raise ConfigurationError("the label config has no control tag, such as Choices")
    known = {tag.name for tag in config.objects}
    for control in config.controls:
        lost = [name for name in control.to_name if name not in known]
        if lost:
            raise ConfigurationError(
                f"control {control.name!r} of the label config points to {lost[0]!r}: the objects "
                f"are {', '.join(sorted(known)) or 'none'}"
            )
