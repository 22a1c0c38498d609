"""What a model is shown of a task: what people are shown, and no other field of its data."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from label_configs import Control, LabelConfig, ObjectTag, spoken, text_of
from label_configs.kinds.dynamic import lookup
from sync.errors import Skippable
from sync.records import Json

#: Object tags whose content is text or JSON in the task's data.
_TEXTS = frozenset({"Text", "HyperText", "Paragraphs"})
_LISTS = frozenset({"List", "Table", "Chat"})
#: What people see of each item of such a list; of a table, everything.
_SEEN = {"List": ("id", "title", "body", "html"), "Chat": ("role", "content")}
_IMAGE = "Image"
#: Repetitions of a Repeater that are shown.
_MOST = 1_000


def served(config: LabelConfig, images: bool) -> tuple[str, ...]:
    """Names of the controls whose answers can be said, and all of whose objects can be shown."""
    able = _TEXTS | _LISTS | ({_IMAGE} if images else frozenset())
    return tuple(
        name
        for name in spoken.controls(config)
        if all(_can_be_shown(tag, able) for tag in config.by_name[name].objects)
    )


def _can_be_shown(tag: ObjectTag, able: frozenset[str]) -> bool:
    plain = tag.settings.get("encoding", "none") == "none"
    single = tag.tag != _IMAGE or "valuelist" not in tag.settings
    from_task = tag.value.startswith("$") and tag.settings.get("valuetype") != "url"
    return tag.tag in able and plain and single and from_task


def only(config: LabelConfig, names: Sequence[str]) -> LabelConfig:
    """The label config without its other controls."""
    return replace(config, controls=tuple(c for c in config.controls if c.name in names))


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a model is shown of one task."""

    #: What each object shows, by the object's name: text, or what the task's data holds.
    content: Json
    #: Data URIs of images, each with the name of its object.
    images: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The content as JSON; half surrogate pairs, which no encoding takes, are replaced."""
        text = json.dumps(self.content, ensure_ascii=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shown(config: LabelConfig, data: Json, image: Callable[[Any], str] | None) -> Shown:
    """What is shown of a task.

    Args:
        config: the label config, with the controls that are asked for.
        data: the task's data.
        image: makes a data URI of what the data names as an image; None where none are shown.

    Raises:
        Skippable: what a control is about is not there; the text does not quote the task.
    """
    content: Json = {}
    images: list[tuple[str, str]] = []
    for tag in config.objects:
        if tag.tag == _IMAGE and image is not None and "{{" not in tag.name:
            images.append((tag.name, image(lookup(data, tag.value))))
            content[tag.name] = f"image {len(images)}"
        elif tag.tag in _TEXTS | _LISTS and tag.value.startswith("$"):
            found = _content(tag, data)
            if found is not None:
                content[tag.name] = found
    for control in config.controls:
        if control.is_repeated:
            content |= _repeated(control, data)
    asked = {name for control in config.controls for name in control.to_name}
    missing = sorted(asked - content.keys())
    if missing or not content:
        raise Skippable("the task has nothing to show for a control that is asked for")
    return Shown(content=content, images=tuple(images))


def _content(tag: ObjectTag, data: Json) -> Any:
    if tag.tag in _LISTS:
        found = lookup(data, tag.value)
        if tag.tag in _SEEN and isinstance(found, list):
            found = [_some(item, _SEEN[tag.tag]) for item in found if isinstance(item, dict)]
        return found if isinstance(found, list | dict) and found else None
    text = text_of(tag, data)
    if text is None or not text.strip():
        return None
    return _turns(tag, data) if tag.tag == "Paragraphs" else text


def _turns(tag: ObjectTag, data: Json) -> list[Any]:
    """The paragraphs of a dialogue with who speaks, without what else the data says of them."""
    keys = (tag.settings.get("namekey", "author"), tag.settings.get("textkey", "text"))
    turns = lookup(data, tag.value)
    return [_some(turn, keys) if isinstance(turn, dict) else turn for turn in turns]


def _some(item: Json, keys: Sequence[str]) -> Json:
    return {key: item[key] for key in keys if key in item}


def _repeated(control: Control, data: Json) -> dict[str, list[Any]]:
    """What the control's objects show in each repetition, by the objects' names with the flag."""
    found: dict[str, list[Any]] = {}
    for index in range(_MOST):
        if control.name.count("{{") != 1:
            break
        contents = [_content(tag, data) for tag in control.repetition((index,)).objects]
        if all(content is None for content in contents):
            break
        for tag, content in zip(control.objects, contents, strict=True):
            found.setdefault(tag.name, []).append(content)
    return found
