"""Calls to Label Studio: the SDK's authentication, our own retries.

The SDK's client repeats POST as well, which doubles what it created, waits for each piece of a
reply as long as for the whole, and parses every reply into models; so only its tokens are used.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from label_studio_sdk.client import LabelStudio as Sdk
from label_studio_sdk.core.api_error import ApiError

from sync.errors import ConfigurationError, Retriable
from sync.labelstudio.clock import date_of
from sync.labelstudio.replies import Call, Failed, Missing, Needs, detail

#: First and largest pause between two tries, and the longest that a server can ask for, seconds.
PAUSE, LONGEST_PAUSE, LONGEST_ASKED = 0.5, 8.0, 60.0

#: Told method, path, status (0: no answer) and seconds of each request.
Observer = Callable[[str, str, int, float], object]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long calls may take, in seconds, and how often they are tried."""

    connect: float = 10.0
    #: Silence in which a server works on a question: ids of 100,000 tasks take it ten or more.
    question: float = 120.0
    #: The same for a write: an import of 25,000 predictions takes it minutes.
    write: float = 300.0
    #: From the first byte that is sent to the last that comes.
    whole: float = 600.0
    tries: int = 5
    #: No try begins later than this after the first one.
    budget: float = 180.0


class Transport:
    """JSON in, JSON out; retries what may be repeated, within a budget of tries and of time."""

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        sleep: Callable[[float], object],
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is sent before the first call.

        Raises:
            ConfigurationError: the key is a personal access token that has expired, or no key.
        """
        self.url = url.rstrip("/")
        #: Told of each request; may be set at any time.
        self.observer: Observer = lambda method, path, status, seconds: None
        self._sleep, self._clock = sleep, clock
        self._patience = patience or Patience()
        #: The server's clock in its last reply, to the second; None if it did not tell.
        self.server_clock: datetime | None = None
        self._jitter = random.Random()  # noqa: S311 - spreads retries, protects nothing
        if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            # The HTTP library would quote the key in its complaint.
            raise ConfigurationError(
                "ASSAY_LABEL_STUDIO_API_KEY holds a space or a character that no key has: "
                "copy it once more"
            )
        self._client = httpx.Client(timeout=self._timeout("GET"))
        try:
            # With a slash: the SDK puts the path of the refresh beside a last part without one.
            sdk = Sdk(base_url=f"{self.url}/", api_key=api_key, httpx_client=self._client)
        except ApiError as error:
            self._client.close()
            raise ConfigurationError(
                f"Label Studio refuses ASSAY_LABEL_STUDIO_API_KEY ({detail(error.body)}): make "
                "a new one in Account & Settings"
            ) from None
        self._account = sdk._client_wrapper

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, needs: Needs = None, **params: Any) -> Any:
        """GET; repeated on failure."""
        return self.call("GET", path, params=params, repeat=True, needs=needs)

    def patch(self, path: str, body: Mapping[str, Any], needs: Needs = None) -> Any:
        """PATCH; repeated on failure, since it sets the same values again."""
        return self.call("PATCH", path, body=body, repeat=True, needs=needs)

    def post(
        self,
        path: str,
        body: Any,
        needs: Needs = None,
        *,
        silent: bool = False,
        **params: Any,
    ) -> Any:
        """POST; repeated only where the server surely did nothing the first time.

        Args:
            path: below the address of the server.
            body: what to send, as JSON.
            needs: what the reply must hold.
            silent: success may come without a body.
            params: of the address.
        """
        return self.call(
            "POST", path, params=params, body=body, repeat=False, silent=silent, needs=needs
        )

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        """DELETE; what is gone already is fine."""
        with suppress(Missing):
            self.call("DELETE", path, body=body, repeat=True, silent=True)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        repeat: bool,
        silent: bool = False,
        needs: Needs = None,
    ) -> Any:
        """One call.

        Raises:
            Missing: 404.
            Fatal: any other refusal (4xx).
            Retriable: the server is down, slow, busy or failing, or answers with something else.
        """
        began, attempt = self._clock(), 1
        while True:
            try:
                return self._once(Call(self.url, method, path), params, body, silent, needs)
            except Failed as error:
                pause = self._pause(attempt, error.after)
                late = self._clock() + pause - began > self._patience.budget
                if late or attempt == self._patience.tries or not (repeat or error.undone):
                    raise
            self._sleep(pause)
            attempt += 1

    def _pause(self, attempt: int, asked: float | None) -> float:
        """Seconds before the next try: twice as long each time, or what the server asks for."""
        own = min(PAUSE * 2.0 ** (attempt - 1), LONGEST_PAUSE) * self._jitter.uniform(0.5, 1.0)
        return max(own, min(asked or 0.0, LONGEST_ASKED))

    def _once(
        self, call: Call, params: Mapping[str, Any] | None, body: Any, silent: bool, needs: Needs
    ) -> Any:
        headers = self._headers()
        status, said, content = self._send(call, params, body, headers)
        if status == 401 and self._expire(headers):
            status, said, content = self._send(call, params, body, self._headers())
        return call.answer(status, said, content, silent=silent, needs=needs)

    def _send(
        self, call: Call, params: Mapping[str, Any] | None, body: Any, headers: Mapping[str, str]
    ) -> tuple[int, httpx.Headers, bytes]:
        began, status = self._clock(), 0
        try:
            status, said, content = self._exchange(call, params, body, headers)
            return status, said, content
        finally:
            self.observer(call.method, call.path, status, self._clock() - began)

    def _exchange(
        self, call: Call, params: Mapping[str, Any] | None, body: Any, headers: Mapping[str, str]
    ) -> tuple[int, httpx.Headers, bytes]:
        end = self._clock() + self._patience.whole
        # Not by the HTTP library, which cannot send the half of a surrogate pair.
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            with self._client.stream(
                call.method,
                f"{self.url}/{call.path}",
                params=params or None,
                content=content,
                headers=headers,
                timeout=self._timeout(call.method),
                # What is written to another address than was asked for would become a GET.
                follow_redirects=call.method == "GET",
            ) as response:
                pieces = []
                for piece in response.iter_bytes():
                    pieces.append(piece)
                    if self._clock() > end:
                        raise httpx.ReadTimeout("the reply does not end")
                self.server_clock = date_of(response.headers)
                return response.status_code, response.headers, b"".join(pieces)
        except httpx.RequestError as error:
            raise call.lost(error) from None

    def _timeout(self, method: str) -> httpx.Timeout:
        silence = self._patience.question if method == "GET" else self._patience.write
        return httpx.Timeout(silence, connect=self._patience.connect)

    def _headers(self) -> dict[str, str]:
        """What tells who we are; a personal access token is exchanged for an access token."""
        call = Call(self.url, "POST", "api/token/refresh/")
        try:
            return dict(self._account.get_headers())
        except httpx.RequestError as error:
            failed: Exception = call.lost(error)
        except ApiError as error:
            failed = call.refusal(error.status_code or 0, error.body)
        except ValueError:
            failed = call.garbled("something else")
        if isinstance(failed, Retriable):
            # What was to be sent with the token was not.
            raise Failed(str(failed), undone=True)
        raise failed

    def _expire(self, headers: Mapping[str, str]) -> bool:
        """Forget the access token that was refused; False if the key is no such token."""
        tokens = self._account._tokens_client
        if tokens._use_legacy_token:
            return False
        # Another thread may have a fresh one by now.
        if headers["Authorization"] == f"Bearer {tokens._access_token}":
            tokens._access_token = None
        return True
