"""One exchange with an OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

from sync.errors import Fatal, Retriable, Skippable
from sync.records import Json

#: Bytes of an answer.
LARGEST = 8_000_000
_CONNECT_SECONDS = 5.0
#: Answers after which the same request may work later.
_BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
#: What a vendor's error may be quoted by: a code or a parameter's name, never its text, which may
#: repeat the request.
_CODE = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")


class Busy(Retriable):
    """It may work later."""

    def __init__(self, text: str, *, wait: float | None = None, billed: bool = False) -> None:
        """Say when.

        Args:
            text: what happened.
            wait: seconds that the endpoint asks to wait; None where it does not say.
            billed: whether the request may have cost something all the same.
        """
        super().__init__(text)
        self.wait, self.billed = wait, billed


class _Key(AuthBase):
    """Sends the key, and keeps requests from sending another one of a .netrc file."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Endpoint:
    """A client of one address, which it never leaves."""

    def __init__(
        self, url: str, key: str, at_once: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing is sent before the first question; `at_once` connections are kept open."""
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=at_once)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        self._session.auth = _Key(key)
        self._clock = clock

    def ask(self, body: Json, seconds: float) -> Json:
        """The endpoint's answer to a request.

        Args:
            body: the request.
            seconds: that it may take in all.

        Raises:
            Busy: it may work later.
            Skippable: it does not take this request.
            Fatal: it takes none of ours.
        """
        until = self._clock() + seconds
        try:
            with self._session.post(
                self._url,
                json=body,
                timeout=(min(_CONNECT_SECONDS, seconds), seconds),
                stream=True,
                allow_redirects=False,
            ) as answer:
                content = self._read(answer, until)
        except requests.ConnectTimeout:
            raise Busy("the endpoint does not answer") from None
        except requests.Timeout:
            raise Busy("the endpoint timed out", billed=True) from None
        except requests.RequestException as error:
            if _never_sent(error):
                raise Busy("the endpoint does not answer") from None
            raise Busy(f"the connection failed ({type(error).__name__})", billed=True) from None
        if answer.status_code != 200:
            raise _refusal(answer, _object(content))
        found = _object(content)
        if found is None:
            raise Busy("the endpoint's answer is no JSON object", billed=True)
        return found

    def _read(self, answer: requests.Response, until: float) -> bytes:
        content = bytearray()
        # The timeout of requests is between two pieces, of which there can be any number.
        for piece in answer.iter_content(65_536):
            content += piece
            if self._clock() > until:
                raise requests.Timeout
            if len(content) > LARGEST:
                raise Skippable(f"the endpoint's answer has more than {LARGEST} bytes")
        return bytes(content)


def _never_sent(error: requests.RequestException) -> bool:
    """Whether no connection came about."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.SSLError) or isinstance(cause, NewConnectionError)


def _object(content: bytes) -> Json | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refusal(answer: requests.Response, content: Json | None) -> Exception:
    status = answer.status_code
    if status in _BUSY:
        wait = _seconds(answer.headers.get("Retry-After"))
        return Busy(f"the endpoint answered HTTP {status}", wait=wait)
    if status in (401, 403):
        return Fatal(f"the endpoint refuses the key (HTTP {status}): check ASSAY_LLM_API_KEY")
    if 300 <= status < 400:
        return Fatal(
            f"the endpoint redirects (HTTP {status}): set engine.llm.url to its final address"
        )
    if status in (404, 405):
        return Fatal(
            f"the endpoint has no such address or model (HTTP {status}): check engine.llm.url and "
            "engine.llm.model"
        )
    return Skippable(
        f"the endpoint refuses the request (HTTP {status}{_code(content)}): check "
        "engine.llm.structured, temperature and body"
    )


def _code(content: Json | None) -> str:
    """What the vendor calls the error, if it is no more than a name."""
    error: Any = (content or {}).get("error")
    if not isinstance(error, dict):
        return ""
    names = [error.get(key) for key in ("code", "param")]
    return "".join(f", {x}" for x in names if isinstance(x, str) and _CODE.fullmatch(x))


def _seconds(header: str | None) -> float | None:
    """How long `Retry-After` says to wait: seconds, or a date."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
