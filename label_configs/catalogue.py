"""The label configs that are shipped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from xml.sax.saxutils import quoteattr

from sync.errors import ConfigurationError


@cache
def names() -> tuple[str, ...]:
    """The names of the shipped label configs."""
    found = (item.name for item in files("label_configs").iterdir())
    return tuple(sorted(name.removesuffix(".xml") for name in found if name.endswith(".xml")))


def load(name: str) -> str:
    """The XML of a shipped label config.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if name not in names():
        raise ConfigurationError(f"no label config {name!r}: there are {', '.join(names())}")
    return (files("label_configs") / f"{name}.xml").read_text(encoding="utf-8")


def with_labels(xml: str, control: str, labels: Sequence[str]) -> str:
    """The label config with these labels as the choices of a control.

    Raises:
        ConfigurationError: there is no such Choices control.
    """
    pattern = re.compile(
        rf'(<Choices\b[^>]*\bname="{re.escape(control)}"[^>]*>)(.*?)(\s*</Choices>)', re.DOTALL
    )
    items = "".join(f"\n    <Choice value={quoteattr(label)}/>" for label in labels)
    changed, count = pattern.subn(lambda found: found[1] + items + found[3], xml)
    if count != 1:
        raise ConfigurationError(f"the label config has no Choices named {control!r}")
    return changed
