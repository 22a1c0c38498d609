"""What a label config tells people to do, in words."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from label_configs.nesting import Condition
from label_configs.parse import Control, LabelConfig

#: Where a control's own words stand.
_WORDS = ("title", "hint", "placeholder")


def instructions(config: LabelConfig) -> str:
    """Headers and controls in their order: what each asks for, and what its labels mean.

    One thing a line. What the task's data brings is left out, and what is neither word nor label.
    """
    # `parse` has refused declarations, which are what could expand without end.
    root = ElementTree.fromstring(config.xml)  # noqa: S314
    lines = []
    for tag in root.iter():
        if tag.tag == "Header":
            lines.append(_plain(tag.attrib.get("value", "")))
        control = config.by_name.get(tag.attrib.get("name", ""))
        if control is not None and tag.attrib.get("toName"):
            lines.append(_asked(tag, control, len(config.objects) > 1))
            lines.extend(_labels(tag, "- "))
    return "\n".join(line for line in lines if line)


def _asked(tag: Element, control: Control, among_several: bool) -> str:
    about = " and ".join(f'"{name}"' for name in control.to_name) if among_several else ""
    words = [f'Control "{control.name}" ({tag.tag}){" about " if about else ""}{about}']
    words += [_plain(tag.attrib.get(word, "")) for word in _WORDS]
    if _is_true(tag, "required"):
        words.append("must be answered")
    if _is_true(tag, "perRegion"):
        words.append("is answered for each region")
    words += [_condition(condition) for condition in control.conditions]
    return "; ".join(word for word in words if word)


def _condition(condition: Condition) -> str:
    wanted = " or ".join((*condition.choices, *condition.labels))
    if condition.when == "choice-selected":
        return f'is only asked where "{condition.control}" is {wanted or "answered"}'
    if condition.when == "choice-unselected":
        return f'is only asked where "{condition.control}" is not {wanted or "answered"}'
    return f"is only asked where a region is selected{': ' if wanted else ''}{wanted}"


def _labels(tag: Element, indent: str) -> Iterator[str]:
    for child in tag:
        value, alias = child.attrib.get("value", ""), child.attrib.get("alias", "")
        name = alias or value or child.attrib.get("name", "")
        meaning = [value if alias else "", child.attrib.get("title", "")]
        meaning.append(_plain(child.attrib.get("hint", "")))
        told = "; ".join(word for word in meaning if word)
        yield f"{indent}{name}{': ' if told else ''}{told}"
        if len(indent) < 40:
            yield from _labels(child, f"  {indent}")


def _is_true(tag: Element, name: str) -> bool:
    return tag.attrib.get(name, "").lower() == "true"


def _plain(text: str) -> str:
    """The text, if it is one and no place in the task's data."""
    return "" if text.startswith("$") else " ".join(text.split())
