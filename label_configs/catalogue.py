"""The scenarios that are shipped: a folder each, with a label config and what goes with it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from xml.sax.saxutils import escape, quoteattr

from sync.errors import ConfigurationError
from sync.records import Json

#: Attributes of a tag; a quoted value may hold anything but its quote.
_ATTRIBUTES = r"""(?:[^>"'/]|"[^"]*"|'[^']*')*?"""
#: Characters outside XML 1.0, section 2.2.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A kind of labelling, ready to start with."""

    name: str
    #: What a project of it is called.
    title: str
    #: What is labelled, in a few words.
    summary: str
    #: Sentences to annotators.
    instructions: tuple[str, ...]
    #: What single controls count in the whole, where it is not 1.
    weights: Mapping[str, float]
    #: The label config, as XML.
    xml: str
    #: Data of three example tasks.
    tasks: tuple[Json, ...]
    #: Files for the team's own folder by their names: the policy and, if there are, rules.
    files: Mapping[str, str]

    @property
    def html(self) -> str:
        """The instructions as Label Studio shows them to annotators."""
        # Its page draws neither bullets nor the space between paragraphs.
        return "<br/>".join(f"<p>• {escape(line)}</p>" for line in self.instructions)


#: Files that a team keeps and changes.
_OWN = ("assay.toml", "rules.toml")


@cache
def names() -> tuple[str, ...]:
    """The names of the shipped scenarios: the folders that hold a label config."""
    found = files("label_configs").iterdir()
    return tuple(sorted(folder.name for folder in found if (folder / "config.xml").is_file()))


def load(name: str) -> str:
    """The label config of a shipped scenario, as XML.

    Raises:
        ConfigurationError: there is none of that name.
    """
    return _text(_folder(name) / "config.xml")


def scenario(name: str) -> Scenario:
    """A shipped scenario.

    Raises:
        ConfigurationError: there is none of that name.
    """
    folder = _folder(name)
    told = tomllib.loads(_text(folder / "scenario.toml"))
    return Scenario(
        name=name,
        title=told["title"],
        summary=told["summary"],
        instructions=tuple(told["instructions"]),
        weights=told.get("weights", {}),
        xml=load(name),
        tasks=tuple(json.loads(_text(folder / "tasks.json"))),
        files={own: _text(folder / own) for own in _OWN if (folder / own).is_file()},
    )


def _folder(name: str) -> Traversable:
    if name not in names():
        raise ConfigurationError(f"no scenario {name!r}: there are {', '.join(names())}")
    return files("label_configs") / name


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")


def with_labels(xml: str, control: str, labels: Sequence[str]) -> str:
    """The label config with these labels as the choices of a control.

    Raises:
        ConfigurationError: there is no such Choices control, or a label that XML or Label
            Studio cannot tell from others.
    """
    _check_labels(labels)
    pattern = re.compile(
        rf"""(<Choices\b{_ATTRIBUTES}\sname=(["']){re.escape(_quoted(control))}\2{_ATTRIBUTES})"""
        r"(?:\s*/>|>.*?</Choices>)",
        re.DOTALL,
    )
    items = "".join(f"\n    <Choice value={quoteattr(label)}/>" for label in labels)
    changed, count = pattern.subn(lambda found: f"{found[1]}>{items}\n  </Choices>", xml)
    if count != 1:
        raise ConfigurationError(
            f"the label config has {count} Choices named {control!r}: exactly one is needed"
        )
    return changed


def _quoted(name: str) -> str:
    """The name as it stands between the quotes of an attribute."""
    return quoteattr(name)[1:-1]


def _check_labels(labels: Sequence[str]) -> None:
    if not labels:
        raise ConfigurationError("no label is given: at least one is needed")
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ConfigurationError(f"label {twice!r} is given twice: each label must be unique")
    for label in labels:
        if not label.strip() or NOT_XML.search(label):
            raise ConfigurationError(
                f"label {label!r} is blank or has a character that XML cannot hold: rename it"
            )
