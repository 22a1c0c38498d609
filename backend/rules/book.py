"""The file in which a team writes its rules."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from backend.rules.patterns import Pattern
from backend.rules.terms import Terms
from label_configs.kinds.dynamic import lookup
from sync.errors import ConfigurationError
from sync.records import Json
from sync.tables import build

#: Bytes of a file of rules or of words.
_LARGEST = 50_000_000
#: A file, when it was changed, and its size.
Stamp = tuple[Path, int, int]
#: What a rule may look for; exactly one, or none where `when` says all.
_FINDS = ("words", "file", "pattern", "copy")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A `[[rule]]` of the file."""

    #: The control that it fills; may be left out where the label config has one that fits.
    control: str = ""
    #: The label as people choose it: a text, the path of a taxonomy as a list, a number of stars.
    label: Any = None
    #: Words or phrases, here or one a line in a text file.
    words: tuple[str, ...] = ()
    file: str = ""
    #: A regular expression, and the group that is marked; its named groups are labels if there is
    #: no `label`.
    pattern: str = ""
    group: Any = None
    #: The field of the task's data that holds the answer.
    copy: str = ""
    #: The field that is searched; by default what the control is about.
    field: str = ""
    #: Field of the task's data to the value that it must have, or a list of allowed ones.
    when: Any = None
    #: What it counts against other rules.
    weight: float = 1.0
    #: How often it was measured to be right, in (0, 1].
    score: float | None = None
    #: Whether capitals count.
    case: bool = False
    #: Whether words must begin and end where words of the text do.
    whole_words: bool = True

    def holds(self, data: Json) -> bool:
        """Whether the task is one that the rule is for."""
        return all(_is(lookup(data, name), wanted) for name, wanted in (self.when or {}).items())


@dataclass(frozen=True)
class Numbered:
    """A rule with its number, from 1, and what it looks for."""

    number: int
    rule: Rule
    finder: Terms | Pattern | None


@dataclass(frozen=True)
class Book:
    """A file of rules."""

    path: Path
    rules: tuple[Numbered, ...]
    #: Of the rules and of the files that they name.
    digest: str

    def wrong(self, number: int, problem: str) -> ConfigurationError:
        """What is wrong with a rule."""
        return ConfigurationError(f"{self.path}: rule {number}: {problem}")


def load(path: Path) -> Book:
    """The rules of a file, read again when it or one of the files that it names changes.

    Raises:
        ConfigurationError: a file cannot be read, or a rule is wrong; names the rule and the key.
    """
    tables = _tables(path, _stamp(path))
    named = [t["file"] for t in tables if isinstance(t, dict) and isinstance(t.get("file"), str)]
    return _book(path, _stamp(path), tuple(_stamp(path.parent / name) for name in named if name))


def _stamp(path: Path) -> Stamp:
    """What changes when the file does."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not one of a file"
        raise ConfigurationError(
            f"the file {path} of rules cannot be read ({reason}): name it in engine.rules.file, "
            "relative to the settings file"
        ) from None
    if found.st_size > _LARGEST:
        raise ConfigurationError(
            f"the file {path} has {found.st_size} bytes: at most {_LARGEST} are read"
        )
    return path, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _tables(path: Path, stamp: Stamp) -> list[Any]:
    try:
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    tables = whole.pop("rule", None)
    if whole or not isinstance(tables, list) or not tables:
        more = f", not {', '.join(whole)}" if whole else ""
        raise ConfigurationError(f"{path} must hold [[rule]] tables, at least one{more}")
    return tables


@lru_cache(maxsize=64)
def _book(path: Path, stamp: Stamp, files: tuple[Stamp, ...]) -> Book:
    tables = _tables(path, stamp)
    digest = hashlib.sha256(json.dumps(tables, sort_keys=True, default=str).encode())
    lists = {name: _lines(name) for name, *_ in files}
    for name, lines in lists.items():
        digest.update(f"\n{name.name}\n".encode() + "\n".join(lines).encode())
    book = Book(path, (), digest.hexdigest()[:12])
    rules = []
    for number, table in enumerate(tables, 1):
        try:
            rule = build(Rule, table, "rule")
            _check(rule)
            rules.append(Numbered(number, rule, _finder(rule, path.parent, lists)))
        except ValueError as error:
            raise book.wrong(number, str(error)) from None
    return Book(path, tuple(rules), book.digest)


def _lines(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8").splitlines())
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"the file {path} of words cannot be read: {error}") from None


def _finder(
    rule: Rule, folder: Path, lists: Mapping[Path, tuple[str, ...]]
) -> Terms | Pattern | None:
    if rule.pattern:
        unnamed = 0 if rule.label is not None else None
        group = unnamed if rule.group is None else rule.group
        try:
            return Pattern.of(rule.pattern, case=rule.case, group=group)
        except ValueError as error:
            raise ValueError(f"pattern is {rule.pattern!r}: {error}") from None
    if not (rule.words or rule.file):
        return None
    found = Terms(
        rule.words or lists[folder / rule.file], case=rule.case, whole_words=rule.whole_words
    )
    if not len(found):
        raise ValueError(f"{'words' if rule.words else 'file'} holds no word: write at least one")
    return found


def _check(rule: Rule) -> None:
    finds = [name for name in _FINDS if getattr(rule, name)]
    if len(finds) > 1:
        raise ValueError(f"it has {' and '.join(finds)}: write a rule for each")
    if not isinstance(rule.when, dict | None):
        raise ValueError(f'when is {rule.when!r}: it must be a table such as {{ locale = "de" }}')
    if not finds and not rule.when:
        raise ValueError(f"it looks for nothing: give it {', '.join(_FINDS)} or when")
    if not 0 < rule.weight < float("inf"):
        raise ValueError(f"weight is {rule.weight!r}: it must lie above 0")
    if rule.score is not None and not 0 < rule.score <= 1:
        raise ValueError(f"score is {rule.score!r}: it must lie above 0 and be at most 1")
    if rule.copy and rule.label is not None:
        raise ValueError(f"label is {rule.label!r}: leave it out where copy brings the label")
    if rule.label is None and not rule.copy and not rule.pattern:
        raise ValueError("it has no label: give it one that the label config has")
    if rule.group is not None and (not rule.pattern or type(rule.group) not in (int, str)):
        raise ValueError(f"group is {rule.group!r}: it must be the number or name of a group")


def _is(found: Any, wanted: Any) -> bool:
    allowed = wanted if isinstance(wanted, list) else [wanted]
    # To Python, true is 1.
    return any(
        isinstance(found, bool) is isinstance(value, bool) and found == value for value in allowed
    )
