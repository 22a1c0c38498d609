"""Tables of a TOML file as frozen dataclasses."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

#: What a value of each plain type is called in messages.
_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def build(kind: type[T], values: Any, noun: str, path: str = "") -> T:
    """A dataclass from a table, with its defaults for what the table does not say.

    Fields may be int, float, str, bool, one of these or None, tuples of them, and dataclasses or
    tuples of dataclasses.

    Args:
        kind: the dataclass.
        values: the table.
        noun: what its keys are keys of, for messages: "policy".
        path: where the table stands, such as "gate.gold"; empty for the whole.

    Raises:
        ValueError: a key is unknown (the nearest known one is named), missing, or has a value that
            is not allowed.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{path or 'the ' + noun} is {values!r}: it must be a table")
    fields: Any = dataclasses.fields(kind)  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    known = {f.name: hints[f.name] for f in fields}
    built = {}
    for name, value in values.items():
        full = f"{path}.{name}" if path else str(name)
        if name not in known:
            raise ValueError(_unknown(full, str(name), list(known), path, noun))
        built[name] = _value(known[name], value, full, noun)
    for f in fields:
        needed = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if needed and f.name not in built:
            raise ValueError(f"{path} lacks {f.name}")
    return kind(**built)


def _value(hint: Any, value: Any, full: str, noun: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return build(hint, value, noun, full)  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        if not isinstance(value, (list, tuple)):
            tables = dataclasses.is_dataclass(inner)
            shape = f"write it as [[{full}]] tables" if tables else "it must be a list"
            raise ValueError(f"{full} is {value!r}: {shape}")
        return tuple(_value(inner, item, full, noun) for item in value)
    options = get_args(hint) or (hint,)
    if value is None and type(None) in options:
        return None
    return _plain(next(option for option in options if option is not type(None)), value, full)


def _plain(kind: Any, value: Any, full: str) -> Any:
    if kind not in _NAMES:
        return value
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{full} is {value!r}: it must be {_NAMES[kind]}")
    return value


def _unknown(full: str, name: str, known: list[str], path: str, noun: str) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    prefix = f"{path}." if path else ""
    if near:
        return f"{full} is no key of the {noun}; did you mean {prefix}{near[0]}?"
    return f"{full} is no key of the {noun}; known here are {', '.join(known)}"
