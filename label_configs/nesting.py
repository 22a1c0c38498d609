"""What stands inside the control tags of a label config, and the SDK does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element


@dataclass(frozen=True, kw_only=True)
class Condition:
    """When a tag is shown."""

    #: What `visibleWhen` says, such as "choice-selected".
    when: str
    #: The control that it looks at; empty for any.
    control: str = ""
    #: Any of these; empty for anything.
    choices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Nested:
    """What stands inside one control tag."""

    #: For each Choice the values from the topmost one down to it; an alias stands for its value.
    paths: tuple[tuple[str, ...], ...] = ()
    #: The names of its Bucket tags.
    buckets: tuple[str, ...] = ()
    #: All under which it is shown: its own, and those of the tags around it.
    conditions: tuple[Condition, ...] = ()


def nested(xml: str) -> dict[str, Nested]:
    """What stands inside each control tag, by the control's name.

    Args:
        xml: a label config that was found well-formed and without declarations.
    """
    # `parse` has refused declarations, which are what could expand without end.
    root = ElementTree.fromstring(xml)  # noqa: S314
    return {
        control.attrib["name"]: Nested(
            paths=tuple(dict.fromkeys(_paths(control))),
            buckets=tuple(tag.attrib.get("name", "") for tag in control.iter("Bucket")),
            conditions=conditions,
        )
        for control, conditions in _conditions(root)
        if "name" in control.attrib and "toName" in control.attrib
    }


def _conditions(root: Element) -> Iterator[tuple[Element, tuple[Condition, ...]]]:
    """Each tag, in the config's order, with the conditions on it and around it."""
    waiting: list[tuple[Element, tuple[Condition, ...]]] = [(root, ())]
    while waiting:
        tag, around = waiting.pop()
        told = {name.lower(): value for name, value in tag.attrib.items()}
        if when := told.get("visiblewhen"):
            condition = Condition(
                when=when,
                control=told.get("whentagname", ""),
                choices=_several(told.get("whenchoicevalue", "")),
                labels=_several(told.get("whenlabelvalue", "")),
            )
            around = (*around, condition)
        yield tag, around
        waiting.extend((child, around) for child in reversed(tag))


def _several(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _paths(control: Element) -> Iterator[tuple[str, ...]]:
    waiting: list[tuple[Element, tuple[str, ...]]] = [(control, ())]
    while waiting:
        tag, path = waiting.pop()
        if tag.tag == "Choice":
            path = (*path, tag.attrib.get("alias") or tag.attrib.get("value", ""))
            yield path
        # The last one put there is taken next, so the order is that of the config.
        waiting.extend((child, path) for child in reversed(tag))


def relations(xml: str) -> tuple[dict[str, str], tuple[str, ...]] | None:
    """The attributes of the Relations tag and the labels in it; None where there is none.

    Args:
        xml: a label config that was found well-formed and without declarations.
    """
    found = next(ElementTree.fromstring(xml).iter("Relations"), None)  # noqa: S314
    if found is None:
        return None
    labels = (tag.attrib.get("value", "") for tag in found.iter("Relation"))
    return dict(found.attrib), tuple(dict.fromkeys(labels))
