"""The texts that a label config shows, out of a task's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.texts.lexicon import Text
from label_configs import LabelConfig, ObjectTag
from label_configs.kinds.dynamic import lookup
from label_configs.kinds.html import document
from sync.records import Json

#: Characters of a field that are looked at.
LONGEST = 100_000
#: Turns of a dialogue that are looked at.
_TURNS = 10_000

Reader = Callable[[Any], str]


def readers(config: LabelConfig) -> dict[str, Reader]:
    """How to read each field of the data that holds text which is shown, in the config's order."""
    found: dict[str, Reader] = {}
    for shown in config.objects:
        if is_text(shown):
            found.setdefault(shown.field, _reader(shown))
    return found


def is_text(shown: ObjectTag) -> bool:
    """Whether an object shows text that is in the task's data itself."""
    inside = shown.settings.get("valuetype", "").lower() != "url"
    plain = shown.value.startswith("$") and "{{" not in shown.value
    return shown.tag in _READERS and inside and plain


def texts(data: Json, fields: Sequence[str], read: Mapping[str, Reader]) -> Text | None:
    """The text in each of the fields; None where none of them holds any."""
    found = tuple(read.get(field, plain)(lookup(data, field))[:LONGEST].strip() for field in fields)
    return found if any(found) else None


def plain(value: Any) -> str:
    """Text as it is."""
    return value if isinstance(value, str) else ""


def _reader(shown: ObjectTag) -> Reader:
    return _READERS[shown.tag](shown.settings)


def _html(_: Mapping[str, str]) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            return ""
        found = document(value[:LONGEST])
        return " ".join(found.text[at : at + length] for at, length in found.nodes.values())

    return read


def _dialogue(settings: Mapping[str, str]) -> Reader:
    keys = settings.get("namekey") or "author", settings.get("textkey") or "text"

    def read(value: Any) -> str:
        turns = value[:_TURNS] if isinstance(value, list) else []
        parts = [plain(turn.get(key)) for turn in turns if isinstance(turn, dict) for key in keys]
        return "\n".join(part for part in parts if part)

    return read


_READERS: dict[str, Callable[[Mapping[str, str]], Reader]] = {
    "HyperText": _html,
    "Paragraphs": _dialogue,
    "Text": lambda _: plain,
}
