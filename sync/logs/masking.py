"""The last net: what is secret or foreign does not leave by a log, whoever put it there."""

from __future__ import annotations

import math
import os
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from sync.errors import describe

MASK = "***"
#: Longest text of one field, characters; what is longer is cut.
LONGEST = 2000
#: Characters that are looked through at all, and items of a list or a table.
_LOOKED, _MOST = 20_000, 100

_SECRET = r"(?:passw(?:or)?d|secret|token|api[_-]?key|credentials?|signature)"  # noqa: S105
#: Fields of such a name are blanked, whatever they hold; `tokens=120` is none.
_NAME = re.compile(rf"(?i)(?:^|[\W_])(?:{_SECRET}|authorization|cookie)$")
_PATTERNS = tuple(
    (re.compile(pattern), found)
    for pattern, found in (
        # A header or a table as text: up to the end of its value.
        (
            rf"(?i)((?:authorization|cookie|x-[\w-]*{_SECRET})['\"]?\s*[:=]\s*)(?:'[^']*'|\"[^\"]*\"|[^,;\n]*)",
            rf"\1{MASK}",
        ),
        (rf"(?i)(['\"][\w-]*{_SECRET}['\"]\s*:\s*['\"])[^'\"]*", rf"\1{MASK}"),
        # A query of a URL, or an assignment.
        (rf"(?i)((?:{_SECRET}|\bsig)=)[^\s&;,'\"]+", rf"\1{MASK}"),
        (r"(?i)\b(basic|bearer|token)\s+[\w.+/=~-]{16,}", rf"\1 {MASK}"),
        # User and password in a URL, and tokens with a signature.
        (r"(://)(?:[^\s/'\"]*|[^\s/:'\"]*:(?!\d+/)[^\s'\"]*)@", rf"\1{MASK}@"),
        (r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?", MASK),
    )
)


def masked(value: Any) -> Any:
    """The value as a log may hold it: plain JSON without secrets.

    Objects that are no plain values are named by their kind only, since they may hold task data.
    """
    return _Masking(_pattern(tuple(_values()))).of(value)


class _Masking:
    """Looks through one value with all that is in it."""

    def __init__(self, known: re.Pattern[str] | None) -> None:
        """`known`: the secrets of this process's settings."""
        self._secrets = known

    def of(self, value: Any) -> Any:
        """Whatever it is."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value)
        if isinstance(value, str):
            return self._text(str(value))
        if isinstance(value, bytes | bytearray):
            return self._text(value.decode("utf-8", "replace"))
        if isinstance(value, BaseException):
            return self._text(describe(value))
        if isinstance(value, Mapping):
            return dict(self._item(key, one) for key, one in list(value.items())[:_MOST])
        if isinstance(value, list | tuple | set | frozenset):
            return [self.of(one) for one in list(value)[:_MOST]]
        if isinstance(value, Enum):
            return self.of(value.value)
        return (
            self._text(str(value)) if isinstance(value, date | PurePath) else type(value).__name__
        )

    def _item(self, key: Any, value: Any) -> tuple[str, Any]:
        name = self._text(str(key))
        counted = isinstance(value, int | float) or value is None
        return name, MASK if _NAME.search(name) and not counted else self.of(value)

    def _number(self, value: float) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        # A password may be a number.
        return MASK if self._known(str(value)) != str(value) else value

    def _text(self, text: str) -> str:
        text = self._known(text[:_LOOKED])
        for pattern, found in _PATTERNS:
            text = pattern.sub(found, text)
        return text if len(text) <= LONGEST else text[:LONGEST] + "…"

    def _known(self, text: str) -> str:
        return self._secrets.sub(MASK, text) if self._secrets else text


def _values() -> Iterable[str]:
    """What the environment holds that nobody may read: secrets come from there alone."""
    secret, urls = _names()
    for name, value in os.environ.items():
        if value and name.upper() in secret:
            yield value
        if name.upper() in urls:
            yield from _passwords(value)


@lru_cache(maxsize=1)
def _names() -> tuple[frozenset[str], frozenset[str]]:
    """Variables that are secret, and those whose value is a URL, which may hold a password."""
    from pydantic import SecretStr

    from sync.settings import PREFIX, Settings

    fields = Settings.model_fields
    secret = {name for name, field in fields.items() if field.annotation is SecretStr}
    urls = {name for name in fields if name.endswith("_url")}
    return _variables(PREFIX, secret), _variables(PREFIX, urls)


def _variables(prefix: str, names: Iterable[str]) -> frozenset[str]:
    return frozenset(prefix + name.upper() for name in names)


def _passwords(url: str) -> Iterable[str]:
    try:
        password = urlsplit(url).password
    except ValueError:  # whoever uses it says so
        return
    if password:
        yield password
        yield unquote(password)


@lru_cache(maxsize=4)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str] | None:
    """Whatever the values look like in texts, longest first."""
    forms = {form for value in values for form in _forms(value)}
    ordered = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(map(_bounded, ordered))) if ordered else None


def _forms(value: str) -> Iterable[str]:
    yield from (value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1])
    yield b64encode(value.encode("utf-8", "replace")).decode()


def _bounded(value: str) -> str:
    """A short value counts only as a word of its own: others hold it by chance."""
    return re.escape(value) if len(value) > 4 else rf"(?<!\w){re.escape(value)}(?!\w)"
