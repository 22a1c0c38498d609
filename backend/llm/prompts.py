"""Prompts as versioned files."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from sync.errors import ConfigurationError

_SHIPPED = Path(__file__).parent.parent / "prompts"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_VERSION = re.compile(r"version:[ \t]*([A-Za-z0-9._-]{1,20})[ \t]*")
_PLACE = re.compile(r"\{(instructions|schema)\}")
#: Characters of a prompt file.
LARGEST = 100_000


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What the model is told before it sees a task."""

    #: Of the file, without its ending.
    name: str
    #: From the file's first line.
    version: str
    #: With the places {instructions} and {schema}.
    text: str

    @property
    def digest(self) -> str:
        """Of name, version and text, 64 hex digits."""
        whole = "\0".join((self.name, self.version, self.text))
        return hashlib.sha256(whole.encode()).hexdigest()

    def filled(self, instructions: str, schema: str) -> str:
        """The text with what belongs into its places."""
        parts = {"instructions": instructions, "schema": schema}
        return _PLACE.sub(lambda place: parts[place[1]], self.text)


def load(name: str, folder: Path) -> Prompt:
    """The prompt of that name, or in that file.

    Args:
        name: of a prompt that ships with Assay, or a path.
        folder: what a relative path starts from.

    Raises:
        ConfigurationError: there is none, or it does not begin with its version.
    """
    shipped = bool(_NAME.fullmatch(name))
    path = _SHIPPED / f"{name}.txt" if shipped else folder / Path(name).expanduser()
    try:
        whole = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(sorted(file.stem for file in _SHIPPED.glob("*.txt")))
        raise ConfigurationError(
            f"engine.llm.prompt is {name!r}, which cannot be read ({type(error).__name__}): use "
            f"one of {known}, or the path of a text file"
        ) from None
    first, _, text = whole.partition("\n")
    found = _VERSION.fullmatch(first.rstrip("\r"))
    if found is None or not text.strip() or len(whole) > LARGEST:
        raise ConfigurationError(
            f"engine.llm.prompt is {name!r}: its first line must be like 'version: 1', the prompt "
            f"must follow, and it may have {LARGEST} characters"
        )
    return Prompt(name=path.stem, version=found[1], text=text.strip())
