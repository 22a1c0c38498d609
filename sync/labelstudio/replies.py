"""What a reply of Label Studio means, or that none came: a value, or an error in plain words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from sync.errors import AssayError, ConfigurationError, Fatal, Retriable

#: What a reply must be: an object with these names, a list of objects, or anything.
Needs = tuple[str, ...] | type[list[Any]] | None


class Missing(Fatal):
    """Label Studio does not have this object."""


class Failed(Retriable):
    """A try that brought no answer."""

    def __init__(self, text: str, *, after: float | None = None, undone: bool = False) -> None:
        """`after`: seconds that the server asks for; `undone`: it surely did nothing."""
        super().__init__(text)
        self.after, self.undone = after, undone


@dataclass(frozen=True)
class Call:
    """What was asked, and of whom."""

    url: str
    method: str
    path: str

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.method} {self.path}"

    def answer(
        self,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        *,
        silent: bool,
        needs: Needs = None,
    ) -> Any:
        """The value that the reply holds; None where a `silent` success has no body.

        Raises:
            Missing: Label Studio says that it has no such object.
            Failed: the server is busy or failing, or this is no answer of Label Studio.
            Fatal: any other refusal.
        """
        is_json, value = _parsed(content)
        if status == 404 and not is_json:
            # A gateway says so while the server behind it starts: nothing is known to be gone.
            raise self.garbled(f"404 and {_kind(content)}")
        if status >= 300:
            raise self.refusal(status, value, headers)
        if not content and (silent or status == 204):
            return None
        if not is_json:
            raise self.garbled(_kind(content))
        if wrong := _wrong(value, needs):
            raise self.garbled(wrong, "what belongs there")
        return value

    def garbled(self, what: str, wanted: str = "JSON") -> Failed:
        """A reply that Label Studio did not write, or not to its end."""
        return Failed(
            f"Label Studio at {self.url} answered {self} with {what} instead of {wanted}; if it "
            "goes on, see whether ASSAY_LABEL_STUDIO_URL is its address"
        )

    def lost(self, error: httpx.RequestError) -> Failed:
        """A connection that did not come about, broke or fell silent."""
        where = f"Label Studio at {self.url}"
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
            reason = str(error) or "timed out"
            return Failed(f"{where} cannot be reached: {reason}", undone=True)
        if isinstance(error, httpx.TimeoutException):
            return Failed(f"{where} did not answer {self} in time")
        return Failed(f"{where} broke off at {self} ({type(error).__name__})")

    def refusal(
        self, status: int, body: Any, headers: Mapping[str, str] | None = None
    ) -> AssayError:
        """What a status of 300 or more means."""
        reason, said = detail(body), headers or {}
        if status < 400:
            return ConfigurationError(
                f"Label Studio at {self.url} sends {self} on to {said.get('Location', 'nowhere')}: "
                "set ASSAY_LABEL_STUDIO_URL to its own address"
            )
        if status == 401:
            return ConfigurationError(
                f"Label Studio at {self.url} refuses ASSAY_LABEL_STUDIO_API_KEY ({reason}): take "
                "a personal access token from Account & Settings, or allow legacy tokens there"
            )
        if status == 404:
            return Missing(f"Label Studio has nothing at {self.path}: {reason}")
        text = f"Label Studio answered {status} to {self}: {reason}"
        if status in (408, 429) or status >= 500:
            return Failed(text, after=_after(said), undone=status == 429)
        return Fatal(text)


def detail(body: Any) -> str:
    """The reason that Label Studio gives, in one short line."""
    if isinstance(body, dict):
        body = body.get("validation_errors") or body.get("detail") or body
    text = " ".join(str(body).split())
    return "an HTML page" if text.startswith("<") else text[:300]


def _parsed(content: bytes) -> tuple[bool, Any]:
    """Whether the content is JSON, and its value, or else its text."""
    try:
        return True, json.loads(content)
    except (ValueError, RecursionError):
        return False, content.decode("utf-8", "replace")


def _wrong(value: Any, needs: Needs) -> str:
    """What is wrong with a value; empty where it is as it must be."""
    if needs is None:
        return ""
    if isinstance(needs, type):
        return "" if _objects(value, ()) else "JSON that is no list of objects"
    lacking = [name for name in needs if not isinstance(value, dict) or name not in value]
    if lacking:
        return f"JSON without {lacking[0]!r}"
    if "tasks" in needs and not _objects(value["tasks"], ("id",)):
        return "tasks without ids"
    return "" if isinstance(value, dict) else "JSON that is no object"


def _objects(value: Any, names: tuple[str, ...]) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(name in one for name in names) for one in value
    )


def _after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to be left alone."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _kind(content: bytes) -> str:
    if not content:
        return "nothing"
    return "an HTML page" if content.lstrip().startswith(b"<") else "a text that is no JSON"
