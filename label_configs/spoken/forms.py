"""What each form of a spoken answer offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from label_configs.kinds.kind import Data, Region
from label_configs.parse import Control
from sync.errors import Skippable
from sync.records import Json


@dataclass(frozen=True)
class Scene:
    """What an answer is about."""

    #: The task's data; None where it is not known.
    data: Data
    #: The regions of the controls that were answered before, with their ids.
    drawn: list[Region] = field(default_factory=list)


class Form(Protocol):
    """How the answers to a control are said."""

    def schema(self, control: Control, data: Data, /) -> Json | None:
        """JSON Schema of an answer; None where it cannot be said in text."""

    def regions(self, control: Control, said: Any, scene: Scene, /) -> list[Region]:
        """The regions that an answer makes, each with a value; whatever they hold is not checked.

        Raises:
            Skippable: the answer is of another form; the text quotes what is wrong with it.
        """

    def said(self, control: Control, regions: Sequence[Region], scene: Scene, /) -> Any:
        """The answer of which `regions` makes these regions.

        Raises:
            Skippable: they cannot be said.
        """


def short(value: object) -> str:
    """The value as an error quotes it."""
    return f"{value!r}"[:80]


def listed(said: Any, what: str) -> list[Json]:
    """The answer as a list of objects.

    Raises:
        Skippable: it is none.
    """
    found = [said] if isinstance(said, dict) else said
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Skippable(f"{short(said)} is no list of {what}")
    return found


def strict(properties: Json) -> Json:
    """Schema of an object that has these properties and no others.

    All are required, as some endpoints ask for: what may be left out may be null.
    """
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
